// Several tasks sent to one worker: as many as are small, and back again where that was a mistake.
#include "simulation.hpp"

#include <random>

namespace tandem::schedule {
namespace {

/// A worker that is ready, and tasks whose cost is known.
struct streaming
{
    explicit streaming(std::size_t workers, std::chrono::nanoseconds cost_of_each = 100us, settings s = {})
        : sim(workers, s)
    {
        cost.add(cost_of_each);
        sim.start_all();
        sim.ready(1);
        sim.take();
    }

    task& submit(unsigned retries = 0)
    {
        task& t = sim.make(0s, 0s, retries);
        t.cost = &cost;
        sim.submit(t);
        return t;
    }

    detail::cost_estimate cost;
    simulation sim;
};

} // namespace

BOOST_AUTO_TEST_SUITE(sent_ahead)

BOOST_AUTO_TEST_CASE(tasks_of_known_cost_are_sent_up_to_the_limit_of_work)
{
    streaming s(1);
    for (int i = 0; i != 20; ++i)
        s.submit();
    BOOST_TEST(s.sim.scheduler.running() == 10u);
    BOOST_TEST(s.sim.scheduler.queued() == 10u);
    s.sim.finished(1, 100us);
    BOOST_TEST(s.sim.scheduler.running() == 10u);
}

BOOST_AUTO_TEST_CASE(so_many_bytes_wait_behind_the_first_task_at_the_most)
{
    streaming s(1, 1us, {.sent_ahead_bytes = 1000});
    const auto submit = [&](std::uint32_t bytes) {
        task& t = s.sim.make();
        t.cost = &s.cost;
        t.bytes = bytes;
        s.sim.submit(t);
    };
    submit(5000); // the first one has no limit
    for (int i = 0; i != 20; ++i)
        submit(300);
    BOOST_TEST(s.sim.scheduler.running() == 4u);
    s.sim.finished(1, 1us);
    BOOST_TEST(s.sim.scheduler.running() == 4u);
    s.sim.finished(1, 1us);
    BOOST_TEST(s.sim.scheduler.running() == 4u);
    BOOST_TEST(s.sim.scheduler.queued() == 15u);
}

BOOST_AUTO_TEST_CASE(a_task_longer_than_the_limit_is_sent_alone)
{
    streaming s(1, 2ms);
    s.submit();
    s.submit();
    BOOST_TEST(s.sim.scheduler.running() == 1u);
}

BOOST_AUTO_TEST_CASE(a_task_of_unknown_cost_has_none_behind_it_and_is_behind_none)
{
    streaming s(1);
    detail::cost_estimate unknown;
    const auto submit_unknown = [&] {
        task& t = s.sim.make();
        t.cost = &unknown;
        s.sim.submit(t);
    };
    submit_unknown();
    s.submit();
    CHECK_ACTIONS(s.sim, {"send 1 to 1"});
    submit_unknown();
    s.sim.finished(1);
    BOOST_TEST(unknown.is_known());
    CHECK_ACTIONS(s.sim, {"send 2 to 1"}); // a second is longer than the limit
}

BOOST_AUTO_TEST_CASE(no_worker_holds_more_than_its_slots)
{
    settings small;
    small.most_sent = 3;
    streaming s(1, 1ns, small);
    for (int i = 0; i != 20; ++i)
        s.submit();
    BOOST_TEST(s.sim.scheduler.running() == 3u);
}

BOOST_AUTO_TEST_CASE(where_nothing_is_to_be_sent_ahead_a_clock_that_stood_still_changes_nothing)
{
    settings one_by_one;
    one_by_one.sent_ahead = 0ns;
    streaming s(1, 0ns, one_by_one);
    s.submit();
    s.submit();
    BOOST_TEST(s.sim.scheduler.running() == 1u);
}

BOOST_AUTO_TEST_CASE(an_absurd_cost_overflows_nothing)
{
    streaming s(1, std::chrono::nanoseconds::max());
    s.submit();
    s.submit();
    BOOST_TEST(s.sim.scheduler.running() == 1u);
    s.sim.finished(1);
    BOOST_TEST(s.sim.scheduler.running() == 1u);
}

BOOST_AUTO_TEST_CASE(the_worker_with_the_least_work_is_taken)
{
    streaming s(2);
    for (int i = 0; i != 3; ++i)
        s.submit();
    s.sim.take();
    s.sim.ready(2);
    s.submit(); // 2 is idle
    s.submit();
    s.submit();
    s.submit();
    CHECK_ACTIONS(s.sim, {"send 4 to 2", "send 5 to 2", "send 6 to 2", "send 7 to 1"});
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_it_sooner_than_another_wakes_is_taken)
{
    streaming s(2, 4us);
    s.sim.ready(2);
    s.sim.take();
    for (int i = 0; i != 4; ++i)
        s.submit();
    CHECK_ACTIONS(s.sim, {"send 1 to 2", "send 2 to 2", "send 3 to 1", "send 4 to 1"}); // 10 us wake a worker
    s.sim.finished(1, 4us);
    s.sim.finished(1, 4us);
    s.submit();
    CHECK_ACTIONS(s.sim, {"send 5 to 1"}); // 2 has both of its tasks
}

BOOST_AUTO_TEST_CASE(where_each_processor_has_work_what_is_short_goes_to_those_that_are_awake)
{
    streaming s(3, 4us, {.processors = 2});
    s.sim.ready(2);
    s.sim.ready(3);
    s.sim.take();
    for (int i = 0; i != 5; ++i)
        s.submit();
    CHECK_ACTIONS(s.sim, {"send 1 to 3", "send 2 to 3", "send 3 to 2", "send 4 to 2", "send 5 to 2"});
    while (s.sim.scheduler.running() != 252)
        s.submit();
    s.sim.take();
    s.submit();
    CHECK_ACTIONS(s.sim, {"send 253 to 3"}); // 2 has a millisecond of work
    task& longer = s.sim.make();
    detail::cost_estimate cost;
    cost.add(11us);
    longer.cost = &cost;
    s.sim.submit(longer);
    CHECK_ACTIONS(s.sim, {"send 254 to 1"}); // it may wait for something else than a processor
    while (s.sim.finished(3, 4us) && s.sim.scheduler.task_of(3)) {
    }
    BOOST_TEST(s.sim.scheduler.running() == 251u);
}

BOOST_AUTO_TEST_CASE(what_makes_no_worker_begin_waits_until_all_of_its_kind_is_given_to_workers_together)
{
    streaming s(3, 4us, {.processors = 2});
    s.sim.ready(2);
    s.sim.ready(3);
    s.sim.take();
    detail::cost_estimate cost;
    cost.add(100us);
    const auto make = [&](detail::cost_estimate* of_one_call, int priority = 0, std::chrono::nanoseconds queue_timeout = 0s) -> task& {
        task& t = s.sim.make(0s, queue_timeout, 0, priority);
        t.cost = of_one_call;
        return t;
    };
    recorded_scheduler& scheduler = s.sim.scheduler;
    BOOST_TEST(!scheduler.may_submit_behind_others(make(&s.cost))); // a worker begins it
    for (int i = 0; i != 3; ++i)
        s.submit();
    CHECK_ACTIONS(s.sim, {"send 2 to 3", "send 3 to 3", "send 4 to 2"});

    BOOST_TEST(scheduler.idle_workers() == 1u);
    BOOST_TEST(!scheduler.may_submit_behind_others(make(&cost)));   // it may wait for something else than a processor
    BOOST_TEST(!scheduler.may_submit_behind_others(make(nullptr))); // so may this
    BOOST_TEST(!scheduler.may_submit_behind_others(make(&s.cost, 0, 1s)));
    for (const int priority : {0, 0, 1}) {
        task& t = make(&s.cost, priority);
        BOOST_TEST(scheduler.may_submit_behind_others(t));
        scheduler.submit_behind_others(t);
        BOOST_TEST(!scheduler.is_settled());
    }
    CHECK_ACTIONS(s.sim, {});
    BOOST_TEST(scheduler.queued() == 3u);
    scheduler.settle(s.sim.clock.now(), s.sim.actions);
    BOOST_TEST(scheduler.is_settled());
    CHECK_ACTIONS(s.sim, {"send 10 to 2", "send 8 to 2", "send 9 to 2"});

    // Where one is submitted that a worker begins, what waits is given to workers as well.
    scheduler.submit_behind_others(make(&s.cost));
    s.sim.submit(make(&cost));
    CHECK_ACTIONS(s.sim, {"send 11 to 2", "send 12 to 1"});
    BOOST_TEST(scheduler.is_settled());

    // No worker is idle: whatever it is, it goes behind others, or waits.
    BOOST_TEST(scheduler.idle_workers() == 0u);
    for (detail::cost_estimate* of_one_call : {&s.cost, &cost, static_cast<detail::cost_estimate*>(nullptr)})
        BOOST_TEST(scheduler.may_submit_behind_others(make(of_one_call)));
}

BOOST_AUTO_TEST_CASE(of_those_with_tasks_the_one_with_least_to_do_gets_the_next_whatever_was_finished_or_taken_back)
{
    constexpr std::size_t workers = 9;
    streaming s(workers, 30us);
    for (worker_id id = 2; id <= workers; ++id)
        s.sim.ready(id);
    std::map<worker_id, std::vector<task*>> sent;
    std::minstd_rand random(1);
    int compared = 0;
    for (int i = 0; i != 3000; ++i) {
        const worker_id one = 1 + static_cast<worker_id>(random() % workers);
        const auto kind = random() % 8;
        if (kind < 5) {
            worker_id least = 0;
            for (worker_id id = 1; id <= workers; ++id)
                if (sent[id].size() < (least == 0 ? 33 : sent[least].size()))
                    least = id;
            const bool some_are_idle = s.sim.scheduler.idle_workers() != 0;
            task& t = s.submit();
            if (!some_are_idle && least != 0) {
                BOOST_TEST(t.worker == least);
                ++compared;
            }
            if (t.state == task::phase::sent)
                sent[t.worker].push_back(&t);
            else
                s.sim.cancel(t, cancellation::total);
        } else if (sent[one].empty()) {
            continue;
        } else if (kind == 7 && sent[one].size() > 1) {
            s.sim.cancel(*sent[one].back(), cancellation::total);
            sent[one].pop_back();
        } else {
            s.sim.finished(one, 30us);
            sent[one].erase(sent[one].begin());
        }
        s.sim.take();
    }
    BOOST_TEST(compared > 1000);
}

BOOST_AUTO_TEST_CASE(nothing_follows_a_task_of_unknown_cost_to_save_a_worker_from_waking)
{
    streaming s(2, 4us);
    s.sim.ready(2);
    s.sim.take();
    s.sim.submit(s.sim.make());
    s.submit();
    CHECK_ACTIONS(s.sim, {"send 1 to 2", "send 2 to 1"});
}

BOOST_AUTO_TEST_CASE(a_call_that_is_out_of_line_counts_for_little_and_a_change_shows_after_a_few)
{
    detail::cost_estimate cost;
    cost.add(1us);
    cost.add(1s);
    BOOST_TEST(cost.mean().count() < 2000);
    for (int i = 0; i != 60; ++i)
        cost.add(1ms);
    BOOST_TEST(cost.mean().count() > 900'000);
    const auto before = cost.mean();
    cost.add(0ns); // not measured
    BOOST_TEST((cost.mean() == before));
    for (int i = 0; i != 60; ++i)
        cost.add(1ns);
    BOOST_TEST(cost.mean().count() < 1000);
    for (int i = 0; i != 60; ++i)
        cost.add(1us);
    BOOST_TEST(cost.mean().count() > 900);
    cost.add(std::chrono::nanoseconds::max());
    BOOST_TEST(cost.mean().count() > 0);
}

BOOST_AUTO_TEST_CASE(a_dead_worker_costs_what_it_had_begun_and_the_rest_goes_to_others_in_order)
{
    streaming s(2);
    for (int i = 0; i != 3; ++i)
        s.submit();
    s.sim.take();
    s.sim.gone(1);
    CHECK_ACTIONS(s.sim, {"complete 1 worker_died", "start 3"});
    s.sim.ready(2);
    CHECK_ACTIONS(s.sim, {"send 2 to 2", "send 3 to 2"});
}

BOOST_AUTO_TEST_CASE(cancelling_a_task_that_is_not_begun_takes_it_back_whatever_the_type)
{
    for (const auto how : {cancellation::total, cancellation::partial, cancellation::terminal}) {
        streaming s(1);
        s.submit();
        task& second = s.submit();
        s.submit();
        s.sim.take();
        s.sim.cancel(second, how);
        CHECK_ACTIONS(s.sim, {"complete 2 aborted"});
        s.sim.finished(1);
        s.sim.finished(1);
        BOOST_TEST(s.sim.runs[2] == 0u);
        BOOST_TEST(s.sim.runs[3] == 1u);
        BOOST_TEST(s.sim.scheduler.idle_workers() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(what_is_withdrawn_waits_again_unless_it_has_begun)
{
    streaming s(1);
    task& first = s.submit();
    task& second = s.submit();
    s.sim.take();
    BOOST_TEST(s.sim.has_begun(first));
    BOOST_TEST(s.sim.scheduler.withdraw(second, s.sim.clock.now()));
    BOOST_TEST(s.sim.scheduler.queued() == 1U);
    BOOST_TEST(s.sim.scheduler.withdraw(second, s.sim.clock.now())); // it waits
    BOOST_TEST(!s.sim.scheduler.withdraw(first, s.sim.clock.now()));
    s.sim.scheduler.settle(s.sim.clock.now(), s.sim.actions);
    CHECK_ACTIONS(s.sim, {"send 2 to 1"});
    BOOST_TEST(s.sim.finished(1));
    BOOST_TEST(!s.sim.scheduler.withdraw(first, s.sim.clock.now())); // it has completed
}

BOOST_AUTO_TEST_CASE(what_waits_behind_a_slow_task_goes_to_another_worker)
{
    streaming s(2);
    for (int i = 0; i != 3; ++i)
        s.submit();
    s.sim.ready(2);
    s.sim.take();
    BOOST_TEST((s.sim.scheduler.next_deadline() - s.sim.clock.now() == 3ms));
    s.sim.pass(3ms);
    CHECK_ACTIONS(s.sim, {"send 2 to 2", "send 3 to 2"});
    s.submit(); // none is sent behind it again
    CHECK_ACTIONS(s.sim, {"send 4 to 2"});
    s.sim.finished(1);
    s.submit();
    CHECK_ACTIONS(s.sim, {"send 5 to 1"});
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_behind_a_task_that_is_slow_already)
{
    streaming s(2);
    s.submit();
    s.sim.take();
    s.sim.pass(1s);
    s.submit();
    CHECK_ACTIONS(s.sim, {});
    BOOST_TEST((s.sim.scheduler.next_deadline() > s.sim.clock.now()));
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_slow_to_begin_keeps_its_first_task_and_is_not_lost)
{
    streaming s(2);
    s.sim.slow_to_begin = true;
    s.submit();
    s.submit();
    s.sim.take();
    s.sim.pass(3ms);
    CHECK_ACTIONS(s.sim, {});
    BOOST_TEST(s.sim.scheduler.running() == 1u);
    BOOST_REQUIRE(s.sim.begin(1));
    s.sim.finished(1);
    CHECK_ACTIONS(s.sim, {"send 2 to 1"});
}

BOOST_AUTO_TEST_CASE(the_only_worker_keeps_what_it_has)
{
    streaming s(1);
    s.submit();
    s.submit();
    s.sim.take();
    BOOST_TEST((s.sim.scheduler.next_deadline() == time_point::max()));
    s.sim.pass(1h);
    CHECK_ACTIONS(s.sim, {});
    BOOST_TEST(s.sim.scheduler.running() == 2u);
}

BOOST_AUTO_TEST_CASE(what_a_killed_worker_had_not_begun_is_looked_after_at_once)
{
    streaming s(2);
    s.submit();
    s.submit();
    s.sim.ready(2);
    s.sim.take();
    s.sim.blame(1);
    BOOST_TEST((s.sim.scheduler.next_deadline() <= s.sim.clock.now()));
    s.sim.pass(0s);
    CHECK_ACTIONS(s.sim, {"kill 1", "send 2 to 2"});
    BOOST_TEST((s.sim.scheduler.next_deadline() > s.sim.clock.now()));
}

BOOST_AUTO_TEST_CASE(a_result_is_not_under_way_for_ever)
{
    streaming s(1);
    task& first = s.sim.make(500ms);
    first.cost = &s.cost;
    s.sim.submit(first);
    s.submit();
    BOOST_REQUIRE(s.sim.begin_next(1));
    s.sim.take();
    s.sim.pass(500ms);
    CHECK_ACTIONS(s.sim, {});
    s.sim.pass(500ms); // settings::outcome_timeout is over
    CHECK_ACTIONS(s.sim, {"kill 1"});
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_begin_what_it_has_is_replaced)
{
    simulation s(1);
    s.submit(s.make());
    s.slow_to_begin = true;
    s.ready(1);
    s.take();
    s.pass(settings().start_timeout);
    CHECK_ACTIONS(s, {"kill 1"});
    s.gone(1);
    s.pass(1s);
    CHECK_ACTIONS(s, {"start 2"});
    s.ready(2);
    CHECK_ACTIONS(s, {"send 1 to 2"});
}

BOOST_AUTO_TEST_CASE(a_task_whose_result_is_under_way_costs_the_next_one_nothing)
{
    for (const bool by_timeout : {false, true}) {
        streaming s(1);
        task& first = s.sim.make(by_timeout ? 500ms : 0ms);
        first.cost = &s.cost;
        s.sim.submit(first);
        s.submit();
        BOOST_REQUIRE(s.sim.begin_next(1));
        s.sim.take();
        if (by_timeout)
            s.sim.pass(500ms);
        else
            s.sim.cancel(first, cancellation::terminal);
        CHECK_ACTIONS(s.sim, {});
        BOOST_TEST(s.sim.finished(1));
        BOOST_TEST(s.sim.finished(1));
    }
}

BOOST_AUTO_TEST_CASE(cancel_all_sends_nothing_that_it_takes_back)
{
    streaming s(2);
    for (int i = 0; i != 3; ++i)
        s.submit();
    s.sim.ready(2);
    s.sim.take();
    s.sim.cancel_all();
    CHECK_ACTIONS(s.sim, {"complete 2 aborted", "complete 3 aborted", "kill 1"});
    s.sim.gone(1);
    CHECK_ACTIONS(s.sim, {"complete 1 aborted"});
}

BOOST_AUTO_TEST_CASE(a_refused_task_leaves_the_worker_to_others)
{
    simulation s(1);
    task& t = s.make();
    s.submit(t);
    s.ready(1);
    s.take();
    s.scheduler.task_refused(t, s.clock.now(), s.actions);
    BOOST_TEST(s.scheduler.running() == 0u);
    BOOST_TEST(s.scheduler.idle_workers() == 1u);
    BOOST_TEST((t.state == task::phase::completed));
}

namespace {

/// A worker that runs the second of five calls, and another one.
struct several_calls : streaming
{
    several_calls() : streaming(2)
    {
        sim.ready(2);
        many.cost = &cost;
        many.items = 5;
        sim.submit(many);
        BOOST_TEST(many.worker == 2U);
        sim.items_begun[many.id] = 2;
        sim.take();
    }

    task& many = sim.make();
};

} // namespace

BOOST_FIXTURE_TEST_CASE(calls_behind_a_long_one_go_to_another_worker, several_calls)
{
    sim.pass(3ms);
    CHECK_ACTIONS(sim, {"send 2 to 1"});
    BOOST_TEST(many.items == 2U);
    BOOST_TEST(sim.tasks.back().items == 3U);
    sim.items_begun[2] = 3;
    sim.pass(1s);
    CHECK_ACTIONS(sim, {});
    sim.finished(2);
    sim.finished(1);
    CHECK_ACTIONS(sim, {});
    BOOST_TEST(sim.scheduler.running() == 0U);
}

BOOST_FIXTURE_TEST_CASE(calls_that_were_not_begun_are_run_when_their_worker_dies, several_calls)
{
    sim.gone(2);
    CHECK_ACTIONS(sim, {"complete 1 worker_died", "send 2 to 1"});
    BOOST_TEST(sim.tasks.back().items == 3U);
}

BOOST_FIXTURE_TEST_CASE(total_leaves_several_calls_alone_of_which_one_has_begun, several_calls)
{
    sim.cancel(many, cancellation::total);
    CHECK_ACTIONS(sim, {});
    BOOST_TEST(many.items == 5U);
}

BOOST_FIXTURE_TEST_CASE(cancelling_several_calls_ends_those_that_were_not_begun, several_calls)
{
    sim.cancel(many, cancellation::partial);
    CHECK_ACTIONS(sim, {"complete 2 aborted", "ask 2 to stop 1"});
    BOOST_TEST(sim.scheduler.running() == 1U);
    BOOST_TEST(sim.finished(2));
}

BOOST_FIXTURE_TEST_CASE(cancel_all_ends_several_calls, several_calls)
{
    sim.scheduler.cancel_all(sim.clock.now(), sim.actions);
    CHECK_ACTIONS(sim, {"complete 2 aborted", "kill 2"});
}

BOOST_FIXTURE_TEST_CASE(all_calls_may_be_taken_back, several_calls)
{
    sim.items_begun[many.id] = 0; // it is about to begin the first one
    sim.pass(3ms);
    CHECK_ACTIONS(sim, {"send 2 to 1"});
    BOOST_TEST(many.items == 0U);
    BOOST_TEST(sim.finished(2, 1us));
    BOOST_TEST((cost.mean() == 100us)); // nothing is learnt of it
}

BOOST_AUTO_TEST_CASE(several_calls_cost_as_much_as_all_of_them)
{
    streaming s(1);
    const auto submit = [&](std::uint32_t items) {
        task& t = s.sim.make();
        t.cost = &s.cost;
        t.items = items;
        s.sim.submit(t);
    };
    submit(6);
    submit(4);
    BOOST_TEST(s.sim.scheduler.running() == 2U);
    submit(1);
    BOOST_TEST(s.sim.scheduler.running() == 2U); // a millisecond is full
    s.sim.items_begun[1] = 6;
    s.sim.finished(1, 600us);
    BOOST_TEST(s.sim.scheduler.running() == 2U);
    BOOST_TEST((s.cost.mean() == 100us));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
