#include "http/exchange/rate_limit.hpp"

#include <algorithm>

namespace tandem::http {
namespace {

using duration = std::chrono::steady_clock::duration;

/// What `bytes` take; a century at most, so that no sum of it with a time wraps round.
duration time_for(std::uint64_t bytes, std::uint64_t rate)
{
    using seconds = std::chrono::duration<double>;
    const seconds most = std::chrono::hours(24 * 365 * 100);
    return std::chrono::duration_cast<duration>(
        std::min(most, seconds(static_cast<double>(bytes) / static_cast<double>(rate))));
}

} // namespace

rate_limit::rate_limit(std::uint64_t bytes_per_second)
    : rate_(bytes_per_second),
      burst_(rate_ == 0 ? duration::zero() : time_for(std::max<std::uint64_t>(rate_ / 10, 16 * 1024), rate_))
{
}

rate_limit::time_point rate_limit::take(std::size_t bytes, time_point now)
{
    if (rate_ == 0) {
        return now;
    }
    const duration cost = time_for(bytes, rate_);
    std::lock_guard guard(mutex_);
    paid_until_ = std::max(paid_until_, now - burst_);
    paid_until_ = paid_until_ < time_point::max() - cost ? paid_until_ + cost : time_point::max();
    return std::max(now, paid_until_);
}

} // namespace tandem::http
