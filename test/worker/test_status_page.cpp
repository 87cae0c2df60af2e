// What a worker says in its page, as the pool takes it.
#include <status/status_page.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>

BOOST_AUTO_TEST_SUITE(status_page)

namespace {

using tandem::status::slot;
using tandem::status::time_point;

constexpr std::int64_t extremes[] = {std::numeric_limits<std::int64_t>::min(),
                                     std::numeric_limits<std::int64_t>::min() + 1,
                                     -1,
                                     0,
                                     1,
                                     std::numeric_limits<std::int64_t>::max() - 1,
                                     std::numeric_limits<std::int64_t>::max()};

// A sum or a difference that overflows shows under UndefinedBehaviorSanitizer, or here by its sign.
void check(const slot& s, std::uint64_t id)
{
    using std::chrono::nanoseconds;
    constexpr auto longest = std::chrono::hours(24 * 365);
    const auto now = std::chrono::steady_clock::now();
    const auto begun = s.begun(id);
    BOOST_REQUIRE(begun.has_value());
    BOOST_TEST(((s.took() > nanoseconds(0)) == s.ended(id).has_value()));
    BOOST_TEST(begun->time_since_epoch().count() >= 0);
    BOOST_TEST(((now - *begun > nanoseconds(0)) == (*begun < now)));
    BOOST_TEST((*begun + longest > *begun));
    if (const auto ended = s.ended(id)) {
        BOOST_TEST((*ended > *begun));
        BOOST_TEST((*ended + longest > *ended));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(times_are_bounded_before_they_are_used)
{
    std::uint64_t id = 0;
    for (const std::int64_t begun : extremes)
        for (const std::int64_t ended : extremes) {
            BOOST_TEST_CONTEXT("begun " << begun << ", ended " << ended)
            {
                const auto s = std::make_unique<slot>();
                s->send(++id, 1);
                s->begin(id, time_point(std::chrono::nanoseconds(begun)));
                s->end(time_point(std::chrono::nanoseconds(ended)));
                check(*s, id);
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
