// What a map on threads copies: neither the callable, nor elements that it owns.
#include <support/sides.hpp>

#include <tandem/map.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <span>
#include <utility>
#include <vector>

using namespace test;
using tandem::async_map;
using tandem::map_options;
using tandem::run_options;
using tandem::task;

BOOST_AUTO_TEST_SUITE(copies)

namespace {

// Slices of elements that lie together, calls one by one, and calls that may be run again: those with limits of time.
const map_options ways[] = {
    {}, {.run = {.queue_timeout = std::chrono::hours(1)}}, {.run = {.run_timeout = std::chrono::hours(1), .retries = 1}}};

template <class Tag>
struct counted
{
    explicit counted(int n) : number(n) {}
    counted(const counted& other) : number(other.number) { ++made; }
    counted(counted&& other) noexcept : number(std::exchange(other.number, -1)) {}
    counted& operator=(const counted&) = delete;

    int number;
    static inline std::atomic<int> made = 0;
};

using element = counted<struct of_elements>;
using part = counted<struct of_functions>;

struct by_reference
{
    int operator()(const element& e) const { return e.number + held.number; }
    part held{100};
};
struct by_value
{
    int operator()(element e) const { return e.number + held.number; }
    part held{100};
};
struct move_only
{
    int operator()(std::unique_ptr<int> box) const { return *box + *held; }
    std::unique_ptr<int> held = std::make_unique<int>(100);
};

int unboxed(std::unique_ptr<int> box)
{
    return *box;
}

std::vector<element> elements()
{
    std::vector<element> all;
    all.reserve(20);
    for (int i = 0; i != 20; ++i)
        all.emplace_back(i);
    return all;
}

std::vector<std::unique_ptr<int>> boxes_of_integers()
{
    std::vector<std::unique_ptr<int>> all;
    for (int i = 0; i != 20; ++i)
        all.push_back(std::make_unique<int>(i));
    return all;
}

std::vector<int> sums(int offset)
{
    std::vector<int> all;
    for (int i = 0; i != 20; ++i)
        all.push_back(i + offset);
    return all;
}

template <class Function, class Range>
void check(const map_options& way, Function function, Range range, int most_copies)
{
    threads side;
    element::made = part::made = 0;
    BOOST_TEST(get_soon(async_map(side.pool, std::move(function), std::move(range), way, asio::use_future)) == sums(100));
    BOOST_TEST(part::made == 0);
    BOOST_TEST(element::made <= most_copies);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_containers_elements_are_moved_to_the_calls)
{
    for (const map_options& way : ways) {
        const int each = way.run.retries != 0 ? 20 : 0; // what may be run again is kept
        check(way, by_reference(), elements(), 0);
        check(way, by_value(), elements(), each);
    }
}

BOOST_AUTO_TEST_CASE(a_views_elements_are_copied_once_or_referred_to)
{
    auto all = elements();
    check(map_options(), by_reference(), std::span(all), 0);
    check(map_options(), by_value(), std::span(all), 20);
    check(ways[1], by_reference(), std::span(all), 20);
    check(ways[1], by_value(), std::span(all), 20);
    BOOST_TEST(all.at(7).number == 7);
}

// It looks like a container, and its elements are others' as well.
struct handle
{
    std::shared_ptr<std::vector<element>> all;
    element* begin() const { return all->data(); }
    element* end() const { return all->data() + all->size(); }
};

BOOST_AUTO_TEST_CASE(elements_that_others_have_as_well_are_not_moved)
{
    const handle shared{std::make_shared<std::vector<element>>(elements())};
    for (const map_options& way : ways) {
        check(way, by_value(), shared, 40);
        BOOST_TEST(shared.all->at(7).number == 7);
    }
}

BOOST_AUTO_TEST_CASE(callables_and_elements_may_be_movable_only)
{
    for (const map_options& way : ways) {
        threads side;
        BOOST_TEST(get_soon(async_map(side.pool, move_only(), boxes_of_integers(), way, asio::use_future)) == sums(100));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(elements_of_a_container_may_be_movable_only_for_a_task, Side, sides)
{
    Side side;
    BOOST_TEST(get_soon(async_map(side.pool, task<unboxed>, boxes_of_integers(), asio::use_future)) == sums(0));
}

BOOST_AUTO_TEST_SUITE_END()
