#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(retries)

BOOST_AUTO_TEST_CASE(only_the_causes_that_are_named_are_retried)
{
    for (const auto named : {retry_cause::worker_died, retry_cause::run_timeout, retry_cause::any})
        for (const auto happens : {retry_cause::worker_died, retry_cause::run_timeout}) {
            simulation s(1);
            task& t = s.make(1s, 0s, 1);
            options_of(t).retry_on = named;
            s.submit(t);
            s.ready(1);
            s.take();
            if (happens == retry_cause::run_timeout)
                s.pass(1s);
            s.take();
            s.gone(1);
            const std::string why = happens == retry_cause::run_timeout ? "run_timeout" : "worker_died";
            if (named == happens || named == retry_cause::any)
                CHECK_ACTIONS(s, {"retry 1 after " + why, "start 2"});
            else
                CHECK_ACTIONS(s, {"complete 1 " + why});
        }
}

BOOST_AUTO_TEST_CASE(the_delay_is_doubled_to_64_times)
{
    simulation s(1);
    task& t = s.make(0s, 0s, 10);
    options_of(t).retry_delay = 1s;
    s.submit(t);
    worker_id id = 1;
    for (const auto delay : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 64s, 64s, 64s}) {
        s.ready(id);
        s.take();
        s.gone(id);
        CHECK_ACTIONS(s, {"retry 1 after worker_died"});
        BOOST_TEST(s.scheduler.queued() == 1u);
        BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == delay));
        s.pass(delay - 1ns);
        CHECK_ACTIONS(s, {});
        s.pass(1ns);
        CHECK_ACTIONS(s, {"start " + std::to_string(++id)});
    }
    s.ready(id);
    s.take();
    s.gone(id);
    CHECK_ACTIONS(s, {"complete 1 worker_died"});
    BOOST_TEST(t.attempts == 11u);
    BOOST_TEST(s.runs[1] == 11u);
}

BOOST_AUTO_TEST_CASE(a_delay_beyond_the_clock_lasts_until_the_task_is_cancelled)
{
    for (const auto delay : {std::chrono::nanoseconds::max(), std::chrono::nanoseconds::max() / 2}) {
        simulation s(1);
        task& t = s.make(0s, 0s, 5);
        options_of(t).retry_delay = delay;
        t.attempts = 3;
        s.submit(t);
        s.ready(1);
        s.gone(1);
        s.take();
        BOOST_TEST((s.scheduler.next_deadline() == time_point::max()));
        s.cancel(t, cancellation::partial);
        CHECK_ACTIONS(s, {"complete 1 aborted"});
        BOOST_TEST(s.scheduler.queued() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_retried_task_is_alone_with_its_worker)
{
    detail::cost_estimate cost;
    cost.add(1us);
    simulation s(1);
    for (int i = 0; i != 2; ++i) {
        task& t = s.make(0s, 0s, 1);
        t.cost = &cost;
        s.submit(t);
    }
    s.ready(1);
    s.gone(1);
    s.take();
    s.ready(2);
    CHECK_ACTIONS(s, {"send 1 to 2"});
    s.finished(2);
    CHECK_ACTIONS(s, {"send 2 to 2"});
}

BOOST_AUTO_TEST_CASE(a_retried_task_has_no_queue_timeout)
{
    simulation s(1);
    s.submit(s.make(0s, 1s, 1));
    s.ready(1);
    s.gone(1);
    s.take();
    s.pass(9s);
    CHECK_ACTIONS(s, {});
    s.ready(2);
    CHECK_ACTIONS(s, {"send 1 to 2"});
}

BOOST_AUTO_TEST_CASE(what_is_sent_but_not_begun_when_the_worker_dies_was_no_attempt)
{
    simulation s(1);
    s.slow_to_begin = true;
    task& t = s.make();
    s.submit(t);
    s.ready(1);
    s.take();
    s.gone(1);
    s.pass(10ms);
    CHECK_ACTIONS(s, {"start 2"});
    BOOST_TEST(t.attempts == 0u);
}

BOOST_AUTO_TEST_CASE(a_terminal_cancellation_in_the_grace_period_ends_the_retries)
{
    simulation s(1);
    task& t = s.make(1s, 0s, 5);
    options_of(t).grace_period = 1s;
    s.submit(t);
    s.ready(1);
    s.pass(1s);
    s.cancel(t, cancellation::terminal);
    s.take();
    BOOST_TEST(!s.finished(1)); // crosses the kill
    CHECK_ACTIONS(s, {"complete 1 aborted"});
}

BOOST_AUTO_TEST_CASE(delayed_retries_are_finished_by_drain_and_removed_by_all_else)
{
    for (const auto mode :
         {shutdown_mode::drain, shutdown_mode::cancel_queued, shutdown_mode::stop, shutdown_mode::kill}) {
        simulation s(1);
        task& t = s.make(0s, 0s, 1);
        options_of(t).retry_delay = 1s;
        s.submit(t);
        s.ready(1);
        s.gone(1);
        s.take();
        s.shutdown({.mode = mode});
        if (mode != shutdown_mode::drain) {
            CHECK_ACTIONS(s, {"complete 1 aborted"});
            continue;
        }
        s.pass(1s);
        s.ready(2);
        s.finished(2);
        CHECK_ACTIONS(s, {"start 2", "send 1 to 2", "retire 2"});
    }
}

BOOST_AUTO_TEST_CASE(a_shutdown_beyond_drain_retries_nothing)
{
    simulation s(1);
    s.submit(s.make(0s, 0s, 5));
    s.ready(1);
    s.shutdown({.mode = shutdown_mode::cancel_queued});
    s.take();
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 worker_died"});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
