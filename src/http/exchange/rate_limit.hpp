#ifndef TANDEM_SRC_HTTP_EXCHANGE_RATE_LIMIT_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_RATE_LIMIT_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace tandem::http {

/// Bytes a second of all takers together. Who has taken pays by waiting, in the order of taking, so who takes little
/// each time waits little. What was not used lately may be taken at once: a tenth of a second's worth, or 16 KiB where
/// that is more. Thread-safe.
class rate_limit
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Zero: no limit.
    explicit rate_limit(std::uint64_t bytes_per_second);

    bool limited() const noexcept { return rate_ != 0; }

    /// When who has taken `bytes` at `now` may go on: `now`, or later.
    time_point take(std::size_t bytes, time_point now);

private:
    const std::uint64_t rate_;
    const std::chrono::steady_clock::duration burst_;
    std::mutex mutex_;
    time_point paid_until_ = time_point::min();
};

} // namespace tandem::http

#endif
