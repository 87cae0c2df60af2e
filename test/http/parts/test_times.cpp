#include "http/download/back_off.hpp"
#include "http/download/host_pauses.hpp"
#include "http/exchange/rate_limit.hpp"
#include "http/syntax/http_date.hpp"
#include "http/syntax/retry_after.hpp"
#include "http/time_limit.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

using namespace std::chrono_literals;
using namespace tandem::http;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

namespace {

using clock_type = std::chrono::steady_clock;

const sys_seconds now = sys_days(2024y / 5 / 6) + 7h;

/// As RFC 9110, section 5.6.7 wants it, by the C library.
std::string written(const std::optional<sys_seconds>& time)
{
    if (!time) {
        return "none";
    }
    const std::time_t seconds = time->time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    const std::string year = std::to_string(parts.tm_year + 1900);
    std::ostringstream text;
    text << std::put_time(&parts, "%a, %d %b ") << std::setw(4) << std::setfill('0') << year
         << std::put_time(&parts, " %H:%M:%S GMT");
    return std::move(text).str();
}

} // namespace

BOOST_AUTO_TEST_SUITE(times)

BOOST_AUTO_TEST_CASE(http_dates)
{
    struct row
    {
        const char* text;
        const char* expected;
    };
    for (const row& r : {
             row{"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
             row{"Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"},
             row{"Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT"},
             row{"Sat Nov 26 08:49:37 1994", "Sat, 26 Nov 1994 08:49:37 GMT"},
             row{"Thu, 29 Feb 2024 23:59:59 GMT", "Thu, 29 Feb 2024 23:59:59 GMT"},
             row{"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"},
             row{"Sat, 01 Jan 0000 00:00:00 GMT", "Sat, 01 Jan 0000 00:00:00 GMT"},
             row{"Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"},
             row{"Sat, 31 Dec 2016 23:59:60 GMT", "Sun, 01 Jan 2017 00:00:00 GMT"},
             row{"Monday, 01-Jan-74 00:00:00 GMT", "Mon, 01 Jan 2074 00:00:00 GMT"},
             row{"Tuesday, 31-Dec-75 00:00:00 GMT", "Wed, 31 Dec 1975 00:00:00 GMT"},
             row{"Friday, 01-Jan-99 00:00:00 GMT", "Fri, 01 Jan 1999 00:00:00 GMT"},
             row{"Monday, 06-May-24 00:00:00 GMT", "Mon, 06 May 2024 00:00:00 GMT"},
             row{"Thu, 29 Feb 2023 00:00:00 GMT", "none"},
             row{"Thu, 00 Feb 2023 00:00:00 GMT", "none"},
             row{"Thu, 31 Apr 2023 00:00:00 GMT", "none"},
             row{"Sun, 06 Nov 1994 24:00:00 GMT", "none"},
             row{"Sun, 06 Nov 1994 08:60:37 GMT", "none"},
             row{"Sun, 06 Nov 1994 08:49:61 GMT", "none"},
             row{"Sun, 6 Nov 1994 08:49:37 GMT", "none"},
             row{"Sun,  6 Nov 1994 08:49:37 GMT", "none"},
             row{"Sun, 06 Nov 94 08:49:37 GMT", "none"},
             row{"Sun, 06 Nov 1994 08:49:37", "none"},
             row{"Sun, 06 Nov 1994 08:49:37 UTC", "none"},
             row{"Sun, 06 Nov 1994 08:49:37 +0000", "none"},
             row{"Sun, 06 Nov 1994 08:49:37 GMT ", "none"},
             row{" Sun, 06 Nov 1994 08:49:37 GMT", "none"},
             row{"sun, 06 Nov 1994 08:49:37 GMT", "none"},
             row{"Sun, 06 nov 1994 08:49:37 GMT", "none"},
             row{"Sun, 06 Nov -994 08:49:37 GMT", "none"},
             row{"Sun, 06 Nov 1994 8:49:37 GMT", "none"},
             row{"Sun, 06-Nov-94 08:49:37 GMT", "none"},
             row{"Sun Nov  6 08:49:37 94", "none"},
             row{"Xxx, 06 Nov 1994 08:49:37 GMT", "none"},
             row{"784111777", "none"},
             row{"Sun", "none"},
             row{"", "none"},
         }) {
        BOOST_TEST_CONTEXT(r.text)
        {
            BOOST_TEST(written(parse_http_date(r.text, now)) == r.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_day_comes_back)
{
    for (sys_days day = 1601y / 1 / 1; day < sys_days(2400y / 1 / 1); day += std::chrono::days(17)) {
        const sys_seconds time = day + 12h + 34min + 56s;
        const std::string text = written(time);
        if (parse_http_date(text, now) != time) {
            BOOST_ERROR(text);
        }
    }
}

BOOST_AUTO_TEST_CASE(retry_after)
{
    struct row
    {
        const char* field;
        long long seconds; ///< negative: none
    };
    const long long most = std::chrono::seconds(std::chrono::years(10)).count();
    for (const row& r : {
             row{"0", 0},
             row{"120", 120},
             row{"00120", 120},
             row{"Mon, 06 May 2024 07:02:00 GMT", 120},
             row{"Mon, 06 May 2024 07:00:00 GMT", 0},
             row{"Sun, 05 May 2024 07:00:00 GMT", 0},
             row{"Thu, 01 Jan 0000 00:00:00 GMT", 0},
             row{"Fri, 31 Dec 9999 23:59:59 GMT", most},
             row{"99999999999", most},
             row{"99999999999999999999999999999999999999999999", most},
             row{"-1", -1},
             row{"+1", -1},
             row{"1.5", -1},
             row{"1 ", -1},
             row{"soon", -1},
             row{"", -1},
         }) {
        BOOST_TEST_CONTEXT(r.field)
        {
            BOOST_TEST(parse_retry_after(r.field, now).value_or(-1s).count() == r.seconds);
        }
    }
}

BOOST_AUTO_TEST_CASE(limits_that_are_none)
{
    const clock_type::time_point start = clock_type::now();
    for (const std::chrono::milliseconds none : {0ms, std::chrono::milliseconds::max(), longest_time}) {
        BOOST_TEST((deadline(none, start) == clock_type::time_point::max()), none.count());
    }
    BOOST_TEST((deadline(1ms, start) == start + 1ms));
    BOOST_TEST((deadline(longest_time - 1ms, start) > start + 24h));
    BOOST_TEST((start + 2 * saturated(std::chrono::milliseconds::max()) > start));
    BOOST_TEST((saturated(std::chrono::milliseconds::min()) == 0ms));
}

BOOST_AUTO_TEST_CASE(back_offs)
{
    struct row
    {
        std::chrono::milliseconds first;
        std::chrono::milliseconds most;
        unsigned retry;
        long long low;
        long long high;
    };
    std::minstd_rand random(42);
    for (const row& r : {
             row{1s, 60s, 1, 500, 1000},
             row{1s, 60s, 2, 1000, 2000},
             row{1s, 60s, 3, 2000, 4000},
             row{1s, 60s, 6, 16000, 32000},
             row{1s, 60s, 7, 30000, 60000},
             row{1s, 60s, 100, 30000, 60000},
             row{1s, 60s, std::numeric_limits<unsigned>::max(), 30000, 60000},
             row{1s, 60s, 0, 500, 1000},
             row{7ms, 7ms, 5, 4, 7},
             row{1ms, std::chrono::milliseconds::max(), 1000, longest_time.count() / 2, longest_time.count()},
             row{std::chrono::milliseconds::max(), std::chrono::milliseconds::max(), 1, longest_time.count() / 2,
                 longest_time.count()},
             row{60s, 1s, 1, 500, 1000},
             row{0s, 60s, 9, 0, 0},
             row{1s, 0s, 9, 0, 0},
             row{-1s, -2s, 9, 0, 0},
         }) {
        BOOST_TEST_CONTEXT(r.first.count() << " ms, at most " << r.most.count() << " ms, retry " << r.retry)
        {
            retry_options options;
            options.first_delay = r.first;
            options.max_delay = r.most;
            long long low = std::numeric_limits<long long>::max();
            long long high = 0;
            for (int i = 0; i < 1000; ++i) {
                const long long drawn = back_off(options, r.retry, random).count();
                low = std::min(low, drawn);
                high = std::max(high, drawn);
            }
            BOOST_TEST(low >= r.low);
            BOOST_TEST(high <= r.high);
            BOOST_TEST(low - r.low <= (r.high - r.low) / 10);
            BOOST_TEST(r.high - high <= (r.high - r.low) / 10);
        }
    }
}

BOOST_AUTO_TEST_CASE(pauses_of_hosts)
{
    const clock_type::time_point start = clock_type::now();
    const origin a{true, "a", 443};
    const origin b{true, "b", 443};
    host_pauses pauses;
    BOOST_TEST(!pauses.paused_until(a, start).has_value());
    pauses.pause(a, start + 10s, start);
    pauses.pause(a, start + 5s, start);
    BOOST_TEST(!pauses.paused_until(b, start).has_value());
    BOOST_TEST((pauses.paused_until(a, start + 9s) == start + 10s));
    BOOST_TEST(!pauses.paused_until(a, start + 10s).has_value());
    pauses.pause(a, start + 20s, start);
    BOOST_TEST((pauses.paused_until(a, start + 10s) == start + 20s));
}

BOOST_AUTO_TEST_CASE(past_pauses_are_forgotten)
{
    const clock_type::time_point start = clock_type::now();
    host_pauses pauses;
    std::size_t most = 0;
    for (int i = 0; i < 100'000; ++i) {
        const clock_type::time_point at = start + i * 1s;
        pauses.pause({false, "host" + std::to_string(i), 80}, at + 100s, at);
        most = std::max(most, pauses.size());
    }
    BOOST_TEST_MESSAGE("of 100000 origins, 100 of them paused at a time, at most " << most << " were held");
    BOOST_TEST(most <= 201u);
    BOOST_TEST(pauses.paused_until({false, "host99999", 80}, start + 100'098s).has_value());
}

BOOST_AUTO_TEST_CASE(rates)
{
    struct row
    {
        std::uint64_t rate;
        std::size_t piece;
        std::size_t pieces;
        double seconds; ///< of the last one's wait
    };
    for (const row& r : {
             row{0, 1'000'000, 1000, 0},
             row{1'000'000, 10'000, 10, 0},
             row{1'000'000, 10'000, 1010, 10},
             row{1'000'000, 1'000'000'000, 1, 999.9},
             row{1'000, 16 * 1024, 1, 0},
             row{1'000, 1'000, 1000, 983.616},
             row{1, 1, 16 * 1024 + 100, 100},
             row{10'000'000'000, 64 * 1024, 1'000'000, 6.4536},
         }) {
        BOOST_TEST_CONTEXT(r.rate << " bytes a second, " << r.pieces << " times " << r.piece << " bytes")
        {
            const clock_type::time_point start = clock_type::now();
            rate_limit limit(r.rate);
            clock_type::time_point until = start;
            for (std::size_t i = 0; i < r.pieces; ++i) {
                until = limit.take(r.piece, start);
            }
            const double waited = std::chrono::duration<double>(until - start).count();
            BOOST_TEST_MESSAGE("may go on after " << waited << " s");
            BOOST_TEST(waited >= r.seconds * 0.999);
            BOOST_TEST(waited <= r.seconds * 1.001);
            BOOST_TEST(limit.limited() == (r.rate != 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(rates_do_not_wrap_round)
{
    rate_limit limit(1);
    clock_type::time_point last = clock_type::now();
    for (int i = 0; i < 10; ++i) {
        const clock_type::time_point next = limit.take(std::numeric_limits<std::size_t>::max(), last);
        BOOST_TEST((next >= last));
        last = next;
    }
}

/// Each of many takes a piece as soon as it may: all get the same, together what there is, and after a pause no more
/// than the burst at once.
BOOST_AUTO_TEST_CASE(rates_are_shared)
{
    rate_limit limit(1'000'000);
    struct taker
    {
        clock_type::time_point next;
        std::uint64_t bytes = 0;
    };
    const clock_type::time_point start = clock_type::now();
    std::array<taker, 20> takers;
    takers.fill({start, 0});
    const clock_type::time_point end = start + 100s;
    while (true) {
        taker& first = *std::min_element(takers.begin(), takers.end(),
                                         [](const taker& a, const taker& b) { return a.next < b.next; });
        if (first.next >= end) {
            break;
        }
        first.bytes += 16'000;
        first.next = limit.take(16'000, first.next);
    }
    std::uint64_t sum = 0;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t most = 0;
    for (const taker& t : takers) {
        sum += t.bytes;
        least = std::min(least, t.bytes);
        most = std::max(most, t.bytes);
    }
    BOOST_TEST_MESSAGE("in 100 s at 1 MB/s: " << sum << " bytes; each between " << least << " and " << most);
    BOOST_TEST(sum >= 99'000'000u);
    BOOST_TEST(sum <= 100'500'000u);
    BOOST_TEST(most - least <= 132'000u); // the first one had the burst

    const clock_type::time_point later = end + 1h;
    BOOST_TEST((limit.take(100'000, later) == later));
    BOOST_TEST((limit.take(100'000, later) > later + 99ms));
}

BOOST_AUTO_TEST_SUITE_END()
