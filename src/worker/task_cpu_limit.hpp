// Ends a worker whose task uses too much CPU time.
#ifndef TANDEM_WORKER_TASK_CPU_LIMIT_HPP
#define TANDEM_WORKER_TASK_CPU_LIMIT_HPP

#include <sys/resource.h>

#include <chrono>

namespace tandem::worker {

/// RLIMIT_CPU counts from a process's start; this moves its soft limit ahead of every task, so that each has the same.
/// To be used by the thread that runs tasks.
class task_cpu_limit
{
public:
    /// `limit`: worker_limits::cpu_time; at zero or below, nothing here does anything. Otherwise SIGXCPU, where it was
    /// inherited as ignored or is blocked in the calling thread, no longer is: it would limit nothing.
    /// Throws std::system_error.
    explicit task_cpu_limit(std::chrono::nanoseconds limit);

    /// A task begins: SIGXCPU once this process has used `limit` more, rounded up to whole seconds of its CPU time.
    /// At once after another task only a clock is read, unless that second has changed.
    /// Throws std::system_error.
    void begin();

    /// No task runs: the inherited limit holds again. Need not be called between one task and the next.
    /// Throws std::system_error.
    void end();

private:
    void set(rlim_t seconds);

    std::chrono::nanoseconds limit_;
    ::rlimit inherited_{RLIM_INFINITY, RLIM_INFINITY};
    rlim_t armed_ = RLIM_INFINITY;
};

} // namespace tandem::worker

#endif
