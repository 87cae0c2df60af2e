#ifndef TANDEM_SHUTDOWN_MODE_HPP
#define TANDEM_SHUTDOWN_MODE_HPP

#include <chrono>

namespace tandem {

/// How a pool ends: the rungs of a ladder. Each does what the ones before it do, except for waiting.
enum class shutdown_mode
{
    drain,         ///< Take no more work; finish what is queued and what runs.
    cancel_queued, ///< Also remove what is queued; finish what runs.
    stop,          ///< Also ask what runs to stop.
    kill           ///< Also kill the worker processes.
};

/// How a process pool ends: from which rung of the ladder on, and how long each may take before the next one is begun.
/// Durations of zero mean: no limit. Negative ones are over already: the next rung is begun at once.
struct shutdown_options
{
    shutdown_mode mode = shutdown_mode::drain;

    /// Default: no limit.
    std::chrono::nanoseconds drain_timeout{0};

    /// Of the rung cancel_queued. Default: no limit.
    std::chrono::nanoseconds cancel_queued_timeout{0};

    /// Default: 5 s.
    std::chrono::nanoseconds stop_timeout = std::chrono::seconds(5);

    /// How long killed processes may take to be gone; then the shutdown completes with errc::shutdown_timeout. They end
    /// in milliseconds, unless the kernel holds them, as on a file system that does not answer. Default: 5 s.
    std::chrono::nanoseconds kill_timeout = std::chrono::seconds(5);
};

} // namespace tandem

#endif
