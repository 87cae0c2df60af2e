// Buffers that grew for a large message give its memory back.
#ifndef TANDEM_EMPTY_BUFFER_HPP
#define TANDEM_EMPTY_BUFFER_HPP

#include <cstddef>
#include <vector>

namespace tandem::detail {

/// Bytes of memory that an empty buffer keeps: enough for batches.
inline constexpr std::size_t most_kept = std::size_t{1} << 20;

/// Empties it, and frees its memory where that is more than most_kept. `buffer = {}` frees none: that assigns an empty list.
template <class T>
void empty_buffer(std::vector<T>& buffer) noexcept
{
    if (buffer.capacity() * sizeof(T) > most_kept)
        std::vector<T>().swap(buffer);
    else
        buffer.clear();
}

} // namespace tandem::detail

#endif
