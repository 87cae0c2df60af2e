#include "simulated_pool.hpp"

#include <boost/asio/error.hpp>

namespace pool_parts {

BOOST_FIXTURE_TEST_SUITE(events_of_a_pool, simulated_pool)

BOOST_AUTO_TEST_CASE(a_function_ref_calls_the_function_that_it_refers_to)
{
    int calls = 0;
    auto count = [&calls](int& given, std::unique_ptr<int> moved) {
        ++calls;
        given = *moved;
        return 2 * *moved;
    };
    const function_ref<int(int&, std::unique_ptr<int>)> reference(count);
    int given = 0;
    BOOST_TEST(reference(given, std::make_unique<int>(3)) == 6);
    BOOST_TEST(given == 3);
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_function_ref_refers_to_the_function_and_not_to_the_original)
{
    const auto plus_one = [](int a) { return a + 1; };
    const auto plus_two = [](int a) { return a + 2; };
    function_ref<int(int)> original(plus_one);
    const function_ref<int(int)> copy(original);
    original = function_ref<int(int)>(plus_two);
    BOOST_TEST(copy(1) == 2);
    BOOST_TEST(original(1) == 3);
}

BOOST_AUTO_TEST_CASE(an_event_that_goes_on_later_is_told_how_its_wait_ended_and_when)
{
    boost::system::error_code given;
    time_point when{};
    auto next = continue_with(*events, [&](const auto& error, time_point now, completion_batch&) {
        given = error;
        when = now;
        BOOST_TEST(events->is_locked);
    });
    BOOST_TEST(events->runs == 0);
    world.pass(1s);
    next(boost::asio::error::operation_aborted);
    BOOST_TEST(events->runs == 1);
    BOOST_TEST(given == boost::asio::error::operation_aborted);
    BOOST_TEST((when == world.now()));
}

BOOST_AUTO_TEST_CASE(the_pool_is_there_until_the_event_has_run)
{
    auto pool = std::make_shared<recorded_events>(world);
    const std::weak_ptr<recorded_events> seen = pool;
    bool was_there = false;
    {
        auto next = continue_with(*pool, [&](const auto&, time_point, completion_batch&) { was_there = !seen.expired(); });
        pool.reset();
        next({});
        BOOST_TEST(was_there);
    }
    BOOST_TEST(seen.expired());
}

BOOST_AUTO_TEST_CASE(an_event_that_never_comes_lets_the_pool_go)
{
    {
        const auto next = continue_with(*events, [](const auto&, time_point, completion_batch&) {});
        BOOST_TEST(events.use_count() == 2);
    }
    BOOST_TEST(events.use_count() == 1);
    BOOST_TEST(events->runs == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
