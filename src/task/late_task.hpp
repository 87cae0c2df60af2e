// A task whose time was over when it was submitted, as the time left until a deadline may be.
#ifndef TANDEM_TASK_LATE_TASK_HPP
#define TANDEM_TASK_LATE_TASK_HPP

#include <tandem/error.hpp>
#include <tandem/run_options.hpp>

#include <chrono>
#include <optional>

namespace tandem::detail {

/// The error that it ends in, not having run; nothing where it is not late.
inline std::optional<errc> lateness_of(const run_options& options) noexcept
{
    constexpr std::chrono::nanoseconds none{0};
    if (options.queue_timeout < none)
        return errc::queue_timeout;
    if (options.run_timeout < none)
        return errc::run_timeout;
    return std::nullopt;
}

/// What is said of it.
inline constexpr const char* was_late = "its time was over before it was submitted, so it was not run";

} // namespace tandem::detail

#endif
