// What all maps have in common, without a pool: the test plays pool, threads and user.
#include <tandem/detail/map_progress.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using boost::asio::cancellation_type;
using tandem::detail::canceller;
using tandem::detail::map_progress;

struct told_calls
{
    std::string text; // of each call that was cancelled: its name and the type

    canceller cancel(char name)
    {
        return [this, name](cancellation_type type) {
            text += name;
            text += std::to_string(static_cast<unsigned>(type)) + ' ';
        };
    }
};

std::string told(char name, cancellation_type type)
{
    return name + std::to_string(static_cast<unsigned>(type)) + ' ';
}

std::exception_ptr some_failure()
{
    return std::make_exception_ptr(std::runtime_error("no"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(a_map_is_completed_by_its_last_call_when_nothing_is_left)
{
    map_progress p;
    const auto start = p.add();
    BOOST_TEST(p.want(2));
    BOOST_TEST(p.goes_on(false));
    const auto first = p.add();
    BOOST_TEST(p.goes_on(false));
    const auto second = p.add();
    BOOST_TEST(!p.goes_on(false));
    BOOST_TEST(!p.end(start));
    BOOST_TEST(p.want(1));
    BOOST_TEST(p.goes_on(false));
    BOOST_TEST(!p.goes_on(true)); // the range's end
    BOOST_TEST(!p.end(first));
    BOOST_TEST(p.end(second));
    BOOST_TEST(!p.take_error());
}

BOOST_AUTO_TEST_CASE(another_threads_wishes_are_met_by_the_one_whose_turn_it_is)
{
    map_progress p;
    BOOST_TEST(p.want(1));
    BOOST_TEST(p.goes_on(false));
    BOOST_TEST(!p.want(1));
    BOOST_TEST(p.goes_on(false));
    BOOST_TEST(!p.goes_on(false));
}

BOOST_AUTO_TEST_CASE(the_first_failure_counts_and_cancels_the_latest_first)
{
    map_progress p;
    told_calls seen;
    const auto first = p.add(), second = p.add();
    p.set_canceller(first, seen.cancel('a'));
    p.set_canceller(second, seen.cancel('b'));
    p.fail(some_failure());
    p.fail(std::make_exception_ptr(std::logic_error("later")));
    BOOST_TEST(seen.text == told('b', cancellation_type::partial) + told('a', cancellation_type::partial));
    BOOST_TEST(p.has_failed());
    BOOST_TEST(p.want(1));
    BOOST_TEST(!p.goes_on(false));
    BOOST_TEST(!p.end(first));
    BOOST_TEST(p.end(second));
    BOOST_CHECK_THROW(std::rethrow_exception(p.take_error()), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(each_type_of_cancellation_is_passed_on)
{
    map_progress p;
    told_calls seen;
    p.add(seen.cancel('a'));
    p.cancel(cancellation_type::total);
    p.cancel(cancellation_type::terminal);
    p.cancel(cancellation_type::terminal);
    BOOST_TEST(seen.text == told('a', cancellation_type::total) + told('a', cancellation_type::terminal) +
                                told('a', cancellation_type::terminal));
}

BOOST_AUTO_TEST_CASE(a_call_that_is_handed_over_late_is_cancelled_then)
{
    map_progress p;
    told_calls seen;
    const auto call = p.add(), ended = p.add();
    p.set_canceller(call, seen.cancel('a'));
    p.set_canceller(ended, seen.cancel('b'));
    p.cancel(cancellation_type::total);
    p.cancel(cancellation_type::partial);
    seen.text.clear(); // the pool did not know them
    BOOST_TEST(!p.end(ended)); // it was quicker
    p.handed_over(ended);
    p.handed_over(call);
    BOOST_TEST(seen.text == told('a', cancellation_type::total | cancellation_type::partial));
}

BOOST_AUTO_TEST_CASE(what_is_taken_out_of_a_call_while_others_are_cancelled_is_cancelled_too)
{
    map_progress p;
    told_calls seen;
    const auto first = p.add(), second = p.add();
    p.set_canceller(first, seen.cancel('a'));
    p.set_canceller(second, [&](cancellation_type) { p.add(seen.cancel('c')); });
    p.cancel(cancellation_type::total);
    BOOST_TEST(seen.text == told('a', cancellation_type::total) + told('c', cancellation_type::total));
    BOOST_TEST(!p.end(first));
    BOOST_TEST(!p.end(second));
}

BOOST_AUTO_TEST_CASE(a_call_that_completes_the_map_while_it_is_cancelled_completes_it_once)
{
    map_progress p;
    int completions = 0;
    const auto first = p.add(), second = p.add();
    const auto end = [&](map_progress::call_id call) { completions += p.end(call) ? 1 : 0; };
    p.set_canceller(first, [&](cancellation_type) { end(first); });
    p.set_canceller(second, [&](cancellation_type) { end(second); });
    p.cancel(cancellation_type::terminal);
    BOOST_TEST(completions == 1);
    p.cancel(cancellation_type::terminal);
    BOOST_TEST(completions == 1);
}

BOOST_AUTO_TEST_CASE(a_call_that_has_not_begun_is_not_waited_for)
{
    map_progress p;
    const auto begun = p.add_unbegun(), unbegun = p.add_unbegun();
    BOOST_TEST(p.begin(begun));
    p.set_exhausted();
    BOOST_TEST(p.end(begun));
    BOOST_TEST(!p.begin(unbegun));
    BOOST_TEST(!p.end(unbegun));
}

BOOST_AUTO_TEST_SUITE_END()
