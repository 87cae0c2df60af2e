// Gives out parts of shared memory. Keeps what was freed last warm: its pages are there, mapped, and in the caches.
#ifndef TANDEM_ARENA_ARENA_HPP
#define TANDEM_ARENA_ARENA_HPP

#include <arena/free_space.hpp>
#include <arena/shared_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace tandem::arena {

/// Blocks are multiples of it: of every page size that Linux has in use.
inline constexpr std::uint64_t granule = 64 * 1024;

/// Free memory that an arena keeps, in bytes: eight values of 8 MiB. The rest is given back to the system.
inline constexpr std::uint64_t kept_memory = 64 << 20;

class arena
{
public:
    /// On all of `memory` from `begin` on, a multiple of granule. `memory` lives longer.
    explicit arena(const shared_memory& memory, std::uint64_t begin = 0)
        : memory_(memory), space_({begin, memory.size() - begin}, kept_memory)
    {
    }

    /// Room of `size` bytes at least, with its memory. Nothing where there is no room or no memory.
    std::optional<block> take(std::size_t size);

    /// `is_warm`: whether it still has its memory.
    void give_back(block b, bool is_warm = true) noexcept;

private:
    std::optional<block> try_take(std::uint64_t size);

    const shared_memory& memory_;
    free_space space_;
};

} // namespace tandem::arena

#endif
