#ifndef TANDEM_SRC_HTTP_DOWNLOAD_HOST_PAUSES_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_HOST_PAUSES_HPP

#include "http/url.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>

namespace tandem::http {

/// Which origins asked to be left alone, and until when. Thread-safe. Holds only what has yet to pass, and at most as
/// much again.
class host_pauses
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// A pause can be made longer, not shorter.
    void pause(const origin& at, time_point until, time_point now);

    /// Nothing where it may be asked now.
    std::optional<time_point> paused_until(const origin& at, time_point now) const;

    /// That are held.
    std::size_t size() const;

private:
    mutable std::mutex mutex_;
    std::map<origin, time_point> until_;
    std::size_t sweep_at_ = 64;
};

} // namespace tandem::http

#endif
