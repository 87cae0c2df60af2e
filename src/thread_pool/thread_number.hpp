// A small number for each thread that lives.
#ifndef TANDEM_THREAD_POOL_THREAD_NUMBER_HPP
#define TANDEM_THREAD_POOL_THREAD_NUMBER_HPP

#include <cstddef>

namespace tandem::detail {

/// Of this thread: no other one has it at the same time, and what a thread that had it before wrote has been written.
/// The lowest that is free, so they are below the number of threads that there ever were at once.
std::size_t thread_number();

} // namespace tandem::detail

#endif
