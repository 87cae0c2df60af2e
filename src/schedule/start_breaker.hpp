// Whether another worker may be started after starts that failed: back-off between them, and a circuit breaker, so that
// a worker that cannot start is not started for ever.
#ifndef TANDEM_SCHEDULE_START_BREAKER_HPP
#define TANDEM_SCHEDULE_START_BREAKER_HPP

#include <schedule/deadlines.hpp>

#include <algorithm>

namespace tandem::schedule {

struct start_settings
{
    unsigned attempts = 3; ///< failures in a row after which there is no hope
    std::chrono::nanoseconds backoff = std::chrono::milliseconds(10);
    std::chrono::nanoseconds backoff_limit = std::chrono::seconds(10);
};

class start_breaker
{
public:
    explicit start_breaker(const start_settings& s) : settings_(s) {}

    void failed(bool can_start_again, time_point now) noexcept
    {
        const auto factor = std::int64_t{1} << std::min(failures_, 30U);
        const auto most = settings_.backoff_limit;
        const auto wait = settings_.backoff > most / factor ? most : settings_.backoff * factor;
        next_ = wait > std::chrono::nanoseconds::zero() ? deadline_after(now, wait) : now;
        ++failures_;
        hopeless_ = !can_start_again || failures_ >= settings_.attempts;
    }

    /// A worker has begun a task: being ready is not enough, it might end right after that each time.
    void succeeded() noexcept { *this = start_breaker(settings_); }

    /// What waits is to fail.
    bool is_hopeless() const noexcept { return hopeless_; }

    /// What is submitted is to fail at once.
    bool is_open(time_point now) const noexcept { return hopeless_ && now < next_; }

    /// After a failure they are tried one by one: where of `unproven` it is not known yet how their starts end, no
    /// other.
    bool may_start(time_point now, std::size_t unproven) const noexcept
    {
        return now >= next_ && (failures_ == 0 || unproven == 0);
    }

    time_point next_start() const noexcept { return next_; }

private:
    start_settings settings_;
    unsigned failures_ = 0;
    bool hopeless_ = false;
    time_point next_ = time_point::min();
};

} // namespace tandem::schedule

#endif
