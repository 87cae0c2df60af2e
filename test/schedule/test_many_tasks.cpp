// However many tasks wait, an event ends few of them, and the next event goes on.
#include "simulation.hpp"

#include <numeric>
#include <vector>

namespace tandem::schedule {
namespace {

constexpr std::size_t many = 1000;
constexpr std::size_t few = 256; // that are in nobody's way

/// How the tasks ended, and how many of them in one event.
struct ended_tasks
{
    std::vector<std::uint64_t> ids;
    std::vector<outcome> outcomes;
    std::size_t most_at_once = 0;
    std::size_t others = 0; // of the actions

    void take(simulation& s)
    {
        std::size_t now = 0;
        for (const action& a : s.take_actions()) {
            if (a.what != action::kind::complete) {
                ++others;
                continue;
            }
            ids.push_back(a.subject->id);
            outcomes.push_back(a.why);
            ++now;
        }
        most_at_once = std::max(most_at_once, now);
    }

    /// Until there is nothing left to be done now.
    void take_all(simulation& s)
    {
        take(s);
        for (std::size_t events = 0; s.scheduler.next_deadline() <= s.clock.now(); ++events) {
            BOOST_REQUIRE(events != many);
            s.pass(0s);
            take(s);
        }
    }

    void check(outcome why, std::uint64_t first = 1) const
    {
        std::vector<std::uint64_t> expected(many);
        std::iota(expected.begin(), expected.end(), first);
        BOOST_TEST(ids == expected, boost::test_tools::per_element());
        BOOST_TEST(std::ranges::count(outcomes, why) == static_cast<std::ptrdiff_t>(many));
        BOOST_TEST(most_at_once <= few);
    }
};

/// Tasks that wait for a worker's start.
void submit_many(simulation& s, std::chrono::nanoseconds queue_timeout = 0s)
{
    for (std::size_t i = 0; i != many; ++i)
        s.submit(s.make(0s, queue_timeout));
    s.take();
}

} // namespace

BOOST_AUTO_TEST_SUITE(many_tasks)

BOOST_AUTO_TEST_CASE(cancelling_all_ends_a_few_at_a_time_in_their_order)
{
    simulation s(1);
    submit_many(s);
    s.cancel_all();
    BOOST_TEST(s.scheduler.queued() >= many - few);
    ended_tasks ended;
    ended.take_all(s);
    ended.check(outcome::aborted);
    BOOST_TEST(s.scheduler.queued() == 0u);
    BOOST_TEST((s.scheduler.next_deadline() > s.clock.now()));
}

BOOST_AUTO_TEST_CASE(time_outs_of_one_moment_pass_a_few_at_a_time)
{
    simulation s(1);
    submit_many(s, 1s);
    s.pass(1s);
    ended_tasks ended;
    ended.take_all(s);
    ended.check(outcome::queue_timeout);
}

BOOST_AUTO_TEST_CASE(a_shutdown_lets_workers_go_when_the_last_has_ended)
{
    simulation s(1);
    submit_many(s);
    s.shutdown({.mode = shutdown_mode::cancel_queued});
    ended_tasks ended;
    ended.take(s);
    s.ready(1); // it would be idle, and let go
    ended.take(s);
    BOOST_TEST(ended.others == 0u);
    BOOST_TEST(s.scheduler.running() == 0u);
    ended.take_all(s);
    ended.check(outcome::aborted);
    BOOST_TEST(ended.others == 1u);
}

BOOST_AUTO_TEST_CASE(starts_without_hope_fail_a_few_tasks_at_a_time)
{
    simulation s(1);
    submit_many(s);
    s.gone(1, false);
    ended_tasks ended;
    ended.take_all(s);
    ended.check(outcome::start_failed);
}

BOOST_AUTO_TEST_CASE(retries_of_one_moment_come_back_a_few_at_a_time)
{
    simulation s(1, {.most_sent = 1});
    s.slow_to_begin = false;
    std::size_t worker = 1;
    for (std::size_t i = 0; i != many; ++i) {
        task& t = s.make(0s, 0s, 1);
        options_of(t).retry_delay = 1h;
        s.submit(t);
        s.ready(static_cast<worker_id>(worker));
        s.gone(static_cast<worker_id>(worker));
        ++worker;
    }
    s.take();
    s.pass(1h);
    s.take();
    BOOST_TEST(s.scheduler.queued() == many);
    std::size_t events = 1;
    for (; s.scheduler.next_deadline() <= s.clock.now(); ++events)
        s.pass(0s);
    BOOST_TEST(events >= many / few);
    s.cancel_all();
    ended_tasks ended;
    ended.take_all(s);
    BOOST_TEST(ended.ids.size() == many);
}

BOOST_AUTO_TEST_CASE(what_comes_after_the_cancellation_is_not_cancelled)
{
    simulation s(1);
    submit_many(s, 1h);
    s.cancel_all();
    ended_tasks ended;
    ended.take(s);
    task& later = s.make();
    s.submit(later);
    s.ready(1);
    ended.take_all(s);
    ended.check(outcome::aborted);
    BOOST_TEST(s.has_begun(later));
    s.finished(1);
}

BOOST_AUTO_TEST_CASE(what_has_yet_to_end_can_be_cancelled_alone_and_ends_once)
{
    for (const std::size_t which : {few + 1, many / 2, many}) {
        simulation s(1);
        submit_many(s);
        s.cancel_all();
        ended_tasks ended;
        ended.take(s);
        s.cancel(s.tasks[which - 1], cancellation::total);
        ended.take_all(s);
        std::ranges::sort(ended.ids);
        ended.check(outcome::aborted);
    }
}

BOOST_AUTO_TEST_CASE(what_was_dropped_first_says_why_though_its_time_out_passes_meanwhile)
{
    simulation s(1);
    submit_many(s, 1s);
    s.cancel_all();
    s.pass(2s);
    ended_tasks ended;
    ended.take_all(s);
    ended.check(outcome::aborted);
}

BOOST_AUTO_TEST_CASE(two_cancellations_end_all_that_were_there_before_each)
{
    simulation s(1);
    submit_many(s);
    ended_tasks ended;
    s.cancel_all();
    ended.take(s);
    submit_many(s);
    s.cancel_all();
    ended.take_all(s);
    BOOST_TEST(ended.ids.size() == 2 * many);
    BOOST_TEST(std::ranges::is_sorted(ended.ids));
}

BOOST_AUTO_TEST_CASE(no_worker_gets_what_has_expired_and_not_ended_yet)
{
    simulation s(1);
    submit_many(s, 1s);
    task& last = s.make();
    s.submit(last);
    s.pass(1s);
    ended_tasks ended;
    ended.take(s);
    s.ready(1);
    ended.take_all(s);
    ended.check(outcome::queue_timeout);
    BOOST_TEST(s.runs.size() == 1u);
    BOOST_TEST(s.has_begun(last));
}

BOOST_AUTO_TEST_CASE(others_do_not_end_where_a_task_is_submitted)
{
    simulation s(1);
    submit_many(s, 1s);
    s.ready(1);
    s.take();
    s.clock.advance(1s); // and nobody looks
    s.finished(1, 1s);
    const auto has_ended = [&s] {
        return std::ranges::any_of(s.take_actions(), [](const action& a) { return a.what == action::kind::complete; });
    };
    BOOST_TEST(!has_ended());
    s.submit(s.make());
    BOOST_TEST(!has_ended());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
