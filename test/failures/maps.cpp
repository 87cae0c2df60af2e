// Maps on processes and on threads.
#include <failures/every_call.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/test/unit_test.hpp>

#include <list>
#include <stdexcept>
#include <vector>

namespace test::failures {
namespace {

int twice(int value)
{
    if (value < 0)
        throw std::invalid_argument("negative");
    return 2 * value;
}

const std::vector<int> numbers{1, 2, 3, 4, 5, 6};
const std::vector<int> with_a_negative{1, 2, 3, -4, 5, 6};

void map_on_processes(const std::vector<int>& values)
{
    fail_every_call({.prepare = [](site& s) { make_busy_pool(s); },
                     .act = [&](site& s) {
                         s.begin([&](recorder handler) {
                             tandem::async_map(*s.cpu, tandem::task<twice>, values, std::move(handler));
                         });
                     }});
}

template <class Range>
void map_on_threads(const Range& values)
{
    fail_every_call({.prepare = [](site& s) { s.io.emplace(1U); },
                     .act = [&](site& s) {
                         s.begin([&](recorder handler) {
                             tandem::async_map(*s.io, twice, values, std::move(handler));
                         });
                     }});
}

BOOST_AUTO_TEST_SUITE(maps)

BOOST_AUTO_TEST_CASE(each_call_of_a_map_on_processes_may_fail)
{
    map_on_processes(numbers);
}

BOOST_AUTO_TEST_CASE(each_call_of_a_map_that_ends_in_an_error_may_fail)
{
    map_on_processes(with_a_negative);
}

BOOST_AUTO_TEST_CASE(each_call_of_a_map_on_threads_may_fail)
{
    map_on_threads(numbers);
}

BOOST_AUTO_TEST_CASE(each_call_of_a_map_on_threads_that_ends_in_an_error_may_fail)
{
    map_on_threads(with_a_negative);
}

BOOST_AUTO_TEST_CASE(each_call_of_a_map_of_single_calls_on_threads_may_fail)
{
    map_on_threads(std::list<int>(numbers.begin(), numbers.end()));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace test::failures
