// Wakes a pool at its scheduler's next deadline.
#ifndef TANDEM_PROCESS_POOL_DEADLINE_TIMER_HPP
#define TANDEM_PROCESS_POOL_DEADLINE_TIMER_HPP

#include <io/loop.hpp>
#include <process_pool/pool_events.hpp>

#include <algorithm>
#include <functional>
#include <memory>

namespace tandem::detail {

class deadline_timer
{
public:
    /// `expired(now, completions)` runs as an event of the pool's.
    deadline_timer(pool_events& events, io::loop& loop, std::function<void(io::time_point, completion_batch&)> expired)
        : events_(events), timer_(loop.make_timer()), expired_(std::move(expired))
    {
    }

    /// It may wake earlier than at `next`. Where that is never and `is_busy` is false, no timer holds the context.
    void set(io::time_point next, bool is_busy)
    {
        constexpr auto never = io::time_point::max();
        if (next == never && !is_busy) {
            if (set_for_ != never)
                timer_->cancel();
            set_for_ = never;
            return;
        }
        if (next >= set_for_)
            return; // it comes too early and looks again: cheaper than setting it anew for each task
        set_for_ = io::time_point::max(); // where the wait throws
        const auto end = std::max(next, io::time_point()); // so that it can be subtracted from
        timer_->async_wait_until(end, continue_with(events_, [this](const auto& error, auto now, completion_batch& completions) {
            if (error)
                return; // it was set anew
            set_for_ = io::time_point::max();
            expired_(now, completions);
        }));
        set_for_ = next;
    }

    void cancel() noexcept
    {
        timer_->cancel();
        set_for_ = io::time_point::max();
    }

    /// The context ends, and with it what the timer is made of.
    void abandon() noexcept { timer_.reset(); }

private:
    pool_events& events_;
    std::unique_ptr<io::timer> timer_;
    io::time_point set_for_ = io::time_point::max();
    const std::function<void(io::time_point, completion_batch&)> expired_;
};

} // namespace tandem::detail

#endif
