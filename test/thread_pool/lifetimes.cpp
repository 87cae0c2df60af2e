// How a thread pool is stopped, joined and destroyed.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <thread>

using namespace test;
using asio::error::operation_aborted;
using tandem::errc;
using tandem::task;

BOOST_AUTO_TEST_SUITE(lifetimes)

BOOST_AUTO_TEST_CASE(join_waits_for_all_work)
{
    threads side;
    std::vector<recording<int>> seen(100);
    for (const auto& each : seen)
        side.pool.async_run(task<add>(1, 2), each.handler());
    side.pool.join();
    for (const auto& each : seen)
        BOOST_TEST(each.calls() == 1);
    BOOST_TEST(side.pool.stats().completed == 100U);
    BOOST_TEST(side.pool.stats().queued == 0U);
}

BOOST_AUTO_TEST_CASE(statistics)
{
    threads side(1);
    gate place;
    const recording<int> running, queued;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    side.pool.async_run(task<add>(1, 2), queued.handler());
    const auto s = side.pool.stats();
    BOOST_TEST(s.threads == 1U);
    BOOST_TEST(s.running == 1U);
    BOOST_TEST(s.queued == 1U);
    BOOST_TEST(s.completed == 0U);
    place.open();
    BOOST_TEST(queued.take() == 3);
    BOOST_TEST(eventually([&] { return side.pool.stats().completed == 2; }));
}

BOOST_AUTO_TEST_CASE(stop_removes_asks_and_refuses)
{
    threads side(2);
    gate place;
    asio::thread_pool elsewhere{1};
    recording<int> running[2], queued, late;
    for (const auto& each : running)
        side.pool.async_run(task<hold>(place.path()), each.handler());
    BOOST_REQUIRE(place.wait_for_begun(2));
    side.pool.async_run(task<add>(1, 2), asio::bind_executor(elsewhere.get_executor(), queued.handler()));
    side.pool.stop();
    side.pool.async_run(task<add>(1, 2), asio::bind_executor(elsewhere.get_executor(), late.handler()));
    BOOST_TEST(failure_of(queued).code == operation_aborted);
    BOOST_TEST(failure_of(late).code == errc::pool_closed);
    for (const auto& each : running)
        BOOST_TEST(each.take() == asked_to_stop);
    side.pool.join();
}

BOOST_AUTO_TEST_CASE(destroyed_with_work_queued_and_running)
{
    const leak_check leaks;
    gate place;
    recording<int> running;
    std::vector<recording<int>> queued(20);
    {
        tandem::thread_pool pool(1);
        pool.async_run(task<hold>(place.path()), running.handler());
        BOOST_REQUIRE(place.wait_for_begun());
        for (const auto& each : queued)
            pool.async_run(task<add>(1, 2), each.handler());
    }
    BOOST_TEST(running.take() == asked_to_stop);
    for (const auto& each : queued)
        BOOST_TEST(failure_of(each).code == operation_aborted);
}

BOOST_AUTO_TEST_CASE(destroyed_with_a_coroutine_that_waits)
{
    const leak_check leaks;
    const auto alive = std::make_shared<int>();
    const recording<void> seen;
    {
        tandem::thread_pool pool(1);
        std::promise<void> begun;
        pool.async_run(
            [&begun, alive]() -> asio::awaitable<void> {
                const auto held = alive;
                begun.set_value();
                asio::steady_timer timer(co_await asio::this_coro::executor, long_time);
                co_await timer.async_wait(asio::use_awaitable);
            },
            seen.handler());
        get_soon(begun.get_future());
    }
    BOOST_TEST(failure_of(seen).code == operation_aborted);
    BOOST_TEST(alive.use_count() == 1);
}

// Each time that it is asked to stop it begins to wait again.
asio::awaitable<void> ignore_cancellation(std::promise<void>& begun)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    begun.set_value();
    asio::steady_timer timer(co_await asio::this_coro::executor, long_time);
    co_await timer.async_wait(asio::use_awaitable);
}

BOOST_AUTO_TEST_CASE(destroyed_with_a_coroutine_that_does_not_stop)
{
    const leak_check leaks;
    const auto alive = std::make_shared<int>();
    recording<void> seen, elsewhere;
    asio::thread_pool other{1};
    {
        tandem::thread_pool pool(2);
        std::promise<void> begun[2];
        pool.async_run([&begun, alive] { return ignore_cancellation(begun[0]); }, seen.handler());
        pool.async_run([&begun, alive] { return ignore_cancellation(begun[1]); },
                       asio::bind_executor(other.get_executor(), elsewhere.handler()));
        for (auto& each : begun)
            get_soon(each.get_future());
    }
    BOOST_TEST(failure_of(seen).code == operation_aborted);
    BOOST_TEST(failure_of(elsewhere).code == operation_aborted);
    BOOST_TEST(alive.use_count() == 1);
}

// It reacts in several steps, and returns something of its own.
BOOST_AUTO_TEST_CASE(a_coroutine_that_is_asked_to_stop_has_the_threads_for_what_it_still_does)
{
    for (int i = 0; i != 50; ++i) {
        tandem::thread_pool pool(2);
        const recording<int> seen;
        std::promise<void> begun;
        pool.async_run(
            [&begun]() -> asio::awaitable<int> {
                const auto executor = co_await asio::this_coro::executor;
                co_await asio::this_coro::throw_if_cancelled(false);
                begun.set_value();
                boost::system::error_code error;
                asio::steady_timer timer(executor, long_time);
                co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
                co_await asio::this_coro::reset_cancellation_state();
                for (int step = 0; step != 10; ++step) {
                    timer.expires_after(std::chrono::microseconds(100));
                    co_await timer.async_wait(asio::use_awaitable);
                }
                co_return error == operation_aborted ? 7 : 0;
            },
            seen.handler());
        get_soon(begun.get_future());
        pool.stop();
        pool.join();
        BOOST_TEST(seen.calls() == 1);
        BOOST_TEST(seen.take() == 7);
    }
}

// Asked before it has run a step, or while it begins: never lost.
BOOST_AUTO_TEST_CASE(a_coroutine_that_begins_while_the_pool_stops_is_asked_too)
{
    for (int i = 0; i != 300; ++i) {
        tandem::thread_pool pool(2);
        const recording<void> seen;
        pool.async_run(
            []() -> asio::awaitable<void> {
                asio::steady_timer timer(co_await asio::this_coro::executor, long_time);
                co_await timer.async_wait(asio::use_awaitable);
            },
            seen.handler());
        while (i % 3 != 0 && pool.stats().queued != 0)
            std::this_thread::yield();
        pool.stop();
        pool.join();
        BOOST_TEST(failure_of(seen).code == operation_aborted);
    }
}

BOOST_AUTO_TEST_CASE(what_is_submitted_after_stop_completes)
{
    threads side(1);
    recording<int> seen[2];
    recording<void> coroutine;
    side.pool.stop();
    std::this_thread::sleep_for(short_time);
    side.pool.async_run(task<add>(1, 2), seen[0].handler());
    side.pool.async_run(task<add>(1, 2), tandem::run_options{.run_timeout = long_time}, seen[1].handler());
    side.pool.async_run([]() -> asio::awaitable<void> { co_return; }, coroutine.handler());
    for (const auto& each : seen)
        BOOST_TEST(failure_of(each).code == errc::pool_closed);
    BOOST_TEST(failure_of(coroutine).code == errc::pool_closed);
}

BOOST_AUTO_TEST_CASE(join_returns_when_another_thread_stops_the_pool)
{
    threads side(2);
    asio::steady_timer others(side.pool.get_executor(), long_time); // whose handler is not run
    others.async_wait([](const boost::system::error_code&) {});
    auto joined = std::async(std::launch::async, [&] { side.pool.join(); });
    BOOST_TEST((joined.wait_for(short_time) == std::future_status::timeout));
    side.pool.stop();
    get_soon(std::move(joined));
}

BOOST_AUTO_TEST_CASE(what_a_coroutine_waits_for_may_be_destroyed)
{
    threads side(1);
    const recording<void> seen;
    {
        asio::io_context other;
        std::promise<void> begun;
        side.pool.async_run(
            [&]() -> asio::awaitable<void> {
                asio::post(side.pool.get_executor(), [&begun] { begun.set_value(); }); // on the only thread: when it waits
                co_await asio::post(other, asio::use_awaitable); // which nobody runs
            },
            seen.handler());
        get_soon(begun.get_future());
    }
    BOOST_TEST(failure_of(seen).code == operation_aborted);
    BOOST_TEST(side.pool.stats().running == 0U);
}

BOOST_AUTO_TEST_CASE(destroyed_when_nothing_was_done)
{
    const leak_check leaks;
    for (int i = 0; i != 50; ++i)
        tandem::thread_pool{2};
}

BOOST_AUTO_TEST_SUITE_END()
