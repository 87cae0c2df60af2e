#include <schedule/indexed_heap.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace tandem::schedule {
namespace {

struct numbered
{
    int number = 0;
    heap_place place{};
};

struct smaller
{
    bool operator()(const numbered& one, const numbered& other) const noexcept { return one.number < other.number; }
};

using heap = indexed_heap<numbered, smaller, &numbered::place>;

} // namespace

BOOST_AUTO_TEST_SUITE(heaps)

BOOST_AUTO_TEST_CASE(the_first_is_the_least_whatever_is_put_in_changed_and_removed)
{
    std::minstd_rand random(1);
    std::array<numbered, 40> all{};
    heap tested;
    tested.reserve(all.size());
    BOOST_TEST(!tested.first());
    for (int i = 0; i != 20'000; ++i) {
        numbered& one = all[random() % all.size()];
        if (random() % 3 == 0) {
            tested.remove(one);
        } else {
            one.number = static_cast<int>(random() % 100);
            tested.put(one);
        }
        std::vector<int> in;
        for (const numbered& n : all)
            if (tested.contains(n))
                in.push_back(n.number);
        std::ranges::sort(in);
        BOOST_TEST_REQUIRE((in.empty() ? tested.first() == nullptr : tested.first() && tested.first()->number == in.front()));
        std::vector<int> small;
        tested.for_each_while([](const numbered& n) { return n.number < 50; }, [&](numbered& n) { small.push_back(n.number); });
        std::ranges::sort(small);
        in.erase(std::ranges::lower_bound(in, 50), in.end());
        BOOST_TEST_REQUIRE((small == in));
    }
    tested.clear();
    BOOST_TEST(!tested.first());
    BOOST_TEST(std::ranges::none_of(all, [&](const numbered& n) { return tested.contains(n); }));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace tandem::schedule
