#include "http/exchange/speed_watch.hpp"

#include "http/time_limit.hpp"

namespace tandem::http {

std::uint64_t bytes_in(std::uint64_t rate, std::chrono::milliseconds period)
{
    const double bytes = is_limit(period) ? static_cast<double>(rate) * std::chrono::duration<double>(period).count() : 0;
    return bytes < 9e18 ? static_cast<std::uint64_t>(bytes) : UINT64_MAX;
}

speed_watch::speed_watch(std::uint64_t min_rate, std::chrono::milliseconds period, clock::time_point now)
    : needed_(bytes_in(min_rate, period)), period_(saturated(period)), begin_(now)
{
}

bool speed_watch::add(std::uint64_t bytes, clock::time_point now)
{
    while (needed_ > 0 && now >= begin_ + period_) {
        if (seen_ < needed_) {
            return false;
        }
        begin_ += period_;
        seen_ = 0;
    }
    seen_ += bytes;
    return true;
}

speed_watch::clock::time_point speed_watch::due() const
{
    if (needed_ == 0) {
        return clock::time_point::max();
    }
    return begin_ + (seen_ < needed_ ? period_ : 2 * period_);
}

} // namespace tandem::http
