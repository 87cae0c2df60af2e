#include "http/connection/waiting_lines.hpp"

#include <boost/test/unit_test.hpp>

#include <compare>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(places_in_line)

namespace {

/// A host that counts how often it is looked at.
struct counted_host
{
    int number;
    static inline std::size_t looked_at = 0;

    friend std::strong_ordering operator<=>(const counted_host& left, const counted_host& right)
    {
        ++looked_at;
        return left.number <=> right.number;
    }
    friend bool operator==(const counted_host& left, const counted_host& right) { return (left <=> right) == 0; }
};

using lines_of_names = tandem::http::waiting_lines<char, std::string>;

/// All who may go on, in their order.
std::string served(lines_of_names& lines)
{
    std::string result;
    while (const auto first = lines.first()) {
        result += first->waiter() + ' ';
        lines.leave(*first);
    }
    return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(are_served_in_the_order_of_arrival_among_those_that_are_open)
{
    lines_of_names lines;
    const auto fill = [&lines] {
        lines.join('a', "a1", true);
        lines.join('b', "b1", false);
        lines.join('a', "a2", true);
        lines.join('c', "c1", true);
        lines.join('b', "b2", false);
        lines.join('c', "c2", true);
    };
    fill();
    BOOST_TEST(served(lines) == "a1 a2 c1 c2 ");
    lines.set_open('b', true);
    BOOST_TEST(served(lines) == "b1 b2 ");
    fill();
    lines.set_open('b', true);
    lines.set_open('c', false);
    BOOST_TEST(served(lines) == "a1 b1 a2 b2 ");
    lines.set_open('c', true);
    BOOST_TEST(served(lines) == "c1 c2 ");
    lines.set_open('c', true);
    BOOST_TEST(served(lines) == "");
}

BOOST_AUTO_TEST_CASE(may_be_left_anywhere)
{
    lines_of_names lines;
    const auto a1 = lines.join('a', "a1", true);
    const auto a2 = lines.join('a', "a2", true);
    lines.join('b', "b1", true);
    const auto a3 = lines.join('a', "a3", true);
    lines.join('a', "a4", true);
    lines.leave(a1);
    lines.leave(a3);
    BOOST_TEST(lines.first()->waiter() == "a2");
    lines.leave(a2);
    BOOST_TEST(served(lines) == "b1 a4 ");
    lines.leave(lines.join('a', "a5", false));
    BOOST_TEST(served(lines) == "");
}

// The cost of a place of one host does not grow with who waits for another.
BOOST_AUTO_TEST_CASE(of_other_hosts_are_not_looked_at)
{
    constexpr std::size_t many = 20'000;
    tandem::http::waiting_lines<counted_host, std::size_t> lines;
    for (std::size_t i = 0; i < many; ++i) {
        lines.join({1}, i, false);
    }
    counted_host::looked_at = 0;
    for (std::size_t i = 0; i < many; ++i) {
        lines.join({2}, i, false);
        lines.set_open({2}, true);
        const auto first = lines.first();
        BOOST_TEST_REQUIRE(first.has_value());
        BOOST_TEST_REQUIRE(first->waiter() == i);
        lines.leave(*first);
    }
    BOOST_TEST_MESSAGE(counted_host::looked_at << " hosts looked at for " << many << " places");
    BOOST_TEST(counted_host::looked_at <= 10 * many);
}

BOOST_AUTO_TEST_SUITE_END()
