#include "simulated_pool.hpp"

#include <process_pool/deadline_timer.hpp>

namespace pool_parts {
namespace {

constexpr time_point never = time_point::max();

struct timed : simulated_pool
{
    void pass(std::chrono::nanoseconds time)
    {
        world.pass(time);
        run_ready();
    }

    std::vector<time_point> expirations;
    deadline_timer timer{*events, loop, [this](time_point now, completion_batch&) { expirations.push_back(now); }};
    const time_point begin = world.now();
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(deadline_timers, timed)

BOOST_AUTO_TEST_CASE(wakes_at_its_deadline_and_not_before)
{
    timer.set(begin + 1s, true);
    pass(1s - 1ns);
    BOOST_TEST(expirations.size() == 0);
    pass(1ns);
    BOOST_REQUIRE(expirations.size() == 1);
    BOOST_TEST((expirations[0] >= begin + 1s));
    BOOST_TEST(!world.has_alarms());
}

BOOST_AUTO_TEST_CASE(a_deadline_that_has_passed_already_wakes_at_once)
{
    timer.set(begin - 1s, true);
    pass(0s);
    BOOST_TEST(expirations.size() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_to_be_done_now_is_done_now)
{
    timer.set(time_point::min(), true);
    world.step(); // to the timer's end
    run_ready();
    BOOST_REQUIRE(expirations.size() == 1);
    BOOST_TEST((expirations[0] >= begin && expirations[0] < begin + 1s));
}

BOOST_AUTO_TEST_CASE(is_not_set_anew_for_a_later_time)
{
    timer.set(begin + 1s, true);
    timer.set(begin + 1s, true);
    timer.set(begin + 2s, true);
    BOOST_TEST(world.ready() == 0); // else the first wait was aborted
    pass(1s);
    BOOST_TEST(expirations.size() == 1);
}

BOOST_AUTO_TEST_CASE(looks_again_when_it_wakes_too_early)
{
    timer.set(begin + 1s, true);
    timer.set(begin + 2s, true);
    pass(1s);
    BOOST_TEST(expirations.size() == 1);
    timer.set(begin + 2s, true); // as after each event
    pass(1s);
    BOOST_TEST(expirations.size() == 2);
}

BOOST_AUTO_TEST_CASE(is_set_anew_for_an_earlier_time_and_the_later_one_is_no_expiry)
{
    timer.set(begin + 2s, true);
    timer.set(begin + 1s, true);
    run_ready();
    BOOST_TEST(expirations.size() == 0);
    pass(1s);
    BOOST_TEST(expirations.size() == 1);
    pass(2s);
    BOOST_TEST(expirations.size() == 1);
}

BOOST_AUTO_TEST_CASE(does_not_hold_the_context_when_nothing_is_to_wait_for)
{
    timer.set(never, false);
    BOOST_TEST(!world.has_alarms());
    timer.set(begin + 1s, true);
    BOOST_TEST(world.has_alarms());
    timer.set(never, false);
    BOOST_TEST(!world.has_alarms());
    run_ready();
    BOOST_TEST(expirations.size() == 0);
    timer.set(never, false);
    BOOST_TEST(world.ready() == 0); // an idle pool cancels once
}

BOOST_AUTO_TEST_CASE(waits_again_after_nothing_was_to_wait_for)
{
    timer.set(begin + 1s, true);
    timer.set(never, false);
    timer.set(begin + 3s, true);
    pass(3s);
    BOOST_TEST(expirations.size() == 1);
}

BOOST_AUTO_TEST_CASE(stays_set_while_the_pool_is_busy_without_a_deadline)
{
    timer.set(begin + 1s, true);
    timer.set(never, true);
    BOOST_TEST(world.has_alarms());
    BOOST_TEST(world.ready() == 0);
}

BOOST_AUTO_TEST_CASE(keeps_the_pool_while_it_waits_and_no_longer)
{
    timer.set(begin + 1s, true);
    BOOST_TEST(events.use_count() > 1);
    timer.cancel();
    run_ready();
    BOOST_TEST(events.use_count() == 1);
    timer.set(begin - 1s, true);
    BOOST_TEST(events.use_count() > 1);
    timer.abandon();
    run_ready();
    BOOST_TEST(events.use_count() == 1);
    BOOST_TEST(expirations.size() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
