#include "http/transfer.hpp"

#include "http/time_limit.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

/// While a step has a deadline the timer fires once in a beat. One that is so late had no turn.
constexpr std::chrono::seconds beat(1);
constexpr std::chrono::milliseconds late(500);

} // namespace
transfer::transfer(const asio::any_io_executor& executor) : executor_(asio::make_strand(executor)), timer_(executor_) {}

transfer::transfer(const executor_type& strand) : executor_(strand), timer_(executor_) {}

void transfer::stop(const boost::system::error_code& reason)
{
    // A step's deadline may be forgiven: who stops for good meanwhile must not be forgotten with it.
    const bool for_good = reason == errc::total_timeout || reason == asio::error::operation_aborted;
    if (ended_ ||
        (reason_ && (!for_good || reason_ == errc::total_timeout || reason_ == asio::error::operation_aborted))) {
        return;
    }
    reason_ = reason;
    if (const std::function<void()> interrupt = interrupt_) {
        interrupt(); // a copy: what ends within the call ends its scope too
    }
}

void transfer::check() const
{
    if (reason_) {
        throw failure(reason_);
    }
}

void transfer::set_step_deadline(std::chrono::milliseconds limit, errc reason)
{
    set_step_deadline(deadline(limit, clock::now()), reason);
}

void transfer::set_step_deadline(clock::time_point end, errc reason)
{
    const clock::time_point now = clock::now();
    lost_time(now);
    step_ = end;
    step_reason_ = reason;
    arm(now);
}

void transfer::clear_step_deadline()
{
    step_ = clock::time_point::max();
}

void transfer::set_total_deadline(std::chrono::milliseconds limit)
{
    const clock::time_point now = clock::now();
    total_ = deadline(limit, now);
    arm(now);
}

transfer::clock::duration transfer::lost_time(clock::time_point now)
{
    const clock::time_point expected = std::max(armed_for_, noted_);
    if (armed_for_ != clock::time_point::max() && now - expected >= late) {
        const clock::duration lost = now - expected;
        lost_ += lost;
        noted_ = now;
        if (step_ != clock::time_point::max()) {
            step_ = std::max(step_ + lost, now + beat); // what came meanwhile waits to be read
        }
    }
    return lost_;
}

void transfer::forgive(errc reason)
{
    if (reason_ == reason) {
        reason_.clear();
    }
}

asio::awaitable<void> transfer::pause_until(clock::time_point when)
{
    clear_step_deadline();
    arm(clock::now());
    return wait_until(when);
}

asio::awaitable<void> transfer::wait_until(clock::time_point when)
{
    check();
    asio::steady_timer pause(executor_, when);
    interrupt_scope scope(*this, [&pause] { pause.cancel(); });
    boost::system::error_code cancelled;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    check();
}

void transfer::end()
{
    ended_ = true;
    timer_.cancel();
}

void transfer::arm(clock::time_point now)
{
    // Deadlines mostly move away, with every byte received: the timer is then left to fire once and look again.
    const clock::time_point next =
        std::min(total_, step_ == clock::time_point::max() ? step_ : std::min(step_, now + beat));
    if (next >= armed_for_ || ended_) {
        return;
    }
    armed_for_ = next;
    timer_.expires_at(next);
    timer_.async_wait(asio::bind_executor(executor_, [self = shared_from_this()](boost::system::error_code error) {
        if (!error) {
            self->on_timer();
        }
    }));
}

void transfer::on_timer()
{
    const clock::time_point now = clock::now();
    // Set again while this call was on its way.
    if (now < armed_for_) {
        return;
    }
    lost_time(now);
    armed_for_ = clock::time_point::max();
    if (now >= total_) {
        total_ = clock::time_point::max();
        stop(errc::total_timeout);
    } else if (now >= step_) {
        step_ = clock::time_point::max();
        stop(step_reason_);
    }
    arm(now);
}

} // namespace tandem::http
