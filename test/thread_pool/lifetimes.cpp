// How a thread pool is stopped, joined and destroyed.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>

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
    BOOST_TEST(seen.calls() <= 1); // cancelled, or destroyed with its context
    BOOST_TEST(alive.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(destroyed_when_nothing_was_done)
{
    const leak_check leaks;
    for (int i = 0; i != 50; ++i)
        tandem::thread_pool{2};
}

BOOST_AUTO_TEST_SUITE_END()
