#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(workers)

BOOST_AUTO_TEST_CASE(a_worker_that_says_nothing_is_killed_and_the_start_has_failed)
{
    simulation s(1);
    s.submit(s.make());
    s.pass(10s);
    CHECK_ACTIONS(s, {"start 1", "kill 1"});
    s.gone(1, false);
    CHECK_ACTIONS(s, {"complete 1 start_failed"});
}

BOOST_AUTO_TEST_CASE(failed_starts_are_tried_again_with_growing_delay_and_then_given_up)
{
    simulation s(1);
    s.submit(s.make());
    s.gone(1);
    CHECK_ACTIONS(s, {"start 1"});
    s.pass(10ms);
    CHECK_ACTIONS(s, {"start 2"});
    s.gone(2);
    s.pass(10ms);
    CHECK_ACTIONS(s, {});
    s.pass(10ms);
    CHECK_ACTIONS(s, {"start 3"});
    s.gone(3);
    CHECK_ACTIONS(s, {"complete 1 start_failed"});
}

BOOST_AUTO_TEST_CASE(what_did_not_leave_for_an_idle_worker_waits_again_and_its_end_is_no_failed_start)
{
    simulation s(2);
    s.start_all();
    s.ready(1);
    s.ready(2);
    s.take();
    for (int i = 0; i != 3; ++i)
        s.scheduler.submit(s.make(), s.clock.now(), s.actions); // what follows is not done
    CHECK_ACTIONS(s, {"send 1 to 2", "send 2 to 1"});
    s.scheduler.take_back_unsent(2, s.clock.now());
    BOOST_TEST(s.scheduler.queued() == 2u);
    BOOST_TEST(s.scheduler.idle_workers() == 1u);
    BOOST_TEST(!s.scheduler.is_settled());
    BOOST_TEST(!s.scheduler.has_failed_to_start(2));
    s.scheduler.take_back_unsent(1, s.clock.now());
    BOOST_TEST(s.scheduler.idle_workers() == 2u);
    s.gone(2);
    CHECK_ACTIONS(s, {"send 2 to 1", "start 3"});
    BOOST_TEST(!s.scheduler.is_broken(s.clock.now()));
    s.finished(1);
    CHECK_ACTIONS(s, {"send 1 to 1"});
}

BOOST_AUTO_TEST_CASE(a_hopeless_start_fails_the_queue_at_once_though_others_start)
{
    simulation s(2);
    s.submit(s.make());
    s.submit(s.make());
    s.take();
    s.gone(1, false);
    CHECK_ACTIONS(s, {"complete 1 start_failed", "complete 2 start_failed"});
    s.gone(2, false);
    CHECK_ACTIONS(s, {});
}

BOOST_AUTO_TEST_CASE(while_a_worker_serves_failed_starts_do_not_fail_the_queue)
{
    simulation s(2);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(1);
    s.take();
    for (worker_id id = 2; id < 20; ++id) {
        s.gone(id, false);
        CHECK_ACTIONS(s, {});
        s.pass(10s); // the longest back-off
        CHECK_ACTIONS(s, {"start " + std::to_string(id + 1)});
    }
    s.finished(1);
    CHECK_ACTIONS(s, {"send 2 to 1"});
}

BOOST_AUTO_TEST_CASE(drain_finishes_everything_then_retires)
{
    simulation s(1);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.shutdown({.mode = shutdown_mode::drain});
    CHECK_ACTIONS(s, {});
    s.finished(1);
    s.finished(1);
    CHECK_ACTIONS(s, {"send 2 to 1", "retire 1"});
    s.pass(1s);
    CHECK_ACTIONS(s, {"kill 1"}); // it did not go
    s.gone(1);
    BOOST_TEST(s.scheduler.workers() == 0u);
}

BOOST_AUTO_TEST_CASE(cancel_queued_removes_and_waits_stop_asks_kill_kills)
{
    for (const auto mode : {shutdown_mode::cancel_queued, shutdown_mode::stop, shutdown_mode::kill}) {
        simulation s(1);
        s.submit(s.make());
        s.submit(s.make());
        s.ready(1);
        s.take();
        s.shutdown({.mode = mode});
        if (mode == shutdown_mode::cancel_queued)
            CHECK_ACTIONS(s, {"complete 2 aborted"});
        else if (mode == shutdown_mode::stop)
            CHECK_ACTIONS(s, {"complete 2 aborted", "ask 1 to stop 1"});
        else
            CHECK_ACTIONS(s, {"complete 2 aborted", "kill 1"});
        if (mode == shutdown_mode::kill) {
            s.gone(1);
            CHECK_ACTIONS(s, {"complete 1 aborted"});
        } else {
            s.finished(1);
            CHECK_ACTIONS(s, {"retire 1"});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_silent_worker_gets_a_while_to_end)
{
    simulation s(1);
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.leaves(1);
    s.submit(s.make());
    CHECK_ACTIONS(s, {});
    s.pass(1s);
    CHECK_ACTIONS(s, {"kill 1"});
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 worker_died", "start 2"});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
