// async_map over both pools: what it takes, and in which order it gives.
#define BOOST_TEST_MODULE map
#include <map/number_range.hpp>
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <list>
#include <numeric>
#include <ranges>
#include <sstream>

using namespace test;
using tandem::async_map;
using tandem::map_options;
using tandem::task;

namespace {

int square(int x)
{
    return x * x;
}

// The first of a row is the slowest.
int square_slowly(int x)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(x % 4 == 0 ? 5 : 0));
    return x * x;
}

std::size_t length(const std::string& text)
{
    return text.size();
}

int unbox(std::unique_ptr<int> box)
{
    return *box;
}

std::vector<int> first_integers(int count)
{
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

std::vector<int> squares(int count)
{
    std::vector<int> all = first_integers(count);
    for (int& x : all)
        x *= x;
    return all;
}

// Forward-declared by nobody: a source that can be read once, and gives what can only be moved.
struct boxes
{
    struct iterator
    {
        using value_type = std::unique_ptr<int>;
        using difference_type = std::ptrdiff_t;
        int at = 0;
        std::unique_ptr<int> operator*() const { return std::make_unique<int>(at); }
        iterator& operator++()
        {
            ++at;
            return *this;
        }
        void operator++(int) { ++at; }
        bool operator==(std::default_sentinel_t) const { return at == 10; }
    };
    iterator begin() const { return {}; }
    std::default_sentinel_t end() const { return {}; }
};
static_assert(std::ranges::input_range<boxes>);

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(results_come_in_order, Side, sides)
{
    Side side;
    const auto results = get_soon(async_map(side.pool, task<square_slowly>, first_integers(200), asio::use_future));
    BOOST_TEST(results == squares(200), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_range, Side, sides)
{
    Side side;
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, std::vector<int>(), asio::use_future)).empty());
    get_soon(async_map(side.pool, task<announce_task>, std::vector<std::string>(), asio::use_future));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(ranges_of_many_kinds, Side, sides)
{
    Side side;
    const std::vector<int> kept = first_integers(10);
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, kept, asio::use_future)) == squares(10));
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, std::list<int>(kept.begin(), kept.end()),
                                  asio::use_future)) == squares(10));
    const auto below_ten = [](int x) { return x < 10; };
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, numbers_while(below_ten), asio::use_future)) == squares(10));
    const std::vector<std::string> texts{"a", "bb", ""};
    const std::vector<std::size_t> lengths{1, 2, 0};
    BOOST_TEST(get_soon(async_map(side.pool, task<length>, texts, asio::use_future)) == lengths);
}

#if !defined(__clang__) || __clang_major__ >= 16 // which compiles the views of gcc's library

BOOST_AUTO_TEST_CASE_TEMPLATE(views, Side, sides)
{
    Side side;
    const std::vector<int> kept = first_integers(10);
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, std::views::all(kept), asio::use_future)) == squares(10));
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, std::views::iota(0, 10), asio::use_future)) == squares(10));
    auto odd = kept | std::views::filter([](int x) { return x % 2 == 1; });
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, odd, asio::use_future)).size() == 5U);
    std::istringstream in("1 2 3");
    BOOST_TEST(get_soon(async_map(side.pool, task<square>, std::views::istream<int>(in), asio::use_future)).size() ==
               3U);
}

#endif

BOOST_AUTO_TEST_CASE_TEMPLATE(elements_that_can_only_be_moved, Side, sides)
{
    Side side;
    BOOST_TEST(get_soon(async_map(side.pool, task<unbox>, boxes(), asio::use_future)) == first_integers(10));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(results_that_can_only_be_moved, Side, sides)
{
    Side side;
    const auto results = get_soon(async_map(side.pool, task<boxed>, first_integers(10), asio::use_future));
    BOOST_TEST(results.size() == 10U);
    BOOST_TEST(*results.at(9) == 9);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(void_results, Side, sides)
{
    Side side;
    const gate place;
    get_soon(async_map(side.pool, task<announce_task>, std::vector<std::string>(5, place.path()), asio::use_future));
    BOOST_TEST(place.begun() == 5U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(awaited, Side, sides)
{
    Side side;
    const auto results = run(side, [](auto& pool) -> asio::awaitable<std::vector<int>> {
        co_return co_await async_map(pool, task<square>, first_integers(20), map_options{.in_flight = 3});
    }(side.pool));
    BOOST_TEST(results == squares(20));
}

BOOST_AUTO_TEST_CASE(a_callable_on_threads)
{
    threads side;
    int offset = 100;
    const auto results = get_soon(async_map(
        side.pool, [offset](int x) { return x + offset; }, first_integers(3), asio::use_future));
    const std::vector<int> expected{100, 101, 102};
    BOOST_TEST(results == expected);
}

// Of which stats() counts the parts.
BOOST_AUTO_TEST_CASE(options_without_a_limit_of_time_keep_calls_together_on_threads)
{
    constexpr int count = 10'000;
    const tandem::run_options all[] = {
        {.label = "mine"}, {.priority = 1}, {.priority = -1}, {.retries = 1}, {.grace_period = std::chrono::hours(1)}};
    for (const tandem::run_options& run : all) {
        threads side(2);
        BOOST_TEST(get_soon(async_map(side.pool, square, first_integers(count), map_options{.run = run},
                                      asio::use_future)) == squares(count));
        side.pool.join();
        BOOST_TEST_MESSAGE(side.pool.stats().completed << " parts");
        BOOST_TEST(side.pool.stats().completed < count / 10U);
    }
}

BOOST_AUTO_TEST_CASE(no_more_than_in_flight_are_under_way)
{
    threads side(4);
    std::atomic<int> now{0}, most{0};
    const auto counted = [&](int) {
        for (int seen = most, mine = ++now; seen < mine && !most.compare_exchange_weak(seen, mine);) {
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        --now;
    };
    get_soon(async_map(side.pool, counted, first_integers(40), map_options{.in_flight = 2}, asio::use_future));
    BOOST_TEST(most <= 2);
    BOOST_TEST(most >= 1);
    // And elements are taken when they are to be run.
    std::atomic<int> taken{0}, ended{0}, ahead{0};
    const numbers source(40, [&](int x) {
        const int lead = ++taken - ended;
        if (lead > ahead)
            ahead = lead;
        return x;
    });
    get_soon(async_map(
        side.pool, [&](int) { ++ended; }, source, map_options{.in_flight = 3}, asio::use_future));
    BOOST_TEST(taken == 40);
    BOOST_TEST(ahead <= 3);
}
