#include "simulation.hpp"

namespace tandem::schedule {

BOOST_AUTO_TEST_SUITE(dispatch)

BOOST_AUTO_TEST_CASE(starts_a_worker_for_the_first_task_and_sends_when_it_is_ready)
{
    simulation s(2);
    s.submit(s.make());
    CHECK_ACTIONS(s, {"start 1"});
    s.ready(1);
    CHECK_ACTIONS(s, {"send 1 to 1"});
    s.finished(1);
    CHECK_ACTIONS(s, {});
    BOOST_TEST(s.scheduler.idle_workers() == 1u);
}

BOOST_AUTO_TEST_CASE(starts_no_more_workers_than_tasks_nor_than_the_limit)
{
    simulation s(2);
    for (int i = 0; i < 5; ++i)
        s.submit(s.make());
    CHECK_ACTIONS(s, {"start 1", "start 2"});
    s.ready(2);
    CHECK_ACTIONS(s, {"send 1 to 2"});
    s.ready(1);
    CHECK_ACTIONS(s, {"send 2 to 1"});
}

BOOST_AUTO_TEST_CASE(uses_an_idle_worker_rather_than_starting_one)
{
    simulation s(4);
    s.submit(s.make());
    s.ready(1);
    s.finished(1);
    s.take();
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 2 to 1"});
}

BOOST_AUTO_TEST_CASE(takes_the_worker_that_was_busy_last)
{
    simulation s(2);
    s.start_all();
    s.ready(1);
    s.ready(2);
    s.submit(s.make());
    s.submit(s.make());
    CHECK_ACTIONS(s, {"start 1", "start 2", "send 1 to 2", "send 2 to 1"});
    s.finished(2);
    s.finished(1);
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 3 to 1"});
}

BOOST_AUTO_TEST_CASE(keeps_the_order_within_a_priority_and_prefers_the_higher)
{
    simulation s(1);
    s.submit(s.make());
    s.submit(s.make(0s, 0s, 0, -1));
    s.submit(s.make());
    s.submit(s.make(0s, 0s, 0, 5));
    s.submit(s.make(0s, 0s, 0, 5));
    s.ready(1);
    for (int i = 0; i < 5; ++i)
        s.finished(1);
    CHECK_ACTIONS(s, {"start 1", "send 4 to 1", "send 5 to 1", "send 1 to 1", "send 3 to 1", "send 2 to 1"});
}

BOOST_AUTO_TEST_CASE(a_dead_worker_costs_its_task_alone_and_is_replaced)
{
    simulation s(2);
    for (int i = 0; i < 3; ++i)
        s.submit(s.make());
    s.ready(1);
    s.ready(2);
    s.take();
    s.gone(1);
    CHECK_ACTIONS(s, {"complete 1 worker_died", "start 3"});
    s.finished(2);
    CHECK_ACTIONS(s, {"send 3 to 2"});
}

BOOST_AUTO_TEST_CASE(an_idle_worker_that_dies_costs_nothing)
{
    simulation s(1);
    s.submit(s.make());
    s.ready(1);
    s.finished(1);
    s.take();
    s.gone(1);
    CHECK_ACTIONS(s, {});
    s.submit(s.make());
    CHECK_ACTIONS(s, {"start 2"});
}

BOOST_AUTO_TEST_CASE(retries_run_first_and_are_counted)
{
    simulation s(1);
    task& t = s.make(0s, 0s, 2);
    s.submit(t);
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.gone(1);
    CHECK_ACTIONS(s, {"retry 1 after worker_died", "start 2"});
    s.ready(2);
    CHECK_ACTIONS(s, {"send 1 to 2"});
    s.gone(2);
    s.ready(3);
    s.take();
    s.gone(3);
    CHECK_ACTIONS(s, {"complete 1 worker_died", "start 4"});
    BOOST_TEST(t.attempts == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
