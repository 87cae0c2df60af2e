// What is allocated, counted, and refused where a test wants that.
#ifndef TANDEM_TEST_SIMULATE_HEAP_HPP
#define TANDEM_TEST_SIMULATE_HEAP_HPP

#include <cstddef>

namespace simulate::heap {

/// Allocations that were not freed yet, by operator new.
std::size_t blocks() noexcept;

/// Their bytes.
std::size_t bytes() noexcept;

/// The allocation after `count` more fails, once. None does under a sanitizer.
void fail_after(std::size_t count) noexcept;

} // namespace simulate::heap

#endif
