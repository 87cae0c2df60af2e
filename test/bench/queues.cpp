// What many tasks, or many workers, do to others on the context, and what they cost when they end without having run.
#include "scenario.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;
using asio::cancellation_type;

int sleep_for(int milliseconds)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return milliseconds;
}

// A timer of somebody else's: how late it is at most.
class other_timer
{
public:
    explicit other_timer(asio::io_context& context) : timer_(context) { wait(clock_type::now() + period); }

    double longest_delay() const { return std::chrono::duration<double>(longest_).count(); }
    void stop()
    {
        note_delay();
        is_stopped_ = true;
        timer_.cancel();
    }

private:
    static constexpr std::chrono::milliseconds period{1};

    void wait(clock_type::time_point due)
    {
        timer_.expires_at(due);
        timer_.async_wait([this](const auto&) {
            note_delay();
            if (!is_stopped_)
                wait(clock_type::now() + period);
        });
    }

    void note_delay() { longest_ = std::max(longest_, clock_type::now() - timer_.expiry()); }

    asio::steady_timer timer_;
    clock_type::duration longest_{0};
    bool is_stopped_ = false;
};

// Many tasks behind a few that keep all workers busy: how they end, and how long that takes.
struct ending_queue
{
    double longest_delay = 0; // of another timer
    double each = 0;

    explicit ending_queue(const arguments& a)
    {
        std::optional<started_pool> p(std::in_place, tandem::process_pool_options{.workers = a.workers, .stop_timeout = 0s});
        for (std::size_t i = 0; i != a.workers; ++i)
            p->pool.async_run(task<sleep_for>(60'000), [](const std::exception_ptr&, int) {});
        tandem::run_options options;
        if (a.option == "expire")
            options.queue_timeout = 1ms;
        long left = a.count;
        std::optional<other_timer> other;
        clock_type::time_point begin, end;
        const auto is_last = [&] { return --left == 0; };
        for (long i = 0; i != a.count; ++i)
            p->pool.async_run(task<nothing>(1), options, [&](const std::exception_ptr& error, int) {
                if (!error)
                    throw std::runtime_error("a task ran");
                if (!is_last())
                    return;
                end = clock_type::now();
                other->stop();
                p->context.stop();
            });
        std::this_thread::sleep_for(2ms);
        other.emplace(p->context);
        asio::post(p->context, [&] {
            begin = clock_type::now();
            if (a.option == "cancel")
                p->pool.cancel();
            else if (a.option == "shutdown")
                p->pool.async_shutdown({.mode = tandem::shutdown_mode::cancel_queued}, [](const std::exception_ptr&) {});
            else if (a.option != "expire")
                throw std::invalid_argument("expire, cancel or shutdown");
        });
        p->run();
        longest_delay = other->longest_delay();
        each = std::chrono::duration<double>(end - begin).count() / static_cast<double>(a.count);
        other.reset();
    }
};

double delay_by_ending(const arguments& a)
{
    return ending_queue(a).longest_delay;
}

double each_ending(const arguments& a)
{
    return ending_queue(a).each;
}

// How long another timer waits while workers are started.
double delay_by_starting(const arguments& a)
{
    asio::io_context context{1};
    process_pool pool(context, {.workers = a.workers});
    other_timer other(context);
    pool.async_start([&](const std::exception_ptr& error) {
        check(error);
        other.stop();
    });
    context.run();
    return other.longest_delay();
}

// Of a new pool that has a task for each worker at once.
double first_of_many(const arguments& a)
{
    const auto begin = clock_type::now();
    double first = 0;
    asio::io_context context{1};
    process_pool pool(context, {.workers = a.workers});
    for (std::size_t i = 0; i != a.workers; ++i)
        pool.async_run(task<nothing>(1), [&](const std::exception_ptr& error, int) {
            check(error);
            if (first == 0)
                first = since(begin);
        });
    context.run();
    return first;
}

// No-ops, each outstanding one with a priority of its own: the oldest first, or scattered.
double priorities(const arguments& a)
{
    started_pool p(a.workers);
    const auto count = static_cast<std::uint64_t>(a.outstanding);
    const std::uint64_t step = a.option == "scattered" ? 2'654'435'761 : count - 1; // without a divisor in common with a round number
    std::uint64_t number = 0;
    const auto submit = [&](auto handler) {
        tandem::run_options options;
        if (a.option != "plain")
            options.priority = 1 + static_cast<int>(++number * step % count);
        p.pool.async_run(task<nothing>(1), options, std::move(handler));
    };
    stream(p, a.outstanding, std::max(a.count / 10, 1L), submit);
    return stream(p, a.outstanding, a.count, submit);
}

// Queued tasks, each cancelled by a slot of its own.
double each_cancelled(const arguments& a)
{
    started_pool p(tandem::process_pool_options{.workers = a.workers, .stop_timeout = 0s});
    for (std::size_t i = 0; i != a.workers; ++i)
        p.pool.async_run(task<sleep_for>(60'000), [](const std::exception_ptr&, int) {});
    std::deque<asio::cancellation_signal> signals(static_cast<std::size_t>(a.count));
    long left = a.count;
    for (auto& signal : signals)
        p.pool.async_run(task<nothing>(1), asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&, int) {
                             if (--left == 0)
                                 p.context.stop();
                         }));
    std::vector<asio::cancellation_signal*> order;
    for (auto& signal : signals)
        order.push_back(&signal);
    if (a.option == "newest")
        std::ranges::reverse(order);
    const auto begin = clock_type::now();
    for (auto* const signal : order)
        signal->emit(cancellation_type::terminal);
    p.run();
    return since(begin) / static_cast<double>(a.count);
}

const scenario of_queues[] = {{"delay-by-ending", delay_by_ending},   {"each-ending", each_ending},
                              {"delay-by-starting", delay_by_starting}, {"first-of-many", first_of_many},
                              {"priorities", priorities},               {"each-cancelled", each_cancelled}};

} // namespace
} // namespace bench
