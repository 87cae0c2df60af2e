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
    using time_point = std::chrono::steady_clock::time_point;

    /// The CPU time that this process has used, by the clock that the kernel holds against RLIMIT_CPU.
    /// Throws std::system_error.
    static std::chrono::nanoseconds used();

    /// `limit`: worker_limits::cpu_time; at zero or below, nothing here does anything. Otherwise SIGXCPU, where it was
    /// inherited as ignored or is blocked in the calling thread, no longer is: it would limit nothing.
    /// `clock`: used(); it is read as seldom as possible. Throws std::system_error.
    explicit task_cpu_limit(std::chrono::nanoseconds limit, std::chrono::nanoseconds (*clock)() = used);

    bool is_set() const noexcept { return limit_.count() > 0; }

    /// A task begins: SIGXCPU once this process has used `limit` more, rounded up to whole seconds of its CPU time.
    /// Reads the clock only where that second may have changed, on all processors together, since it was read.
    /// Throws std::system_error.
    void begin(time_point now);

    /// No task runs: the inherited limit holds again. Need not be called between one task and the next.
    /// Throws std::system_error.
    void end();

private:
    void set(rlim_t seconds);

    std::chrono::nanoseconds limit_;
    std::chrono::nanoseconds (*clock_)();
    time_point holds_until_{}; // what is armed, for tasks that begin
    ::rlimit inherited_{RLIM_INFINITY, RLIM_INFINITY};
    rlim_t armed_ = RLIM_INFINITY;
};

} // namespace tandem::worker

#endif
