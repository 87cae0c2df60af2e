#include <arena/arena.hpp>

#include <exception>

namespace tandem::arena {

std::optional<block> arena::take(std::size_t size)
{
    if (size > memory_.size())
        return std::nullopt;
    const std::uint64_t rounded = (size + granule - 1) / granule * granule;
    if (const auto b = try_take(rounded))
        return b;
    for (const block& b : space_.shed())
        memory_.give_back(b);
    return try_take(rounded);
}

std::optional<block> arena::try_take(std::uint64_t size)
{
    const auto found = space_.take(size);
    if (!found)
        return std::nullopt;
    const block b{found->position, size};
    if (found->is_warm || memory_.reserve(b))
        return b;
    space_.give_back(b, false);
    return std::nullopt;
}

void arena::give_back(block b, bool is_warm) noexcept
{
    try {
        for (const block& lost : space_.give_back(b, is_warm))
            memory_.give_back(lost);
    } catch (const std::exception&) { // nothing can be noted: of the block, its addresses alone are lost
        memory_.give_back(b);
    }
}

} // namespace tandem::arena
