// Whose code is on a stack: this program's symbols, read from its file, those without linkage as well.
#ifndef TANDEM_TEST_FAILURES_FRAMES_HPP
#define TANDEM_TEST_FAILURES_FRAMES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace frames {

/// To be called first, when nothing is counted yet.
void load_symbols();

/// Whether it is tandem's code that called: of the frames from the innermost on, the first that is tandem's or the test's
/// own decides. Code of the standard library's and of Asio's that tandem's types were put into is tandem's.
bool is_under_ours(std::span<const std::uintptr_t> stack);

/// Whether one of the frames' functions has `text` in its name.
bool mentions(std::span<const std::uintptr_t> stack, const char* text);

/// The names of tandem's functions in it and of what they call, the innermost first.
std::string describe(std::span<const std::uintptr_t> stack);

/// The return addresses of whoever calls; as many as there are and fit. Does not allocate.
std::size_t walk(std::span<std::uintptr_t> stack) noexcept;

} // namespace frames

#endif
