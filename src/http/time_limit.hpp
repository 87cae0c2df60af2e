// What a user's times mean to a clock, which wraps round at 292 years.
//
//   longest_time    more than that is never waited for
//   saturated()     a user's time, safe to be added to one of the clock
//   is_limit()      whether a user's limit is one
//   deadline()      when it is over
#ifndef TANDEM_SRC_HTTP_TIME_LIMIT_HPP
#define TANDEM_SRC_HTTP_TIME_LIMIT_HPP

#include <algorithm>
#include <chrono>

namespace tandem::http {

/// May be doubled, too.
inline constexpr std::chrono::milliseconds longest_time = std::chrono::hours(24 * 365 * 100);

constexpr std::chrono::milliseconds saturated(std::chrono::milliseconds time)
{
    return std::clamp(time, std::chrono::milliseconds(0), longest_time);
}

/// Zero is none, and neither is what nobody lives to see, as `milliseconds::max()`.
constexpr bool is_limit(std::chrono::milliseconds time)
{
    return time.count() > 0 && time < longest_time;
}

/// Never where it is no limit.
constexpr std::chrono::steady_clock::time_point deadline(std::chrono::milliseconds limit,
                                                         std::chrono::steady_clock::time_point now)
{
    return is_limit(limit) ? now + limit : std::chrono::steady_clock::time_point::max();
}

} // namespace tandem::http

#endif
