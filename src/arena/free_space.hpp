// Which parts of an arena are free, and which of these have memory. Decides only: its owner reserves and gives back.
#ifndef TANDEM_ARENA_FREE_SPACE_HPP
#define TANDEM_ARENA_FREE_SPACE_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tandem::arena {

struct block
{
    std::uint64_t position = 0;
    std::uint64_t size = 0;
};

class free_space
{
public:
    /// `all`: the arena. `kept`: how much free memory is kept warm for the next values; the rest is given
    /// back.
    free_space(block all, std::uint64_t kept);

    struct taken
    {
        std::uint64_t position;
        bool is_warm; ///< it has memory already
    };

    /// Room for `size` bytes: memory that was freed last is taken first, as it is still mapped and in the caches.
    /// Nothing where there is none in one piece; shed() may help.
    std::optional<taken> take(std::uint64_t size);

    /// Gives room back. `is_warm`: whether it has memory. Returns what is to lose its memory now.
    std::vector<block> give_back(block b, bool is_warm = true);

    /// All that is free and has memory is to lose it. What has none becomes one piece with it.
    std::vector<block> shed();

private:
    struct region
    {
        std::uint64_t size;
        std::uint64_t freed; // when; 0 where it has no memory
    };
    using regions = std::map<std::uint64_t, region>; // by position; no two neighbours are of one kind

    void insert(block b, std::uint64_t freed);
    block make_cold(regions::iterator oldest);

    regions regions_;
    const std::uint64_t kept_;
    std::uint64_t warm_ = 0; // bytes
    std::uint64_t clock_ = 0;
};

} // namespace tandem::arena

#endif
