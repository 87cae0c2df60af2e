// Counts that many threads change at once, each in a part of its own.
#ifndef TANDEM_THREAD_POOL_PLAIN_COUNTS_HPP
#define TANDEM_THREAD_POOL_PLAIN_COUNTS_HPP

#include <thread_pool/thread_number.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tandem::detail {

/// Of plain work: how much was ever submitted, begun and ended.
class plain_counts
{
public:
    void submitted() noexcept { count(&part::submitted); }
    void begun() noexcept { count(&part::begun); }
    void ended() noexcept { count(&part::ended); }

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
            t.ended += p.ended.load(std::memory_order_acquire);
        for (const part& p : parts_)
            t.begun += p.begun.load(std::memory_order_acquire);
        for (const part& p : parts_)
            t.submitted += p.submitted.load(std::memory_order_acquire);
        return t;
    }

private:
    struct alignas(64) part
    {
        std::atomic<std::uint64_t> submitted{0}, begun{0}, ended{0};
    };

    void count(std::atomic<std::uint64_t> part::*which) noexcept
    {
        const std::size_t number = thread_number();
        if (number < parts_.size() - 1) {
            // No other thread writes it, so this needs no locked instruction, of which three cost as much as the work's
            // way through Asio's queue.
            std::atomic<std::uint64_t>& mine = parts_[number].*which;
            mine.store(mine.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        } else {
            (parts_.back().*which).fetch_add(1, std::memory_order_release);
        }
    }

    std::array<part, 64> parts_; // the last is shared by all threads that have none of their own
};

} // namespace tandem::detail

#endif
