#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(cancelling)

BOOST_AUTO_TEST_CASE(every_type_removes_a_waiting_task)
{
    for (const auto how : {cancellation::total, cancellation::partial, cancellation::terminal}) {
        simulation s(1);
        s.submit(s.make());
        task& second = s.make();
        s.submit(second);
        s.ready(1);
        s.take();
        s.cancel(second, how);
        CHECK_ACTIONS(s, {"complete 2 aborted"});
        s.finished(1);
        CHECK_ACTIONS(s, {});
    }
}

BOOST_AUTO_TEST_CASE(a_task_that_waits_for_its_worker_to_start_is_waiting)
{
    simulation s(1);
    task& t = s.make();
    s.submit(t);
    s.take();
    s.cancel(t, cancellation::total);
    CHECK_ACTIONS(s, {"complete 1 aborted"});
    s.ready(1);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(total_leaves_a_running_task_alone)
{
    simulation s(1);
    task& t = s.make();
    s.submit(t);
    s.ready(1);
    s.take();
    s.cancel(t, cancellation::total);
    CHECK_ACTIONS(s, {});
    BOOST_TEST(s.scheduler.running() == 1u);
}

BOOST_AUTO_TEST_CASE(total_leaves_a_task_alone_that_has_run_and_waits_for_its_retry)
{
    for (const auto delay : {0s, 1s}) {
        simulation s(1);
        task& t = s.make(0s, 0s, 1);
        options_of(t).retry_delay = delay;
        s.submit(t);
        s.ready(1);
        s.gone(1);
        s.take();
        s.cancel(t, cancellation::total);
        s.pass(1s);
        s.ready(2);
        s.take();
        s.cancel(t, cancellation::total);
        s.finished(2);
        CHECK_ACTIONS(s, {});
        BOOST_TEST(t.attempts == 2u);
    }
}

BOOST_AUTO_TEST_CASE(partial_asks_a_running_task_to_stop)
{
    simulation s(1);
    task& t = s.make();
    s.submit(t);
    s.ready(1);
    s.take();
    s.cancel(t, cancellation::partial);
    CHECK_ACTIONS(s, {"ask 1 to stop 1"});
    s.finished(1);
    BOOST_TEST(s.scheduler.running() == 0u);
}

BOOST_AUTO_TEST_CASE(a_task_asked_to_stop_is_not_run_again)
{
    simulation s(1);
    task& t = s.make(0s, 0s, 3);
    s.submit(t);
    s.ready(1);
    s.cancel(t, cancellation::partial);
    s.take();
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 worker_died"});
}

BOOST_AUTO_TEST_CASE(terminal_kills_and_completes_when_the_worker_is_gone)
{
    simulation s(1);
    task& t = s.make(0s, 0s, 3); // retries are for accidents
    s.submit(t);
    s.ready(1);
    s.take();
    s.cancel(t, cancellation::terminal);
    s.cancel(t, cancellation::terminal);
    CHECK_ACTIONS(s, {"kill 1"});
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 aborted"});
}

BOOST_AUTO_TEST_CASE(a_result_that_crosses_the_kill_counts)
{
    simulation s(1);
    task& t = s.make();
    s.submit(t);
    s.ready(1);
    s.take();
    s.cancel(t, cancellation::terminal);
    s.finished(1);
    s.submit(s.make());
    CHECK_ACTIONS(s, {"kill 1"}); // and nothing is sent to a worker that is being killed
    s.gone(1);
    CHECK_ACTIONS(s, {"start 2"});
}

BOOST_AUTO_TEST_CASE(cancelling_a_completed_task_does_nothing)
{
    simulation s(1);
    task& t = s.make();
    s.submit(t);
    s.ready(1);
    s.finished(1);
    s.take();
    s.cancel(t, cancellation::terminal);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(cancel_all_takes_what_waits_and_kills_what_runs)
{
    simulation s(1);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.cancel_all();
    CHECK_ACTIONS(s, {"complete 2 aborted", "kill 1"});
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 aborted"});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
