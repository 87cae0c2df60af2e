// Work on threads.
#include "scenario.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

namespace {

// Each piece of work begins the next one.
template <class Submit>
double on_threads(const arguments& a, Submit submit)
{
    struct chain
    {
        tandem::thread_pool& pool;
        Submit& submit;
        std::atomic<long> left;
        std::atomic<long> under_way;
        std::promise<void> done;

        void next()
        {
            if (left.fetch_sub(1, std::memory_order_relaxed) > 0)
                submit(pool, [this] { next(); });
            else if (under_way.fetch_sub(1) == 1)
                done.set_value();
        }
    };
    tandem::thread_pool pool(a.workers);
    chain all{pool, submit, a.count, a.outstanding, {}};
    const auto begin = clock_type::now();
    for (long i = 0; i != a.outstanding; ++i)
        all.next();
    all.done.get_future().wait();
    const double seconds = since(begin);
    pool.join();
    return seconds / static_cast<double>(a.count);
}

double post_on_threads(const arguments& a)
{
    return on_threads(a, [](tandem::thread_pool& pool, auto next) { asio::post(pool.get_executor(), next); });
}

double run_on_threads(const arguments& a)
{
    return on_threads(a, [](tandem::thread_pool& pool, auto next) {
        pool.async_run([] {}, [next](const std::exception_ptr&) { next(); });
    });
}

// Each asks for what `option` says, by its number.
double run_with_options(const arguments& a)
{
    using namespace std::chrono_literals;
    using tandem::run_options;
    const std::string& option = a.option;
    const long size = std::max(static_cast<long>(a.size), 1L); // of what there are several
    std::atomic<long> number{0};
    const auto stream = [&](auto options_of) {
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            pool.async_run([] {}, options_of(number.fetch_add(1, std::memory_order_relaxed)),
                           [next](const std::exception_ptr&) { next(); });
        });
    };
    if (option == "none")
        return stream([](long) { return run_options{}; });
    if (option == "label") {
        constexpr run_options labelled{.label = "mine"};
        return stream([labelled](long) { return labelled; });
    }
    if (option == "run_timeout")
        return stream([](long) { return run_options{.run_timeout = 1h}; });
    if (option == "queue_timeout")
        return stream([](long) { return run_options{.queue_timeout = 1h}; });
    if (option == "both")
        return stream([](long) { return run_options{.run_timeout = 1h, .queue_timeout = 1h}; });
    if (option == "retries")
        return stream([](long) { return run_options{.retries = 3}; });
    if (option == "deadline") { // the same for all, given as the time that is left
        const auto end = std::chrono::steady_clock::now() + 1h;
        return stream([end](long) { return run_options{.run_timeout = end - std::chrono::steady_clock::now()}; });
    }
    if (option == "shrinking") // each is the earliest
        return stream([](long i) { return run_options{.run_timeout = 1h - i * 1us}; });
    if (option == "priority")
        return stream([](long) { return run_options{.priority = 1}; });
    if (option == "priorities")
        return stream([size](long i) { return run_options{.priority = static_cast<int>(1 + i * 7919 % size)}; });
    if (option == "some-priorities") // one in `size`
        return stream([size](long i) { return run_options{.priority = i % size == 0 ? 1 : 0}; });
    if (option == "once-priority")
        return stream([](long i) { return run_options{.priority = i == 0 ? 1 : 0}; });
    if (option == "low-priority") { // and never its turn
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            if (number.fetch_add(1, std::memory_order_relaxed) == 0)
                for (int i = 0; i != 100; ++i)
                    pool.async_run([] {}, run_options{.priority = -1}, [](const std::exception_ptr&) {});
            pool.async_run([] {}, [next](const std::exception_ptr&) { next(); });
        });
    }
    if (option == "slot")
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            auto signal = std::make_unique<asio::cancellation_signal>();
            const auto slot = signal->slot();
            pool.async_run([] {}, asio::bind_cancellation_slot(slot, [next, kept = std::move(signal)](
                                                                         const std::exception_ptr&) { next(); }));
        });
    if (option == "source") {
        tandem::cancellation_source source;
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            pool.async_run([] {}, tandem::cancellable(source, [next](const std::exception_ptr&) { next(); }));
        });
    }
    if (option == "token")
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            pool.async_run([](std::stop_token) {}, [next](const std::exception_ptr&) { next(); });
        });
    if (option == "throws")
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            pool.async_run([] { throw 1; }, [next](const std::exception_ptr&) { next(); });
        });
    if (option == "coroutine")
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            pool.async_run([]() -> asio::awaitable<void> { co_return; }, [next](const std::exception_ptr&) { next(); });
        });
    if (option == "coroutine-timeout")
        return on_threads(a, [&](tandem::thread_pool& pool, auto next) {
            pool.async_run([]() -> asio::awaitable<void> { co_return; }, run_options{.run_timeout = 1h},
                           [next](const std::exception_ptr&) { next(); });
        });
    throw std::runtime_error("no such option: " + option);
}

/// A pool whose threads are kept.
struct kept_pool
{
    explicit kept_pool(std::size_t threads) : pool(threads)
    {
        std::latch begun(static_cast<std::ptrdiff_t>(threads));
        for (std::size_t i = 0; i != threads; ++i)
            asio::post(pool.get_executor(), [&] {
                begun.count_down();
                may_go.wait();
            });
        begun.wait();
    }

    std::latch may_go{1};
    tandem::thread_pool pool;
};

// Each of what is queued is cancelled: seconds each.
double cancel_queued(const arguments& a)
{
    kept_pool p(a.workers);
    std::deque<asio::cancellation_signal> signals;
    for (long i = 0; i != a.count; ++i)
        p.pool.async_run([] {}, asio::bind_cancellation_slot(signals.emplace_back().slot(), [](const std::exception_ptr&) {}));
    const auto begin = clock_type::now();
    if (a.option == "newest")
        for (auto each = signals.rbegin(); each != signals.rend(); ++each)
            each->emit(asio::cancellation_type::terminal);
    else
        for (auto& each : signals)
            each.emit(asio::cancellation_type::terminal);
    const double seconds = since(begin);
    p.may_go.count_down();
    p.pool.join();
    return seconds / static_cast<double>(a.count);
}

// The longest time that stats() takes, of the pool's lock, while much that is queued goes at once; or the processor time of
// each, with "each-" before.
double end_of_queued(const arguments& a)
{
    using namespace std::chrono_literals;
    const bool is_of_each = a.option.starts_with("each-");
    const std::string what = a.option.substr(is_of_each ? 5 : 0);
    kept_pool p(a.workers);
    const auto end = clock_type::now() + 3s;
    for (long i = 0; i != a.count; ++i)
        p.pool.async_run([] {}, {.queue_timeout = what == "expire" ? end - clock_type::now() : 1h},
                         [](const std::exception_ptr&) {});
    if (what == "expire" && clock_type::now() > end)
        throw std::runtime_error("too many to be queued in time");
    std::thread other;
    const double before = cpu_seconds(RUSAGE_SELF);
    if (what == "expire")
        std::this_thread::sleep_until(end - 1ms);
    else
        other = std::thread([&] { p.pool.stop(); });
    double longest = 0;
    for (bool is_over = false; !is_over;) {
        const auto begin = clock_type::now();
        const auto stats = p.pool.stats();
        longest = std::max(longest, since(begin));
        is_over = stats.queued == 0;
        if (is_of_each)
            std::this_thread::sleep_for(10ms);
        else
            std::this_thread::sleep_for(100us);
    }
    if (other.joinable())
        other.join();
    p.may_go.count_down();
    p.pool.stop();
    p.pool.join();
    return is_of_each ? (cpu_seconds(RUSAGE_SELF) - before) / static_cast<double>(a.count) : longest;
}

// Coroutines that wait, when the pool stops: seconds each.
double stop_coroutines(const arguments& a)
{
    tandem::thread_pool pool(a.workers);
    std::atomic<long> waiting{0};
    for (long i = 0; i != a.count; ++i)
        pool.async_run(
            [&]() -> asio::awaitable<void> {
                asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
                ++waiting;
                co_await timer.async_wait(asio::use_awaitable);
            },
            [](const std::exception_ptr&) {});
    while (waiting != a.count)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto begin = clock_type::now();
    pool.stop();
    pool.join();
    return since(begin) / static_cast<double>(a.count);
}

// With calls of `size` microseconds, and options.
double map_with_options(const arguments& a)
{
    tandem::thread_pool pool(a.workers);
    tandem::map_options chosen;
    if (a.option == "label")
        chosen.run.label = "mine";
    if (a.option == "priority")
        chosen.run.priority = -1;
    if (a.option == "run_timeout")
        chosen.run.run_timeout = std::chrono::hours(1);
    if (a.option == "retries")
        chosen.run.retries = 1;
    if (a.option == "in_flight")
        chosen.in_flight = a.workers;
    double best = 1e9;
    for (int i = 0; i != 3; ++i) {
        std::vector<int> items(static_cast<std::size_t>(a.count), 7);
        const auto begin = clock_type::now();
        const auto results = tandem::async_map(
                                 pool,
                                 [size = a.size](int x) {
                                     for (const auto end = clock_type::now() + std::chrono::microseconds(size);
                                          size != 0 && clock_type::now() < end;) {
                                     }
                                     return x;
                                 },
                                 std::move(items), chosen, asio::use_future)
                                 .get();
        best = std::min(best, since(begin));
    }
    return best / static_cast<double>(a.count);
}

double map_on_threads(const arguments& a)
{
    tandem::thread_pool pool(a.workers);
    double best = 1;
    for (int i = 0; i != 5; ++i) {
        std::vector<int> items(static_cast<std::size_t>(a.count), 7);
        const auto begin = clock_type::now();
        const auto results = tandem::async_map(
                                 pool, [](int x) { return x * 2 + 1; }, std::move(items), asio::use_future)
                                 .get();
        best = std::min(best, since(begin));
        if (results.size() != static_cast<std::size_t>(a.count) || results.back() != 15)
            throw std::runtime_error("results are missing");
    }
    return best / static_cast<double>(a.count);
}

const scenario of_threads[] = {{"thread-post", post_on_threads},
                        {"thread-run", run_on_threads},
                        {"thread-options", run_with_options},
                        {"thread-cancel", cancel_queued},
                        {"thread-end", end_of_queued},
                        {"thread-coroutines", stop_coroutines},
                        {"thread-map-options", map_with_options},
                        {"thread-map", map_on_threads}};

} // namespace

} // namespace bench
