#ifndef TANDEM_RUN_OPTIONS_HPP
#define TANDEM_RUN_OPTIONS_HPP

#include <tandem/task_label.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace tandem {

/// After which failures a task is run again.
enum class retry_cause : std::uint8_t
{
    worker_died = 1, ///< also where errc::cpu_limit or, for resident_memory, errc::memory_limit says why
    run_timeout = 2,
    any = 3
};

/// How one task is to be run. Durations of zero mean: no limit. Negative ones are over already, as the time left until a
/// deadline may be: a task whose queue_timeout or run_timeout is negative is not run, and completes with that error at once;
/// a negative grace_period or retry_delay is none.
struct run_options
{
    /// How long the task may run, from its true start. In a process it is then asked to stop
    /// (this_task::stop_requested()), if it has a grace_period, and its worker's process group is killed when that is
    /// over. The operation completes with errc::run_timeout, also where the task returned meanwhile. A thread cannot be
    /// killed: there the work is asked to stop, and the operation completes when it returns. Default: no limit.
    std::chrono::nanoseconds run_timeout{0};

    /// How long a task in a process that was asked to stop by its run_timeout may take to return before its worker is
    /// killed. A worker whose task returned in time goes on. Default: 0, killed at once.
    std::chrono::nanoseconds grace_period{0};

    /// How long the task may wait for its start; then it is removed and completes with errc::queue_timeout.
    /// Default: no limit.
    std::chrono::nanoseconds queue_timeout{0};

    /// How many more times the task may be run after a failure that retry_on names; on a thread that can be its
    /// run_timeout only. In a process a retried task is alone with its worker: nothing is sent behind it. When the last
    /// retry has failed, the error's report has those of the runs before (task_report::earlier). In a map, short calls that the
    /// worker had done right before may be run again with it, as their results were lost. Default: 0, so that a task runs at
    /// most once.
    unsigned retries = 0;

    /// Which failures are retried. Default: any of the two.
    retry_cause retry_on = retry_cause::any;

    /// In a process pool, how long to wait before the first retry; doubled for each one after it, to 64 times. On a
    /// thread a retry follows at once. Default: 0, at once.
    std::chrono::nanoseconds retry_delay{0};

    /// Of waiting tasks the one with the highest priority starts first; equals start in the order of submission.
    /// Default: 0.
    int priority = 0;

    /// A name for reports: the first 63 bytes of a text. Default: none.
    task_label label{};

    friend bool operator==(const run_options&, const run_options&) = default;
};

// gcc 12 copies an aggregate that is written inside a co_await expression bit by bit, and destroys both: it must hold
// nothing for which that matters.
static_assert(std::is_trivially_copyable_v<run_options>);

} // namespace tandem

#endif
