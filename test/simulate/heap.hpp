// What is allocated, counted.
#ifndef TANDEM_TEST_SIMULATE_HEAP_HPP
#define TANDEM_TEST_SIMULATE_HEAP_HPP

#include <cstddef>

namespace simulate::heap {

/// Allocations that were not freed yet, by operator new.
std::size_t blocks() noexcept;

/// Their bytes.
std::size_t bytes() noexcept;

} // namespace simulate::heap

#endif
