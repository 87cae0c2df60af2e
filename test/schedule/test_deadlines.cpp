#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(deadlines_of_tasks)

BOOST_AUTO_TEST_CASE(run_timeout_counts_from_the_start_and_kills)
{
    simulation s(1);
    s.submit(s.make(2s));
    s.pass(5s); // the worker takes its time
    s.ready(1);
    s.take();
    BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == 2s));
    s.pass(1999ms);
    CHECK_ACTIONS(s, {});
    s.pass(1ms);
    CHECK_ACTIONS(s, {"kill 1"});
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 run_timeout"});
    BOOST_TEST((s.scheduler.next_deadline() == time_point::max()));
}

BOOST_AUTO_TEST_CASE(run_timeout_is_retried_from_its_new_start)
{
    simulation s(1);
    s.submit(s.make(1s, 0s, 1));
    s.ready(1);
    s.pass(1s);
    s.gone(1);
    CHECK_ACTIONS(s, {"start 1", "send 1 to 1", "kill 1", "retry 1 after run_timeout", "start 2"});
    s.pass(5s);
    s.ready(2);
    s.pass(1s);
    s.gone(2);
    CHECK_ACTIONS(s, {"send 1 to 2", "kill 2", "complete 1 run_timeout"});
}

BOOST_AUTO_TEST_CASE(deadlines_of_one_moment_pass_in_the_order_of_ids_wherever_the_tasks_lie)
{
    simulation s(1);
    for (const std::uint64_t id : {3U, 1U, 4U, 2U}) {
        task& t = s.make(0s, 1s);
        t.id = id;
        s.submit(t);
    }
    s.take();
    s.pass(1s);
    CHECK_ACTIONS(s, {"complete 1 queue_timeout", "complete 2 queue_timeout", "complete 3 queue_timeout",
                      "complete 4 queue_timeout"});
}

BOOST_AUTO_TEST_CASE(a_result_just_before_the_kill_is_the_result)
{
    simulation s(1);
    s.submit(s.make(1s));
    s.ready(1);
    s.take();
    s.pass(999ms);
    s.finished(1);
    s.pass(1h);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(queue_timeout_removes_a_waiting_task_only)
{
    simulation s(1);
    s.submit(s.make(0s, 1s));
    s.submit(s.make(0s, 1s));
    s.ready(1);
    s.take();
    s.pass(1s);
    CHECK_ACTIONS(s, {"complete 2 queue_timeout"});
    s.pass(1h);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(run_timeout_counts_from_the_true_begin)
{
    simulation s(1);
    s.slow_to_begin = true;
    s.submit(s.make(1s));
    s.ready(1);
    s.take();
    s.pass(600ms);
    BOOST_REQUIRE(s.begin(1));
    s.pass(400ms); // a second since it was sent
    CHECK_ACTIONS(s, {});
    BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == 600ms));
    s.pass(600ms);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(run_timeout_does_not_count_before_the_begin)
{
    simulation s(1);
    s.slow_to_begin = true;
    s.submit(s.make(1s));
    s.ready(1);
    s.take();
    for (int i = 0; i != 10; ++i) {
        s.pass(900ms);
        BOOST_TEST((s.scheduler.next_deadline() > s.clock.now()));
    }
    CHECK_ACTIONS(s, {});
    BOOST_REQUIRE(s.begin(1));
    s.pass(1s);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(queue_timeout_lasts_until_the_true_begin_and_is_in_time_whatever_the_run_timeout)
{
    for (const auto run_timeout : {0ms, 300ms, 700ms, 2000ms}) {
        simulation s(1);
        s.slow_to_begin = true;
        s.submit(s.make(run_timeout, 1s));
        s.ready(1);
        s.take();
        const auto end = s.clock.now() + 1s;
        while (s.clock.now() < end) {
            CHECK_ACTIONS(s, {});
            BOOST_REQUIRE((s.scheduler.next_deadline() > s.clock.now() && s.scheduler.next_deadline() <= end));
            s.pass(s.scheduler.next_deadline() - s.clock.now());
        }
        CHECK_ACTIONS(s, {"complete 1 queue_timeout"});
        BOOST_TEST(s.scheduler.idle_workers() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_task_that_returns_in_its_grace_period_spares_its_worker)
{
    simulation s(1);
    task& t = s.make(1s);
    options_of(t).grace_period = 2s;
    s.submit(t);
    s.ready(1);
    s.take();
    s.pass(1s);
    CHECK_ACTIONS(s, {"ask 1 to stop 1"});
    s.pass(1999ms);
    BOOST_TEST(!s.finished(1));
    CHECK_ACTIONS(s, {"complete 1 run_timeout"});
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 2 to 1"});
    BOOST_TEST((s.scheduler.next_deadline() == time_point::max()));
}

BOOST_AUTO_TEST_CASE(after_the_grace_period_the_worker_is_killed)
{
    simulation s(1);
    task& t = s.make(1s);
    options_of(t).grace_period = 2s;
    s.submit(t);
    s.ready(1);
    s.pass(1s);
    s.take();
    s.pass(2s);
    CHECK_ACTIONS(s, {"kill 1"});
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 run_timeout"});
}

BOOST_AUTO_TEST_CASE(what_killed_the_worker_first_is_the_cause)
{
    simulation s(1);
    s.submit(s.make(1s));
    s.ready(1);
    s.take();
    s.blame(1);
    s.pass(1s);
    s.gone(1);
    CHECK_ACTIONS(s, {"kill 1", "complete 1 worker_died"});
}

BOOST_AUTO_TEST_CASE(limits_beyond_the_clock_are_no_limits)
{
    simulation s(1);
    s.submit(s.make(std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max()));
    s.ready(1);
    BOOST_TEST((s.scheduler.next_deadline() == time_point::max()));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
