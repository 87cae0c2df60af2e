// Counts that many threads change at once, each in a part of its own.
#ifndef TANDEM_THREAD_POOL_PLAIN_COUNTS_HPP
#define TANDEM_THREAD_POOL_PLAIN_COUNTS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tandem::detail {

/// Of plain work: how much was ever submitted, begun and ended.
class plain_counts
{
public:
    void submitted() noexcept { mine().submitted.fetch_add(1); }
    void begun() noexcept { mine().begun.fetch_add(1, std::memory_order_relaxed); }
    void ended() noexcept { mine().ended.fetch_add(1); }

    struct totals
    {
        std::uint64_t submitted = 0, begun = 0, ended = 0;
    };

    /// What ended is not more than what was begun, and that not more than what was submitted: they are read in that
    /// order.
    totals read() const noexcept
    {
        totals t;
        for (const part& p : parts_)
            t.ended += p.ended.load();
        for (const part& p : parts_)
            t.begun += p.begun.load();
        for (const part& p : parts_)
            t.submitted += p.submitted.load();
        return t;
    }

private:
    struct alignas(64) part
    {
        std::atomic<std::uint64_t> submitted{0}, begun{0}, ended{0};
    };

    part& mine() noexcept
    {
        static std::atomic<std::size_t> threads{0};
        thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
        return parts_[number % parts_.size()];
    }

    std::array<part, 16> parts_;
};

} // namespace tandem::detail

#endif
