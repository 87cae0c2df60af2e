#ifndef TANDEM_SRC_HTTP_TRANSFER_HPP
#define TANDEM_SRC_HTTP_TRANSFER_HPP

#include "http/failure.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace tandem::http {

/// One download's strand, its deadlines, and the one way to stop it: whatever it waits for is interrupted, and `check`
/// then says why. All members but `get_executor` are called on the strand.
class transfer : public std::enable_shared_from_this<transfer>
{
public:
    using clock = std::chrono::steady_clock;
    using executor_type = boost::asio::strand<boost::asio::any_io_executor>;

    explicit transfer(const boost::asio::any_io_executor& executor);

    /// On a strand that it shares.
    explicit transfer(const executor_type& strand);

    executor_type get_executor() const noexcept { return executor_; }

    /// The first reason stands.
    void stop(const boost::system::error_code& reason);
    bool stopped() const noexcept { return static_cast<bool>(reason_); }

    /// Throws `failure` if stopped.
    void check() const;

    /// Stops with `reason` unless set again or cleared within `limit`, or until `end`. No limit: see is_limit().
    void set_step_deadline(std::chrono::milliseconds limit, errc reason);
    void set_step_deadline(clock::time_point end, errc reason);
    void clear_step_deadline();
    void set_total_deadline(std::chrono::milliseconds limit);

    /// In which the strand had no turn until `now`, in all: the process was stopped, or the executor kept busy. That is
    /// nobody's idleness: a step's deadline moves by it. Less than a second at once may pass unseen.
    clock::duration lost_time(clock::time_point now);

    /// Goes on after a step's deadline, where what it was for does not matter.
    void forgive(errc reason);

    /// Waits within the step's deadline. Throws `failure` when that passes, or stopped meanwhile.
    boost::asio::awaitable<void> wait_until(clock::time_point when);

    /// Waits with no step's deadline. Throws `failure` when stopped meanwhile.
    boost::asio::awaitable<void> pause_until(clock::time_point when);

    /// Awaits what is not the operation's own time: meanwhile the time until the total deadline does not run.
    template <class Result>
    boost::asio::awaitable<Result> await_aside(boost::asio::awaitable<Result> wait)
    {
        std::optional<Result> result;
        std::exception_ptr error;
        {
            const total_pause pause(*this);
            try {
                result.emplace(co_await std::move(wait));
            } catch (...) {
                error = std::current_exception();
            }
        }
        // The timer may have run out in the pause, and what comes next need not have a deadline of its own.
        arm(clock::now());
        if (error) {
            std::rethrow_exception(error);
        }
        co_return std::move(*result);
    }

    /// The timer holds on to the context's `run()` until it is ended.
    void end();

    transfer_times times{};
    std::uint64_t sent = 0;      ///< bytes of request bodies
    clock::duration held_back{}; ///< by the client's own limit to its rate

    /// While it lives, `stop` calls `interrupt`.
    class [[nodiscard]] interrupt_scope
    {
    public:
        interrupt_scope(transfer& of, std::function<void()> interrupt)
            : of_(of), outer_(std::exchange(of.interrupt_, std::move(interrupt)))
        {
        }
        interrupt_scope(const interrupt_scope&) = delete;
        interrupt_scope& operator=(const interrupt_scope&) = delete;
        ~interrupt_scope() { of_.interrupt_ = std::move(outer_); }

    private:
        transfer& of_;
        std::function<void()> outer_;
    };

private:
    /// While it lives, the time until the total deadline does not run.
    class [[nodiscard]] total_pause
    {
    public:
        explicit total_pause(transfer& of)
            : of_(of), end_(std::exchange(of.total_, clock::time_point::max())), begin_(clock::now())
        {
        }
        total_pause(const total_pause&) = delete;
        total_pause& operator=(const total_pause&) = delete;

        /// No timer can be set here: the context may be ending.
        ~total_pause()
        {
            if (end_ != clock::time_point::max()) {
                of_.total_ = end_ + (clock::now() - begin_);
            }
        }

    private:
        transfer& of_;
        const clock::time_point end_;
        const clock::time_point begin_;
    };

    void arm(clock::time_point now);
    void on_timer();

    executor_type executor_;
    boost::asio::steady_timer timer_;
    clock::time_point armed_for_ = clock::time_point::max();
    clock::time_point step_ = clock::time_point::max();
    clock::time_point total_ = clock::time_point::max();
    clock::time_point noted_ = clock::time_point::min(); ///< no time before it is lost once more
    clock::duration lost_{};
    errc step_reason_ = errc::idle_timeout;
    bool ended_ = false;
    boost::system::error_code reason_;
    std::function<void()> interrupt_;
};

/// Adds the time of its life.
class [[nodiscard]] stopwatch
{
public:
    explicit stopwatch(transfer::clock::duration& sum) : sum_(sum), begin_(transfer::clock::now()) {}
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch() { sum_ += transfer::clock::now() - begin_; }

private:
    transfer::clock::duration& sum_;
    const transfer::clock::time_point begin_;
};

} // namespace tandem::http

#endif
