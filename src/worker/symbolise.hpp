// Names and source lines for addresses of code.
#ifndef TANDEM_WORKER_SYMBOLISE_HPP
#define TANDEM_WORKER_SYMBOLISE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tandem::worker {

/// A line for each of the program's own functions, the innermost first: neither for what the C and C++ libraries do between a
/// failure and its signal, nor for what calls a task. Whole lines of `room` bytes in all. Reads the program's debug
/// information, so it allocates, locks and takes its time.
std::string symbolise(std::span<const std::uintptr_t> addresses, std::size_t room);

} // namespace tandem::worker

#endif
