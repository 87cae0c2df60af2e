// What a worker tells of its processor time and memory, and how often it looks.
#include <worker/usage_report.hpp>

#include <worker/memory_use.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>

namespace {

using namespace std::chrono_literals;
using tandem::status::status_page;
using tandem::status::time_point;
using tandem::worker::usage_report;

constexpr std::uint64_t untouched = 1;

struct fixture
{
    std::unique_ptr<status_page> page = std::make_unique<status_page>();
    time_point now = time_point(1h);

    // How often it looks at the memory while tasks of `each` end, `count` of them.
    int looks(bool has_memory, std::chrono::nanoseconds each, int count)
    {
        usage_report report(*page, has_memory);
        int looked = 0;
        for (int i = 0; i != count; ++i) {
            page->resident_memory = untouched;
            report.update(now += each);
            looked += page->resident_memory != untouched ? 1 : 0;
        }
        return looked;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usage, fixture)

BOOST_AUTO_TEST_CASE(of_small_tasks_memory_is_looked_at_each_millisecond)
{
    BOOST_TEST(looks(true, 1us, 10'000) == 10);
    BOOST_TEST(looks(true, 200ns, 10'000) == 2);
}

BOOST_AUTO_TEST_CASE(of_longer_tasks_it_is_looked_at_after_each)
{
    BOOST_TEST(looks(true, 1ms, 100) == 100);
    BOOST_TEST(looks(true, 5s, 100) == 100);
}

BOOST_AUTO_TEST_CASE(it_is_not_looked_at_where_nobody_asked)
{
    BOOST_TEST(looks(false, 5ms, 100) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_told_is_what_is_used)
{
    usage_report report(*page, true);
    report.begin();
    BOOST_TEST(page->cpu_time > 0);
    BOOST_TEST(page->resident_memory == 0U);
    report.update(now);
    const auto told = page->resident_memory.load();
    const auto used = tandem::worker::resident_bytes();
    BOOST_TEST(told > used / 2, told << " of " << used);
    BOOST_TEST(told < 2 * used, told << " of " << used);
}

BOOST_AUTO_TEST_SUITE_END()
