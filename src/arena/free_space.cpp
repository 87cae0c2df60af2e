#include <arena/free_space.hpp>

#include <algorithm>
#include <iterator>

namespace tandem::arena {

free_space::free_space(block all, std::uint64_t kept) : kept_(kept)
{
    if (all.size != 0)
        regions_.emplace(all.position, region{all.size, 0});
}

std::optional<free_space::taken> free_space::take(std::uint64_t size)
{
    auto best = regions_.end();
    for (auto it = regions_.begin(); it != regions_.end(); ++it)
        if (it->second.size >= size && (best == regions_.end() || it->second.freed > best->second.freed))
            best = it;
    if (best == regions_.end())
        return std::nullopt;
    const auto [position, found] = *best;
    if (found.size != size)
        regions_.emplace(position + size, region{found.size - size, found.freed}); // first: it may throw
    regions_.erase(best);
    const bool is_warm = found.freed != 0;
    if (is_warm)
        warm_ -= size;
    return taken{position, is_warm};
}

std::vector<block> free_space::give_back(block b, bool is_warm)
{
    insert(b, is_warm ? ++clock_ : 0);
    if (is_warm)
        warm_ += b.size;
    std::vector<block> to_lose;
    while (warm_ > kept_) {
        const auto age = [](const auto& entry) {
            return entry.second.freed != 0 ? entry.second.freed : ~std::uint64_t{0};
        };
        to_lose.push_back(make_cold(std::ranges::min_element(regions_, {}, age)));
    }
    return to_lose;
}

std::vector<block> free_space::shed()
{
    std::vector<block> to_lose;
    for (;;) {
        const auto it = std::ranges::find_if(regions_, [](const auto& entry) { return entry.second.freed != 0; });
        if (it == regions_.end())
            return to_lose;
        to_lose.push_back(make_cold(it));
    }
}

block free_space::make_cold(regions::iterator oldest)
{
    const block b{oldest->first, oldest->second.size};
    regions_.erase(oldest);
    warm_ -= b.size;
    insert(b, 0);
    return b;
}

// Joins it with its neighbours of the same kind.
void free_space::insert(block b, std::uint64_t freed)
{
    auto next = regions_.lower_bound(b.position);
    const auto joins = [freed](const region& r) { return (r.freed != 0) == (freed != 0); };
    if (next != regions_.end() && b.position + b.size == next->first && joins(next->second)) {
        b.size += next->second.size;
        next = regions_.erase(next);
    }
    if (next != regions_.begin()) {
        const auto before = std::prev(next);
        if (before->first + before->second.size == b.position && joins(before->second)) {
            before->second.size += b.size;
            before->second.freed = freed;
            return;
        }
    }
    regions_.emplace(b.position, region{b.size, freed});
}

} // namespace tandem::arena
