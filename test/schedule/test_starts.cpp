// Starts that fail: back-off, and failing fast while there is no hope.
#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(starts)

BOOST_AUTO_TEST_CASE(while_starts_are_hopeless_tasks_fail_at_once_and_later_one_start_is_tried)
{
    simulation s(4);
    s.submit(s.make());
    s.gone(1, false);
    CHECK_ACTIONS(s, {"start 1", "complete 1 start_failed"});
    BOOST_TEST(s.scheduler.is_broken(s.clock.now()));
    s.submit(s.make());
    CHECK_ACTIONS(s, {"complete 2 start_failed"});
    s.pass(10ms);
    CHECK_ACTIONS(s, {}); // there is nothing to do
    BOOST_TEST(!s.scheduler.is_broken(s.clock.now()));
    s.submit(s.make());
    s.submit(s.make());
    CHECK_ACTIONS(s, {"start 2"});
    s.gone(2, false);
    CHECK_ACTIONS(s, {"complete 3 start_failed", "complete 4 start_failed"});
    s.pass(19ms); // it has doubled
    s.submit(s.make());
    CHECK_ACTIONS(s, {"complete 5 start_failed"});
    s.pass(1ms);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(3);
    CHECK_ACTIONS(s, {"start 3", "send 6 to 3", "start 4"});
    s.finished(3);
    s.submit(s.make());
    s.submit(s.make());
    s.submit(s.make());
    // All is well again: as many at once as there are tasks.
    CHECK_ACTIONS(s, {"send 7 to 3", "start 5", "start 6"});
}

BOOST_AUTO_TEST_CASE(the_back_off_grows_to_its_limit)
{
    simulation s(1);
    s.submit(s.make());
    s.gone(1, false);
    auto backoff = std::chrono::nanoseconds(10ms);
    for (worker_id id = 2; id != 40; ++id) {
        s.take();
        s.pass(backoff - 1ns);
        BOOST_TEST(s.scheduler.is_broken(s.clock.now()));
        s.pass(1ns);
        s.submit(s.make());
        CHECK_ACTIONS(s, {"start " + std::to_string(id)});
        s.gone(id, false);
        backoff = std::min<std::chrono::nanoseconds>(2 * backoff, 10s);
    }
}

BOOST_AUTO_TEST_CASE(back_offs_at_the_ends_of_the_range)
{
    settings none;
    none.starts.backoff = 0ns;
    simulation s(1, none);
    s.submit(s.make());
    s.gone(1);
    CHECK_ACTIONS(s, {"start 1", "start 2"});

    settings endless;
    endless.starts.backoff = endless.starts.backoff_limit = std::chrono::nanoseconds::max();
    simulation e(1, endless);
    e.submit(e.make());
    e.gone(1);
    CHECK_ACTIONS(e, {"start 1"});
    e.pass(1h);
    CHECK_ACTIONS(e, {});
}

BOOST_AUTO_TEST_CASE(others_that_are_starting_may_still_serve_what_waits)
{
    simulation s(3);
    for (int i = 0; i != 3; ++i)
        s.submit(s.make());
    s.take();
    s.gone(1);
    s.gone(2);
    CHECK_ACTIONS(s, {});
    s.ready(3);
    CHECK_ACTIONS(s, {"send 1 to 3"});
}

BOOST_AUTO_TEST_CASE(workers_that_end_before_they_begin_a_task_have_failed_to_start)
{
    simulation s(1);
    s.slow_to_begin = true;
    s.submit(s.make());
    s.take();
    for (worker_id id = 1; id != 4; ++id) {
        s.ready(id);
        s.take();
        if (id != 1)
            s.leaves(id); // its end of file is seen first
        if (id == 3)
            s.pass(1s); // and it has to be killed
        s.take();
        BOOST_TEST(s.scheduler.has_failed_to_start(id));
        s.gone(id);
        if (id != 3) {
            CHECK_ACTIONS(s, {});
            s.pass(1s);
            CHECK_ACTIONS(s, {"start " + std::to_string(id + 1)});
        }
    }
    CHECK_ACTIONS(s, {"complete 1 start_failed"});
}

BOOST_AUTO_TEST_CASE(a_worker_that_was_left_without_a_task_has_not_failed)
{
    // Its task was taken back, by a cancellation or by its queue_timeout; later it retires, or dies.
    for (const bool by_timeout : {false, true}) {
        simulation s(1);
        s.slow_to_begin = true;
        task& t = s.make(0s, 1s);
        s.submit(t);
        s.ready(1);
        if (by_timeout)
            s.pass(1s);
        else
            s.cancel(t, cancellation::total);
        BOOST_TEST(!s.scheduler.has_failed_to_start(1));
        s.shutdown({.mode = shutdown_mode::drain});
        BOOST_TEST(!s.scheduler.has_failed_to_start(1));
    }
}

BOOST_AUTO_TEST_CASE(a_task_that_was_begun_shows_that_the_worker_served)
{
    simulation s(1);
    s.submit(s.make());
    s.ready(1);
    BOOST_TEST(!s.scheduler.has_failed_to_start(1));
    s.take();
    s.gone(1);
    s.submit(s.make());
    CHECK_ACTIONS(s, {"complete 1 worker_died", "start 2"}); // at once
}

BOOST_AUTO_TEST_CASE(an_idle_worker_keeps_hopeless_starts_from_failing_tasks)
{
    simulation s(2);
    s.start_all();
    s.ready(1);
    s.gone(2, false);
    s.take();
    BOOST_TEST(!s.scheduler.is_broken(s.clock.now()));
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 1 to 1"});
}

BOOST_AUTO_TEST_CASE(a_greeting_gives_the_worker_its_time_again)
{
    simulation s(1);
    s.submit(s.make());
    s.take();
    s.pass(9s);
    s.scheduler.worker_greeted(1, s.clock.now());
    s.pass(9s);
    CHECK_ACTIONS(s, {});
    s.pass(1s);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(draining_ends_also_where_no_worker_starts)
{
    simulation s(1);
    s.submit(s.make());
    s.shutdown({.mode = shutdown_mode::drain});
    for (worker_id id = 1; id != 4; ++id) {
        s.gone(id);
        s.pass(1s);
    }
    CHECK_ACTIONS(s, {"start 1", "start 2", "start 3", "complete 1 start_failed"});
    BOOST_TEST(s.scheduler.workers() == 0u);
    BOOST_TEST(s.scheduler.queued() == 0u);
}

BOOST_AUTO_TEST_CASE(no_other_start_is_tried_before_the_last_one_is_known_to_have_failed)
{
    simulation s(2, {.start_timeout = 1s, .starts = {.attempts = 2, .backoff = 1ms, .backoff_limit = 1ms}});
    s.submit(s.make());
    s.submit(s.make());
    CHECK_ACTIONS(s, {"start 1", "start 2"});
    s.pass(1s);
    CHECK_ACTIONS(s, {"kill 1", "kill 2"});
    s.gone(1);
    s.pass(1ms);
    CHECK_ACTIONS(s, {}); // nor would the queue fail, if one were always under way
    s.gone(2);
    CHECK_ACTIONS(s, {"complete 1 start_failed", "complete 2 start_failed"});
}

BOOST_AUTO_TEST_CASE(a_start_has_its_time_from_the_launch_on)
{
    simulation s(1, {.start_timeout = 2s});
    s.slow_to_launch = true;
    s.submit(s.make());
    s.pass(1h);
    CHECK_ACTIONS(s, {"start 1"});
    s.launched(1);
    s.pass(2s - 1ns);
    CHECK_ACTIONS(s, {});
    s.pass(1ns);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(a_worker_that_takes_what_it_is_sent_has_its_time_again)
{
    simulation s(1, {.start_timeout = 2s});
    s.slow_to_begin = true;
    s.submit(s.make());
    s.ready(1);
    s.take();
    for (int i = 0; i != 5; ++i) {
        s.pass(1s);
        s.scheduler.worker_progressed(1, s.clock.now());
    }
    CHECK_ACTIONS(s, {});
    s.pass(2s);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(a_deadline_that_is_noticed_late_counts_anew_and_once)
{
    simulation s(1, {.start_timeout = 2s});
    s.submit(s.make());
    s.take();
    s.pass(1h); // the program was stopped, and perhaps its workers were
    CHECK_ACTIONS(s, {});
    s.pass(2s - 1ns);
    CHECK_ACTIONS(s, {});
    s.pass(1h);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(what_a_worker_does_in_time_lets_it_be_late_with_its_program_again)
{
    simulation s(1, {.start_timeout = 2s});
    s.slow_to_begin = true;
    s.submit(s.make());
    s.take();
    for (int i = 0; i != 3; ++i) {
        s.pass(1h);
        if (i == 0)
            s.ready(1);
        s.begin(1);
        s.finished(1);
        s.submit(s.make());
    }
    for (const std::string& action : s.take())
        BOOST_TEST(!action.starts_with("kill"), action);
    s.pass(1h);
    s.pass(1h);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(whoever_is_due_is_looked_at_before_the_deadline_acts)
{
    const auto due = [](const simulation& s) { return s.scheduler.due_workers(s.clock.now()); };
    using ids = std::vector<worker_id>;
    simulation s(3, {.start_timeout = 2s});
    s.submit(s.make(4s));
    s.submit(s.make());
    s.ready(1); // and has a task
    BOOST_TEST(due(s) == ids(), boost::test_tools::per_element());
    s.clock.advance(2s);
    BOOST_TEST(due(s) == ids{2}, boost::test_tools::per_element()); // it starts
    s.ready(2);
    s.clock.advance(2s);
    BOOST_TEST(due(s) == ids{1}, boost::test_tools::per_element()); // its task has had its time
    s.shutdown({.mode = shutdown_mode::drain, .drain_timeout = 1s});
    s.clock.advance(1s);
    BOOST_TEST(due(s) == (ids{1, 2, 1}), boost::test_tools::per_element()); // what they did may end the wait
}

BOOST_AUTO_TEST_CASE(all_are_started_also_in_the_place_of_one_that_is_about_to_end)
{
    simulation s(2);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(2);
    s.blame(1);
    s.take();
    s.start_all();
    CHECK_ACTIONS(s, {});
    s.begin(2);
    s.finished(2);
    s.gone(1);
    s.pass(10ms); // after the back-off, although there is nothing to do
    BOOST_TEST(s.scheduler.workers() == 2U);
    s.ready(3);
    s.blame(3);
    s.gone(3);
    s.pass(10ms); // all were ready: now it takes work
    BOOST_TEST(s.scheduler.workers() == 1U);
}

BOOST_AUTO_TEST_CASE(starting_all_is_given_up_when_told)
{
    simulation s(2);
    s.start_all();
    s.ready(1);
    s.scheduler.stop_starting_all();
    s.gone(2);
    s.pass(1s);
    BOOST_TEST(s.scheduler.workers() == 1U);
}

// Who waits for all is told once, whatever ends in the same moment, before anybody looks.
BOOST_AUTO_TEST_CASE(all_have_been_started_where_one_ends_as_the_last_is_ready)
{
    simulation s(2);
    s.start_all();
    s.ready(1);
    BOOST_TEST(s.scheduler.is_starting_all());
    s.ready(2);
    s.gone(1);
    BOOST_TEST(!s.scheduler.is_starting_all());
    BOOST_TEST(s.scheduler.ready_workers() == 1u);
    s.start_all();
    BOOST_TEST(s.scheduler.is_starting_all());
    s.ready(3);
    BOOST_TEST(!s.scheduler.is_starting_all());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
