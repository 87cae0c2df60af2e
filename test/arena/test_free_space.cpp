// Which part of an arena is given out next, and what loses its memory.
#include <arena/free_space.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using tandem::arena::block;
using tandem::arena::free_space;

BOOST_AUTO_TEST_SUITE(free_spaces)

namespace {

constexpr std::uint64_t nowhere = ~std::uint64_t{0};

std::uint64_t take(free_space& space, std::uint64_t size, bool warm)
{
    const auto taken = space.take(size);
    if (!taken)
        return nowhere;
    BOOST_TEST(taken->is_warm == warm);
    return taken->position;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_was_freed_last_is_taken_first)
{
    free_space space({0, 100}, 100);
    BOOST_TEST(take(space, 10, false) == 0U);
    BOOST_TEST(take(space, 10, false) == 10U);
    BOOST_TEST(take(space, 10, false) == 20U);
    BOOST_TEST(take(space, 10, false) == 30U);
    space.give_back({20, 10});
    space.give_back({0, 10});
    BOOST_TEST(take(space, 10, true) == 0U);
    BOOST_TEST(take(space, 10, true) == 20U);
    BOOST_TEST(take(space, 60, false) == 40U);
    BOOST_TEST(take(space, 1, false) == nowhere);
}

BOOST_AUTO_TEST_CASE(beyond_the_bound_the_oldest_loses_its_memory)
{
    free_space space({0, 100}, 15);
    for (std::uint64_t i = 0; i != 5; ++i)
        take(space, 10, false);
    BOOST_TEST(space.give_back({0, 10}).empty());
    const auto lost = space.give_back({20, 10});
    BOOST_REQUIRE(lost.size() == 1U);
    BOOST_TEST(lost[0].position == 0U);
    BOOST_TEST(lost[0].size == 10U);
    BOOST_TEST(take(space, 10, true) == 20U);
    BOOST_TEST(take(space, 10, false) == 0U);
}

BOOST_AUTO_TEST_CASE(pieces_with_and_without_memory_join_when_all_is_shed)
{
    free_space space({0, 30}, 100);
    take(space, 10, false);
    space.give_back({0, 10});
    BOOST_TEST(take(space, 30, false) == nowhere); // 10 have memory, 20 have none
    BOOST_TEST(space.shed().size() == 1U);
    BOOST_TEST(take(space, 30, false) == 0U);
}

BOOST_AUTO_TEST_CASE(no_two_blocks_overlap_and_nothing_gets_lost)
{
    std::mt19937 random(1);
    free_space space({1000, 10'000}, 2'000);
    std::map<std::uint64_t, std::uint64_t> held;
    for (int i = 0; i != 20'000; ++i) {
        const std::uint64_t size = 1 + random() % 800;
        if (random() % 2 == 0) {
            const auto taken = space.take(size);
            if (!taken)
                continue;
            const auto next = held.upper_bound(taken->position);
            BOOST_REQUIRE((taken->position >= 1000 && taken->position + size <= 11'000));
            BOOST_REQUIRE((next == held.end() || taken->position + size <= next->first));
            BOOST_REQUIRE(
                (next == held.begin() || std::prev(next)->first + std::prev(next)->second <= taken->position));
            held.emplace(taken->position, size);
        } else if (!held.empty()) {
            auto it = held.lower_bound(1000 + random() % 10'000);
            it = it == held.end() ? held.begin() : it;
            space.give_back({it->first, it->second}, random() % 4 != 0);
            held.erase(it);
        }
    }
    for (const auto& [position, size] : held)
        space.give_back({position, size});
    space.shed();
    BOOST_TEST(take(space, 10'000, false) == 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
