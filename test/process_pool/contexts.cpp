// The pool on every kind of executor.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

using namespace test;
using tandem::task;

namespace {

int negate(int number)
{
    return -number;
}

void note(const std::string& gate_path, int number)
{
    std::ofstream(gate_path + "/notes", std::ios::app) << number << '\n';
}

void run_until_begun(asio::io_context& context, const gate& place)
{
    eventually([&] {
        context.run_one_for(std::chrono::milliseconds(1));
        return place.begun() != 0;
    });
}
void run_until_begun(asio::thread_pool&, const gate& place)
{
    place.wait_for_begun();
}

/// Knows whether it was destroyed.
struct witnessed_handler
{
    std::shared_ptr<int> calls;

    template <class... Value>
    void operator()(const std::exception_ptr&, const Value&...)
    {
        ++*calls;
    }
};

// The pool on `make_executor(context)`, whose context is destroyed before it.
template <class Context, class MakeExecutor>
void check_outliving(MakeExecutor make_executor)
{
    using executor = decltype(make_executor(std::declval<Context&>()));
    const leak_check leaks;
    asio::thread_pool other{1};
    const gate place;
    const recording<int> running;
    std::optional<tandem::basic_process_pool<executor>> pool;
    {
        Context context;
        pool.emplace(make_executor(context), tandem::process_pool_options{.workers = 1});
        pool->async_run(task<hold_stubbornly>(place.path()), running.handler());
        run_until_begun(context, place);
        BOOST_TEST(place.begun() == 1U);
        if constexpr (std::is_same_v<Context, asio::thread_pool>)
            context.stop();
    }
    BOOST_TEST(running.calls() == 0); // destroyed, as Asio does

    // There is nowhere to call these.
    const auto calls = std::make_shared<int>();
    pool->async_run(task<add>(1, 2), witnessed_handler{calls});
    pool->async_start(witnessed_handler{calls});
    pool->async_shutdown(tandem::shutdown_mode::drain, witnessed_handler{calls});
    tandem::async_map(*pool, task<negate>, std::vector{1, 2}, witnessed_handler{calls});
    BOOST_TEST(*calls == 0);
    BOOST_TEST(calls.use_count() == 1);

    // These have an executor of their own.
    BOOST_CHECK_THROW(get_soon(pool->async_run(task<add>(1, 2), asio::use_future)), tandem::task_error);
    const recording<int> sum;
    const recording<void> start, end;
    const recording<std::vector<int>> map;
    pool->async_run(task<add>(1, 2), asio::bind_executor(other, sum.handler()));
    pool->async_start(asio::bind_executor(other, start.handler()));
    pool->async_shutdown(tandem::shutdown_mode::kill, asio::bind_executor(other, end.handler()));
    tandem::async_map(*pool, task<negate>, std::vector{1, 2}, asio::bind_executor(other, map.handler()));
    BOOST_TEST(failure_of(sum).code == tandem::errc::pool_closed);
    BOOST_TEST(failure_of(start).code == tandem::errc::pool_closed);
    BOOST_TEST(failure_of(end).code == tandem::errc::pool_closed);
    BOOST_TEST(failure_of(map).code == tandem::errc::pool_closed);
    const auto code = [&]() -> asio::awaitable<boost::system::error_code> {
        try {
            co_await pool->async_run(task<add>(1, 2), asio::use_awaitable);
        } catch (const boost::system::system_error& e) {
            co_return e.code();
        }
        co_return boost::system::error_code();
    };
    BOOST_TEST(get_soon(asio::co_spawn(other, code(), asio::use_future)) == tandem::errc::pool_closed);

    pool->cancel();
    BOOST_TEST(pool->stats().workers == 0U);
    BOOST_TEST(pool->size() == 1U);
    pool.reset();
    other.join();
}

} // namespace

BOOST_AUTO_TEST_SUITE(contexts)

BOOST_AUTO_TEST_CASE(run_of_a_single_threaded_context_returns_when_the_tasks_are_done)
{
    const leak_check leaks;
    asio::io_context context{1};
    tandem::process_pool pool(context, {.workers = 2});
    for (int round = 0; round != 3; ++round) {
        std::vector<recording<int>> seen(10);
        for (const auto& each : seen)
            pool.async_run(task<add>(1, 2), each.handler());
        context.restart();
        context.run_for(long_time);
        BOOST_TEST(context.stopped());
        for (const auto& each : seen)
            BOOST_TEST(each.calls() == 1);
        BOOST_TEST(seen[0].take() == 3);
    }
    BOOST_TEST(pool.stats().workers >= 1U); // idle, and kept for the next
}

BOOST_AUTO_TEST_CASE(a_thread_pool_is_taken_for_its_executor)
{
    threads side;
    {
        tandem::process_pool pool(side.pool);
        bool is_here = false;
        recording<int> seen;
        pool.async_run(task<add>(1, 2), [&, handler = seen.handler()](std::exception_ptr error, int sum) mutable {
            is_here = side.is_here();
            handler(error, sum);
        });
        BOOST_TEST(seen.take() == 3);
        BOOST_TEST(is_here);
    }
    tandem::process_pool two(side.pool, {.workers = 2});
    BOOST_TEST(two.size() == 2U);
}

// Round trips that are short enough for both sides to look for a while before they sleep, and then a death.
BOOST_AUTO_TEST_CASE(it_returns_when_a_worker_dies_in_the_middle_of_round_trips)
{
    const leak_check leaks;
    asio::io_context context{1};
    tandem::process_pool pool(context, {.workers = 1});
    for (int i = 0; i != 10; ++i) {
        int left = 400;
        bool died = false;
        std::function<void()> next = [&] {
            if (--left == 0)
                pool.async_run(task<die>("kill"), [&](const std::exception_ptr& error, int) { died = error != nullptr; });
            else
                pool.async_run(task<add>(1, 2), [&](const std::exception_ptr& error, int sum) {
                    BOOST_TEST(!error);
                    BOOST_TEST(sum == 3);
                    next();
                });
        };
        next();
        context.restart();
        context.run_for(long_time);
        BOOST_TEST(context.stopped());
        BOOST_TEST(died);
    }
}

BOOST_AUTO_TEST_CASE(it_returns_after_starting_and_shutting_down_too)
{
    const leak_check leaks;
    asio::io_context context{1};
    tandem::process_pool pool(context.get_executor(), {.workers = 2});
    const recording<void> started, ended;
    pool.async_start(started.handler());
    context.run_for(long_time);
    started.take();
    pool.async_shutdown(tandem::shutdown_mode::drain, ended.handler());
    context.restart();
    context.run_for(long_time);
    ended.take();
    BOOST_TEST(pool.stats().workers == 0U);
}

BOOST_AUTO_TEST_CASE(on_a_strand_of_a_thread_pool)
{
    const leak_check leaks;
    asio::thread_pool context{2};
    const auto strand = asio::make_strand(context);
    tandem::basic_process_pool<std::decay_t<decltype(strand)>> pool(strand, {.workers = 2});
    std::atomic<int> inside{0};
    std::atomic<bool> overlapped{false}, elsewhere{false};
    std::vector<std::unique_ptr<recording<int>>> seen;
    for (int i = 0; i != 50; ++i) {
        seen.push_back(std::make_unique<recording<int>>([&] {
            elsewhere = elsewhere || !strand.running_in_this_thread();
            overlapped = overlapped || ++inside != 1;
            --inside;
        }));
        pool.async_run(task<add>(i, 1), seen.back()->handler());
    }
    for (int i = 0; i != 50; ++i)
        BOOST_TEST(seen[static_cast<std::size_t>(i)]->take() == i + 1);
    BOOST_TEST(!overlapped);
    BOOST_TEST(!elsewhere);
}

BOOST_AUTO_TEST_CASE(on_tandems_thread_pool)
{
    const leak_check leaks;
    tandem::thread_pool io{2};
    tandem::process_pool cpu(io.get_executor(), {.workers = 2});
    BOOST_TEST(get_soon(cpu.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(on_a_tracker)
{
    const leak_check leaks;
    asio::thread_pool context{2};
    const tracker_executor tracker(context.get_executor());
    tandem::basic_process_pool<tracker_executor> pool(tracker, {.workers = 1});
    bool on_tracker = false;
    const recording<int> seen([&] { on_tracker = runs_on_tracker(tracker.id()); });
    pool.async_run(task<add>(1, 2), seen.handler());
    BOOST_TEST(seen.take() == 3);
    BOOST_TEST(on_tracker);
}

BOOST_AUTO_TEST_CASE(an_executors_default_token)
{
    const leak_check leaks;
    using pool_type = asio::use_awaitable_t<>::as_default_on_t<tandem::process_pool>;
    asio::thread_pool context{2};
    pool_type pool(context, {.workers = 1});
    const auto three = [](pool_type& p) -> asio::awaitable<int> { co_return co_await p.async_run(task<add>(1, 2)); };
    static_assert(std::same_as<decltype(pool.async_run(task<add>(1, 2))), asio::awaitable<int>>);
    BOOST_TEST(get_soon(asio::co_spawn(context, three(pool), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(on_an_io_context_that_is_destroyed_first)
{
    check_outliving<asio::io_context>([](auto& context) { return context.get_executor(); });
    check_outliving<asio::io_context>([](auto& context) { return asio::any_io_executor(context.get_executor()); });
}

BOOST_AUTO_TEST_CASE(on_a_thread_pool_that_is_destroyed_first)
{
    check_outliving<asio::thread_pool>([](auto& context) { return context.get_executor(); });
    check_outliving<asio::thread_pool>([](auto& context) { return asio::any_io_executor(context.get_executor()); });
}

// The last copy of a strand uses what its context had.
BOOST_AUTO_TEST_CASE(on_a_strand_whose_context_is_destroyed_first)
{
    check_outliving<asio::io_context>([](auto& context) { return asio::make_strand(context); });
    check_outliving<asio::io_context>([](auto& context) { return asio::any_io_executor(asio::make_strand(context)); });
    check_outliving<asio::io_context>(
        [](auto& context) { return asio::make_strand(asio::any_io_executor(context.get_executor())); });
    check_outliving<asio::thread_pool>([](auto& context) { return asio::make_strand(context); });
    check_outliving<asio::thread_pool>([](auto& context) { return asio::any_io_executor(asio::make_strand(context)); });
}

// A shell of the pool may live longer than the pool, as long as somebody has the means to cancel a task of it.
BOOST_AUTO_TEST_CASE(on_a_strand_whose_context_is_destroyed_after_the_pool)
{
    const leak_check leaks;
    asio::cancellation_signal signal;
    const recording<int> sum;
    {
        asio::io_context context;
        tandem::process_pool pool(asio::make_strand(context), {.workers = 1});
        pool.async_run(task<add>(1, 2), asio::bind_cancellation_slot(signal.slot(), sum.handler()));
    }
    signal.emit(asio::cancellation_type::terminal);
    BOOST_TEST(sum.calls() == 0);
}

BOOST_AUTO_TEST_CASE(many_threads_use_one_pool)
{
    processes side(2);
    std::atomic<int> total{0};
    {
        std::vector<std::jthread> users;
        for (int u = 0; u != 4; ++u)
            users.emplace_back([&] {
                for (int i = 0; i != 50; ++i) {
                    total += get_soon(side.pool.async_run(task<add>(i, 1), asio::use_future));
                    static_cast<void>(side.pool.stats());
                }
            });
    }
    BOOST_TEST(total == 4 * 50 * 51 / 2);
}

BOOST_AUTO_TEST_CASE(two_pools_on_one_context)
{
    const leak_check leaks;
    asio::io_context context;
    tandem::process_pool a(context, {.workers = 1}), b(context, {.workers = 1});
    const recording<int> in_a, in_b;
    a.async_run(task<process_id>(), in_a.handler());
    b.async_run(task<process_id>(), in_b.handler());
    context.run_for(long_time);
    BOOST_TEST(in_a.take() != in_b.take());
}

BOOST_AUTO_TEST_CASE(priorities)
{
    processes side(1);
    gate place;
    const recording<int> running;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    std::vector<std::future<void>> done;
    for (const int priority : {0, 5, -5, 4})
        done.push_back(side.pool.async_run(task<note>(place.path(), priority),
                                           tandem::run_options{.priority = priority}, asio::use_future));
    place.open();
    for (auto& each : done)
        get_soon(std::move(each));
    std::vector<int> order; // of the runs; handlers of one executor's two threads may overtake one another
    std::ifstream in(place.path() + "/notes");
    for (int n = 0; in >> n;)
        order.push_back(n);
    const std::vector<int> expected{5, 4, 0, -5};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
    running.take();
}

BOOST_AUTO_TEST_SUITE_END()
