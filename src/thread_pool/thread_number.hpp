// A small number for each thread that lives.
#ifndef TANDEM_THREAD_POOL_THREAD_NUMBER_HPP
#define TANDEM_THREAD_POOL_THREAD_NUMBER_HPP

#include <cstddef>
#include <cstdint>

namespace tandem::detail {

inline constexpr std::size_t no_thread_number = SIZE_MAX;
inline constinit thread_local std::size_t known_thread_number = no_thread_number;

std::size_t take_thread_number();

/// Of this thread: no other one has it at the same time, and what a thread that had it before wrote has been written.
/// The lowest that is free, so they are below the number of threads that there ever were at once.
/// While a thread ends, and has given its number back, this is a number of nobody's, above all.
inline std::size_t thread_number()
{
    return known_thread_number != no_thread_number ? known_thread_number : take_thread_number();
}

} // namespace tandem::detail

#endif
