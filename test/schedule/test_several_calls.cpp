// Tasks of several calls whose options count for each of them: which call is late, failed, or one too many.
#include "simulation.hpp"

namespace tandem::schedule {

namespace {

/// The second of five calls runs on worker 2; worker 1 is idle, unless there is but one.
struct limited_calls
{
    explicit limited_calls(const run_options& options, std::size_t workers = 2, settings s = {}) : sim(workers, s)
    {
        cost.add(100us);
        sim.start_all();
        for (worker_id id = 1; id <= workers; ++id)
            sim.ready(id);
        many.cost = &cost;
        many.items = 5;
        options_of(many) = options;
        sim.submit(many);
        sim.begin_call(many.worker);
        sim.begin_call(many.worker);
        sim.take();
    }

    detail::cost_estimate cost;
    simulation sim;
    task& many = sim.make();
};

} // namespace

BOOST_AUTO_TEST_SUITE(several_calls)

BOOST_AUTO_TEST_CASE(what_has_not_begun_in_time_has_waited_too_long)
{
    limited_calls s({.queue_timeout = 1ms});
    s.sim.pass(1ms);
    CHECK_ACTIONS(s.sim, {"complete 2 queue_timeout"});
    BOOST_TEST(s.sim.tasks.back().items == 3U);
    BOOST_TEST(s.sim.finished(2));
    BOOST_TEST(s.many.items == 2U);
}

BOOST_AUTO_TEST_CASE(what_was_taken_back_has_its_queue_timeout)
{
    limited_calls s({.queue_timeout = 20ms});
    s.sim.slow_to_begin = true;
    s.sim.pass(3ms); // the second one is slow
    CHECK_ACTIONS(s.sim, {"send 2 to 1"});
    s.sim.pass(16ms);
    CHECK_ACTIONS(s.sim, {});
    s.sim.pass(1ms);
    CHECK_ACTIONS(s.sim, {"complete 2 queue_timeout"});
}

BOOST_AUTO_TEST_CASE(each_has_its_own_run_timeout)
{
    limited_calls s({.run_timeout = 2ms}, 1);
    s.sim.pass(1500us);
    s.sim.begin_call(1);
    s.sim.pass(1500us); // more than both had together
    CHECK_ACTIONS(s.sim, {});
    BOOST_TEST(s.many.items == 5U);
    s.sim.pass(500us);
    CHECK_ACTIONS(s.sim, {"kill 1"});
    BOOST_TEST(s.many.items == 3U);
    s.sim.gone(1);
    CHECK_ACTIONS(s.sim, {"complete 1 run_timeout", "start 2"});
}

BOOST_AUTO_TEST_CASE(of_those_before_the_one_that_failed_the_results_are_lost)
{
    limited_calls s({.retries = 1});
    s.sim.gone(2);
    CHECK_ACTIONS(s.sim, {"retry 1 after worker_died", "send 3 to 1", "start 3"}); // 2 is what had not begun
    BOOST_TEST(s.many.items == 1U);
    BOOST_TEST(s.many.attempts == 1U);
    BOOST_TEST(s.sim.tasks[1].items == 3U);
    BOOST_TEST(s.sim.tasks[2].items == 1U);
    BOOST_TEST(s.sim.tasks[2].attempts == 0U);
    s.sim.finished(1);
    CHECK_ACTIONS(s.sim, {"send 1 to 1"}); // alone
    s.sim.ready(3);
    CHECK_ACTIONS(s.sim, {"send 2 to 3"});
    s.sim.gone(1);
    CHECK_ACTIONS(s.sim, {"complete 1 worker_died"});
}

BOOST_AUTO_TEST_CASE(the_late_one_is_run_again)
{
    limited_calls s({.run_timeout = 2ms, .grace_period = 1ms, .retries = 1}, 1);
    s.sim.pass(2ms);
    CHECK_ACTIONS(s.sim, {"ask 1 to stop 1", "send 2 to 1"});
    s.sim.pass(500us);
    BOOST_TEST(!s.sim.finished(1));
    CHECK_ACTIONS(s.sim, {"retry 1 after run_timeout", "send 3 to 1"});
    BOOST_TEST(s.many.items == 1U);
    BOOST_TEST(s.sim.tasks[1].items == 3U);
    BOOST_TEST(s.sim.tasks[2].items == 1U);
}

BOOST_AUTO_TEST_CASE(a_worker_that_died_before_the_first_one_failed_none)
{
    limited_calls s({});
    s.sim.items_begun[1] = 0;
    s.sim.gone(2);
    CHECK_ACTIONS(s.sim, {"retry 1 after worker_died", "send 1 to 1", "send 2 to 1"});
    BOOST_TEST(s.many.items == 0U);
    BOOST_TEST(s.sim.tasks[1].items == 5U);
}

BOOST_AUTO_TEST_CASE(a_worker_that_retires_after_so_many_tasks_has_no_call_more)
{
    simulation sim(1, {.retire_tasks = 3});
    detail::cost_estimate cost;
    task& many = sim.make();
    many.cost = &cost;
    many.items = 5;
    sim.submit(many);
    sim.ready(1);
    CHECK_ACTIONS(sim, {"start 1", "send 2 to 1", "start 2"});
    BOOST_TEST(many.items == 2U);
    BOOST_TEST(sim.tasks[1].items == 3U);
    sim.finished(1);
    CHECK_ACTIONS(sim, {"retire 1"});
    sim.gone(1);
    sim.ready(2);
    CHECK_ACTIONS(sim, {"send 1 to 2"});
}

BOOST_AUTO_TEST_CASE(calls_that_were_taken_back_do_not_count_as_its_tasks)
{
    limited_calls s({}, 2, {.retire_tasks = 6});
    s.sim.pass(3ms); // the second one is slow
    CHECK_ACTIONS(s.sim, {"send 2 to 1"});
    s.sim.finished(2);
    task& next = s.sim.make();
    next.items = 4;
    next.cost = &s.cost;
    s.sim.submit(next);
    CHECK_ACTIONS(s.sim, {"send 3 to 2", "start 3"});
    BOOST_TEST(next.items == 4U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
