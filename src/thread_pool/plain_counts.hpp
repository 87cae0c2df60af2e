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
    struct alignas(64) part
    {
        std::atomic<std::uint64_t> submitted{0}, begun{0}, ended{0};
    };

public:
    /// Those of one thread.
    class own
    {
    public:
        void submitted() noexcept { count(part_->submitted); }
        void begun() noexcept { count(part_->begun); }
        void ended() noexcept { count(part_->ended); }

    private:
        friend plain_counts;
        own(part& p, bool is_shared) noexcept : part_(&p), is_shared_(is_shared) {}

        void count(std::atomic<std::uint64_t>& number) noexcept
        {
            // No other thread writes it, so this needs no locked instruction, of which three cost as much as the work's
            // way through Asio's queue.
            if (!is_shared_)
                number.store(number.load(std::memory_order_relaxed) + 1, std::memory_order_release);
            else
                number.fetch_add(1, std::memory_order_release);
        }

        part* part_;
        bool is_shared_;
    };

    own of_this_thread() noexcept
    {
        const std::size_t number = thread_number();
        const bool is_shared = number >= parts_.size() - 1;
        return {is_shared ? parts_.back() : parts_[number], is_shared};
    }
    void submitted() noexcept { of_this_thread().submitted(); }
    void begun() noexcept { of_this_thread().begun(); }
    void ended() noexcept { of_this_thread().ended(); }

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
    std::array<part, 64> parts_; // the last is shared by all threads that have none of their own
};

} // namespace tandem::detail

#endif
