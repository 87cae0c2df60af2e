// Tries again after a while where stderr is full.
#ifndef TANDEM_PROCESS_POOL_OUTPUT_RETRY_HPP
#define TANDEM_PROCESS_POOL_OUTPUT_RETRY_HPP

#include <io/loop.hpp>
#include <process_pool/pool_events.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace tandem::detail {

/// Under the pool's lock, but for is_set(). A timer, and not a wait for room: not everything that stderr may be can be waited for.
class output_retry
{
public:
    /// What the pool does after each event writes what is left.
    output_retry(pool_events& events, io::loop& loop) : events_(events), loop_(loop), timer_(loop.make_timer()) {}

    /// Something is left. `written`: bytes so far. Where the pool `is_busy`, the context goes on anyway; else it is held
    /// as long as stderr takes something, and `patience` more.
    void set(std::uint64_t written, bool is_busy)
    {
        if (is_set_)
            return;
        const auto now = loop_.now();
        if (written != written_ || is_busy) {
            if (written != written_)
                pause_ = shortest;
            written_ = written;
            held_until_ = now + patience;
        } else if (now >= held_until_) {
            return;
        }
        timer_->async_wait_until(now + pause_, continue_with(events_, [this](const auto&, auto, completion_batch&) {
            is_set_ = false;
        }));
        is_set_ = true;
        pause_ = std::min(2 * pause_, longest);
    }

    /// It is full, and not to be tried before the timer's event.
    bool is_set() const noexcept { return is_set_; }

    /// The pool is closed.
    void abandon() noexcept
    {
        timer_.reset();
        is_set_ = false;
    }

    static constexpr std::chrono::milliseconds patience{1000};

private:
    // With a reader that is quick, a pipe is empty after the shortest one.
    static constexpr std::chrono::milliseconds shortest{1}, longest{100};

    pool_events& events_;
    io::loop& loop_;
    std::unique_ptr<io::timer> timer_;
    std::atomic<bool> is_set_ = false;
    std::uint64_t written_ = std::uint64_t(-1); // nothing is known yet
    std::chrono::milliseconds pause_ = shortest;
    io::time_point held_until_{};
};

} // namespace tandem::detail

#endif
