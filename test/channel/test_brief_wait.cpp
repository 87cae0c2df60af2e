#include <channel/brief_wait.hpp>

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using tandem::channel::brief_wait;
using tandem::channel::longest_brief_wait;

namespace {

// How many of the last 1,000 of so many waits are spent looking, where waits take that long, with so long a pause after each.
int looks(brief_wait& wait, std::chrono::nanoseconds looking, std::chrono::nanoseconds sleeping, int waits = 2000,
          std::chrono::nanoseconds pause = 3us)
{
    brief_wait::time_point now(1h);
    int count = 0;
    for (int i = 0; i != waits; ++i) {
        const bool is_looking = wait.begin(now);
        count += i >= waits - 1000 && is_looking;
        now += is_looking ? looking : sleeping;
        wait.end(now);
        now += pause;
    }
    return count;
}

} // namespace

BOOST_AUTO_TEST_SUITE(brief_waits)

BOOST_AUTO_TEST_CASE(looks_where_that_is_quicker)
{
    brief_wait wait;
    BOOST_TEST(looks(wait, 4us, 50us) > 900);
    BOOST_TEST(looks(wait, 20us, 8us) < 100); // others want the processors now
    BOOST_TEST(looks(wait, 4us, 50us) > 900);
}

BOOST_AUTO_TEST_CASE(sleeps_where_waits_are_long)
{
    brief_wait wait;
    BOOST_TEST(looks(wait, 10ms, 10ms) < 100);
    BOOST_TEST(looks(wait, 10ms, 9ms) < 100);
}

// What looks where others want the processors loses its own for milliseconds.
BOOST_AUTO_TEST_CASE(tries_more_seldom_as_long_as_that_changes_nothing)
{
    brief_wait wait;
    BOOST_TEST(looks(wait, 4ms, 50us, 20'000) <= 4);
    BOOST_TEST(looks(wait, 4us, 50us, 20'000) >= 996);
    BOOST_TEST(looks(wait, 60us, 50us, 20'000) <= 4);
}

BOOST_AUTO_TEST_CASE(sleeps_where_waits_do_not_follow_each_other)
{
    brief_wait wait;
    BOOST_TEST(looks(wait, 4us, 50us, 2000, 1ms) == 0);
    BOOST_TEST(looks(wait, 4us, 50us) > 900);
    BOOST_TEST(looks(wait, 4us, 50us, 2000, 101us) == 0);
}

BOOST_AUTO_TEST_CASE(looks_for_no_longer_than_that)
{
    brief_wait wait;
    const brief_wait::time_point now(1h);
    wait.begin(now);
    BOOST_TEST(!wait.is_over(now + longest_brief_wait));
    BOOST_TEST(wait.is_over(now + longest_brief_wait + 1us));
}

BOOST_AUTO_TEST_SUITE_END()
