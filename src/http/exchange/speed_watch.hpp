#ifndef TANDEM_SRC_HTTP_EXCHANGE_SPEED_WATCH_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_SPEED_WATCH_HPP

#include <chrono>
#include <cstdint>

namespace tandem::http {

/// How many come in a period at a rate; none where the period is no limit: it is never over.
std::uint64_t bytes_in(std::uint64_t rate, std::chrono::milliseconds period);

/// Whether bytes come at a rate, on the average of each period. Asks no clock.
class speed_watch
{
public:
    using clock = std::chrono::steady_clock;

    /// Every rate is enough where `min_rate`, in bytes a second, is zero, or `period` is no limit.
    speed_watch(std::uint64_t min_rate, std::chrono::milliseconds period, clock::time_point now);

    /// False where a period before `now` had too few.
    [[nodiscard]] bool add(std::uint64_t bytes, clock::time_point now);

    /// A time in which nothing could come.
    void excuse(clock::duration time) { begin_ += time; }

    /// When it will be too slow should no byte come until then.
    clock::time_point due() const;

private:
    const std::uint64_t needed_; ///< in a period
    const clock::duration period_;
    clock::time_point begin_;
    std::uint64_t seen_ = 0;
};

} // namespace tandem::http

#endif
