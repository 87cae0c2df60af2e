#include "http/download/host_pauses.hpp"

#include <algorithm>

namespace tandem::http {

void host_pauses::pause(const origin& at, time_point until, time_point now)
{
    std::lock_guard guard(mutex_);
    if (until_.size() >= sweep_at_) {
        std::erase_if(until_, [now](const auto& entry) { return entry.second <= now; });
        sweep_at_ = std::max<std::size_t>(64, 2 * until_.size());
    }
    time_point& held = until_.try_emplace(at, until).first->second;
    held = std::max(held, until);
}

std::optional<host_pauses::time_point> host_pauses::paused_until(const origin& at, time_point now) const
{
    std::lock_guard guard(mutex_);
    const auto found = until_.find(at);
    return found != until_.end() && found->second > now ? std::optional(found->second) : std::nullopt;
}

std::size_t host_pauses::size() const
{
    std::lock_guard guard(mutex_);
    return until_.size();
}

} // namespace tandem::http
