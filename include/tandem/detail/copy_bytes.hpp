// Copies of bytes without the slow case of some processors.
#ifndef TANDEM_DETAIL_COPY_BYTES_HPP
#define TANDEM_DETAIL_COPY_BYTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tandem::detail {

/// As many bytes are copied quickly anyway.
inline constexpr std::size_t quick_size = 2048;

/// Calls copy(begin, size) for pieces, of whole units, that each are copied quickly; mostly for one piece, the whole.
/// From 2 KiB on, glibc has the processor copy by one instruction. Zen 3 takes 16 times as long for it where, modulo the page's
/// size, the destination lies 1 to 31 bytes ahead of the source: as between a mapping and a large allocation of malloc's,
/// which begins 16 bytes into a page.
template <class Copy>
void copy_in_pieces(const void* destination, const void* source, std::size_t size, Copy copy, std::size_t unit = 1)
{
    constexpr std::size_t page = 4096, slow_distance = 32;
    const auto ahead = (reinterpret_cast<std::uintptr_t>(destination) - reinterpret_cast<std::uintptr_t>(source)) % page;
    if (size <= quick_size || ahead == 0 || ahead >= slow_distance) {
        copy(std::size_t{0}, size);
        return;
    }
    const std::size_t piece = std::max<std::size_t>(quick_size / unit, 1) * unit;
    for (std::size_t begin = 0; begin < size; begin += piece)
        copy(begin, std::min(piece, size - begin));
}

inline void copy_bytes(void* destination, const void* source, std::size_t size) noexcept
{
    if (size == 0)
        return; // there may be no memory at all
    copy_in_pieces(destination, source, size, [=](std::size_t begin, std::size_t piece) {
        std::memcpy(static_cast<std::byte*>(destination) + begin, static_cast<const std::byte*>(source) + begin, piece);
    });
}

/// Room for so many bytes in all, and where it grows for as many again: it is seldom copied.
inline void reserve_ahead(std::vector<std::byte>& out, std::size_t needed)
{
    if (needed > out.capacity())
        out.reserve(std::max(2 * out.capacity(), needed));
}

/// To the end of a vector of bytes, which are not filled before.
inline void append_bytes(std::vector<std::byte>& out, const void* source, std::size_t size)
{
    const auto* const bytes = static_cast<const std::byte*>(source);
    reserve_ahead(out, out.size() + size); // here: the pieces depend on where it lies
    copy_in_pieces(out.data() + out.size(), bytes, size, [&out, bytes](std::size_t begin, std::size_t piece) {
        out.insert(out.end(), bytes + begin, bytes + begin + piece);
    });
}

} // namespace tandem::detail

#endif
