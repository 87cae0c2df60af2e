// How a scheduler ends: rung by rung.
#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(ladder)

BOOST_AUTO_TEST_CASE(each_rung_has_its_time)
{
    simulation s(1);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.shutdown({.mode = shutdown_mode::drain,
                .drain_timeout = 1s,
                .cancel_queued_timeout = 2s,
                .stop_timeout = 3s,
                .kill_timeout = 4s});
    const auto next_rung_after = [&s](std::chrono::nanoseconds limit) {
        BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == limit));
        s.pass(limit);
    };
    next_rung_after(1s);
    CHECK_ACTIONS(s, {"complete 2 aborted"});
    next_rung_after(2s);
    CHECK_ACTIONS(s, {"ask 1 to stop 1"});
    next_rung_after(3s);
    CHECK_ACTIONS(s, {"kill 1"});
    BOOST_TEST(!s.scheduler.is_overdue());
    next_rung_after(4s);
    BOOST_TEST(s.scheduler.is_overdue());
    BOOST_TEST((s.scheduler.next_deadline() == time_point::max()));
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 aborted"});
}

BOOST_AUTO_TEST_CASE(a_rung_without_limit_lasts)
{
    simulation s(1);
    s.submit(s.make());
    s.ready(1);
    s.shutdown({.mode = shutdown_mode::cancel_queued});
    s.take();
    BOOST_TEST((s.scheduler.next_deadline() == time_point::max()));
    s.pass(1h);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(a_later_call_goes_on_but_never_back)
{
    simulation s(1);
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.shutdown({.mode = shutdown_mode::drain});
    CHECK_ACTIONS(s, {});
    s.shutdown({.mode = shutdown_mode::stop});
    CHECK_ACTIONS(s, {"ask 1 to stop 1"});
    s.shutdown({.mode = shutdown_mode::drain});
    s.take();
    s.pass(5s); // the rung is still stop
    CHECK_ACTIONS(s, {"kill 1"});
    s.shutdown({.mode = shutdown_mode::kill});
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(a_rung_ends_also_while_there_is_no_worker)
{
    simulation s(1);
    task& t = s.make(0s, 0s, 1);
    options_of(t).retry_delay = 1h;
    s.submit(t);
    s.ready(1);
    s.gone(1);
    s.take();
    s.shutdown({.mode = shutdown_mode::drain, .drain_timeout = 1s});
    BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == 1s));
    s.pass(1s);
    CHECK_ACTIONS(s, {"complete 1 aborted"});
}

BOOST_AUTO_TEST_CASE(workers_whose_tasks_are_all_taken_back_retire)
{
    for (const auto mode : {shutdown_mode::cancel_queued, shutdown_mode::stop}) {
        simulation s(1);
        s.slow_to_begin = true;
        s.submit(s.make());
        s.ready(1);
        s.take();
        s.shutdown({.mode = mode});
        CHECK_ACTIONS(s, {"complete 1 aborted", "retire 1"});
    }
}

BOOST_AUTO_TEST_CASE(stop_asks_whatever_may_be_running)
{
    detail::cost_estimate cost;
    cost.add(1us);
    simulation s(1);
    for (int i = 0; i != 3; ++i) {
        task& t = s.make();
        t.cost = &cost;
        s.submit(t);
    }
    s.ready(1);
    BOOST_REQUIRE(s.begin_next(1)); // the first one's result is under way
    s.take();
    s.shutdown({.mode = shutdown_mode::stop});
    CHECK_ACTIONS(s, {"complete 3 aborted", "ask 1 to stop 1", "ask 1 to stop 2"});
}

BOOST_AUTO_TEST_CASE(workers_that_are_starting_retire_when_they_are_ready_or_are_killed)
{
    for (const auto mode : {shutdown_mode::drain, shutdown_mode::cancel_queued, shutdown_mode::stop}) {
        simulation s(1);
        s.start_all();
        s.shutdown({.mode = mode});
        s.ready(1);
        CHECK_ACTIONS(s, {"start 1", "retire 1"});
    }
    simulation s(1);
    s.start_all();
    s.shutdown({.mode = shutdown_mode::kill});
    CHECK_ACTIONS(s, {"start 1", "kill 1"});
    s.ready(1); // was under way
    CHECK_ACTIONS(s, {});
    s.gone(1);
    BOOST_TEST(s.scheduler.workers() == 0u);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
