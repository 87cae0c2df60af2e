// Workers that have served long enough, and who follows them.
#include "simulation.hpp"

namespace tandem::schedule {
namespace {

retirement_reason reason_of_retirement(simulation& s)
{
    for (const action& a : s.take_actions())
        if (a.what == action::kind::retire)
            return a.reason;
    return retirement_reason::none;
}

settings after_tasks(std::uint64_t n)
{
    settings s;
    s.retire_tasks = n;
    return s;
}

} // namespace

BOOST_AUTO_TEST_SUITE(retirement)

BOOST_AUTO_TEST_CASE(after_so_many_tasks_with_a_successor_started_before)
{
    simulation s(1, after_tasks(2));
    s.submit(s.make());
    s.ready(1);
    s.finished(1);
    CHECK_ACTIONS(s, {"start 1", "send 1 to 1"});
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 2 to 1", "start 2"});
    s.ready(2);
    s.finished(1);
    BOOST_TEST((reason_of_retirement(s) == retirement_reason::tasks));
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 3 to 2"});
}

BOOST_AUTO_TEST_CASE(no_more_tasks_run_at_once_than_there_are_to_be_workers)
{
    simulation s(2, after_tasks(1));
    for (int i = 0; i != 10; ++i)
        s.submit(s.make());
    for (worker_id id = 1; id != 5; ++id)
        s.ready(id);
    BOOST_TEST(s.scheduler.running() == 2u);
    BOOST_TEST(s.scheduler.workers() == 4u); // two run, two are to follow
    s.take();
    s.finished(1);
    CHECK_ACTIONS(s, {"send 3 to 4", "retire 1", "start 5"});
    BOOST_TEST(s.scheduler.running() == 2u);
}

BOOST_AUTO_TEST_CASE(a_task_that_is_taken_back_does_not_count)
{
    simulation s(1, after_tasks(2));
    s.slow_to_begin = true;
    s.start_all();
    s.ready(1);
    for (int i = 0; i != 5; ++i) {
        task& t = s.make();
        s.submit(t);
        s.cancel(t, cancellation::total);
    }
    BOOST_TEST(s.scheduler.idle_workers() == 1u);
    BOOST_TEST((reason_of_retirement(s) == retirement_reason::none));
}

BOOST_AUTO_TEST_CASE(by_age_when_the_successor_is_ready)
{
    settings aging;
    aging.retire_age = 1min;
    simulation s(1, aging);
    s.submit(s.make());
    s.ready(1);
    s.finished(1);
    s.take();
    s.pass(59s);
    CHECK_ACTIONS(s, {});
    s.pass(1s);
    CHECK_ACTIONS(s, {"start 2"});
    s.submit(s.make()); // served as before
    CHECK_ACTIONS(s, {"send 2 to 1"});
    s.ready(2);
    s.submit(s.make());
    CHECK_ACTIONS(s, {});
    s.finished(1);
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 3 to 2", "retire 1"});
}

BOOST_AUTO_TEST_CASE(who_is_started_since_one_is_due_takes_its_place_also_where_tasks_wait)
{
    settings aging;
    aging.retire_age = 1min;
    simulation s(1, aging);
    s.submit(s.make());
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.pass(1min);
    CHECK_ACTIONS(s, {"start 2"});
    s.ready(2);
    s.finished(1);
    CHECK_ACTIONS(s, {"send 2 to 2", "retire 1"});
}

BOOST_AUTO_TEST_CASE(by_resident_memory)
{
    settings lean;
    lean.retire_memory = 1000;
    simulation s(1, lean);
    s.submit(s.make());
    s.submit(s.make());
    s.submit(s.make());
    s.ready(1);
    s.take();
    s.finished(1, 1s, 1000);
    CHECK_ACTIONS(s, {"send 2 to 1"});
    s.finished(1, 1s, 1001);
    CHECK_ACTIONS(s, {"send 3 to 1", "start 2"});
    s.ready(2);
    s.finished(1);
    BOOST_TEST((reason_of_retirement(s) == retirement_reason::resident_memory));
}

BOOST_AUTO_TEST_CASE(by_idleness_without_a_successor)
{
    settings restless;
    restless.retire_idle = 1min;
    simulation s(2, restless);
    s.submit(s.make());
    s.ready(1);
    s.pass(2min);
    s.finished(1);
    s.take();
    BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == 1min));
    s.pass(59s);
    s.submit(s.make());
    s.finished(1);
    CHECK_ACTIONS(s, {"send 2 to 1"});
    s.pass(59s);
    CHECK_ACTIONS(s, {});
    s.pass(1s);
    BOOST_TEST((reason_of_retirement(s) == retirement_reason::idle));
    s.submit(s.make()); // before it is gone
    CHECK_ACTIONS(s, {"start 2"});
    s.gone(1);
    BOOST_TEST(!s.scheduler.is_broken(s.clock.now()));
}

// A start takes longer on a busy machine than a worker may be idle: else the first would be gone before the last is ready,
// time and again, and who waits for all of them would wait without end.
BOOST_AUTO_TEST_CASE(nobody_retires_by_idleness_while_all_are_started)
{
    settings restless;
    restless.retire_idle = 1min;
    simulation s(2, restless);
    s.start_all();
    s.ready(1);
    s.take();
    s.pass(10min);
    CHECK_ACTIONS(s, {});
    s.ready(2);
    CHECK_ACTIONS(s, {});
    BOOST_TEST(s.scheduler.ready_workers() == 2u);
    BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == 1min)); // idleness counts from here
    s.pass(59s);
    CHECK_ACTIONS(s, {});
    s.pass(1s);
    CHECK_ACTIONS(s, {"retire 2", "retire 1"});
}

BOOST_AUTO_TEST_CASE(who_does_not_go_is_killed)
{
    simulation s(1, after_tasks(1));
    s.submit(s.make());
    s.ready(1);
    s.finished(1);
    s.take();
    s.pass(1s);
    CHECK_ACTIONS(s, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(a_successor_that_fails_to_start_is_tried_again_in_time)
{
    settings lean;
    lean.retire_memory = 1000;
    simulation s(1, lean);
    s.submit(s.make());
    s.ready(1);
    s.finished(1, 1s, 2000);
    CHECK_ACTIONS(s, {"start 1", "send 1 to 1", "start 2"});
    s.gone(2);
    CHECK_ACTIONS(s, {});
    BOOST_TEST((s.scheduler.next_deadline() - s.clock.now() == 10ms)); // also where nothing else happens
    s.pass(10ms);
    CHECK_ACTIONS(s, {"start 3"});
    s.submit(s.make());
    CHECK_ACTIONS(s, {"send 2 to 1"}); // it serves on
    s.ready(3);
    s.finished(1);
    CHECK_ACTIONS(s, {"retire 1"});
}

BOOST_AUTO_TEST_CASE(while_the_pool_ends_nobody_gets_a_successor)
{
    simulation s(1, after_tasks(1));
    s.submit(s.make());
    s.shutdown({.mode = shutdown_mode::drain});
    s.ready(1);
    s.finished(1);
    CHECK_ACTIONS(s, {"start 1", "send 1 to 1", "retire 1"});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
