// run_timeout with a grace period: asked first, killed then.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::task;

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(who_stops_when_asked_keeps_its_worker)
{
    processes side(1);
    const gate place;
    const int before = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    const failure f = fails(side.pool, task<hold>(place.path()), {.run_timeout = 50ms, .grace_period = long_time});
    BOOST_TEST(f.code == errc::run_timeout);
    BOOST_TEST(f.says("asked to stop"), f.what);
    BOOST_TEST((f.report.run_time >= 50ms));
    BOOST_TEST(get_soon(side.pool.async_run(task<process_id>(), asio::use_future)) == before);
}

BOOST_AUTO_TEST_CASE(who_does_not_is_killed_when_the_grace_is_over)
{
    processes side(1);
    const gate place;
    const int before = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    const auto start = std::chrono::steady_clock::now();
    const failure f =
        fails(side.pool, task<hold_stubbornly>(place.path()), {.run_timeout = 50ms, .grace_period = 150ms});
    BOOST_TEST(f.code == errc::run_timeout);
    BOOST_TEST(f.report.signal.value_or(0) == 9);
    BOOST_TEST((std::chrono::steady_clock::now() - start >= 200ms));
    BOOST_TEST(get_soon(side.pool.async_run(task<process_id>(), asio::use_future)) != before);
}

BOOST_AUTO_TEST_CASE(without_grace_nobody_is_asked)
{
    processes side(1);
    const gate place;
    const failure f = fails(side.pool, task<hold>(place.path()), {.run_timeout = 50ms});
    BOOST_TEST(f.code == errc::run_timeout);
    BOOST_TEST(f.report.signal.value_or(0) == 9);
}

BOOST_AUTO_TEST_CASE(the_two_deadlines_have_errors_of_their_own)
{
    processes side(1);
    const gate place;
    const recording<int> held;
    side.pool.async_run(task<hold>(place.path()), held.handler());
    const tandem::run_options both{.run_timeout = long_time, .queue_timeout = 50ms};
    BOOST_TEST(fails(side.pool, task<add>(1, 2), both).code == errc::queue_timeout);
    place.open();
    BOOST_TEST(held.take() == gate_opened);
}

BOOST_AUTO_TEST_SUITE_END()
