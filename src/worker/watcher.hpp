// The worker's second thread: sees, also while a task is running, that the task is asked to stop, that it takes too
// much memory, and that the parent has gone. It alone reads the control pipe. No code of the program's runs on it.
#ifndef TANDEM_WORKER_WATCHER_HPP
#define TANDEM_WORKER_WATCHER_HPP

#include <status/status_page.hpp>
#include <worker/running_task.hpp>
#include <worker/stop_thread.hpp>

#include <cstdint>

namespace tandem::worker {

class watcher
{
public:
    /// `control`: the pipe on which the parent writes the ids of tasks to be stopped, and whose end of file is the
    /// parent's end. `resident_memory`: worker_limits::resident_memory. Starts the thread, which lives as long as the
    /// process; so must this object.
    watcher(int control, status::status_page& page, std::uint64_t resident_memory);

    /// Told by the thread that runs tasks.
    running_task& task() noexcept { return task_; }

    /// Calls that task's stop callbacks.
    stop_thread& stops() noexcept { return stops_; }

private:
    void watch();
    void wait_for_control();
    [[noreturn]] void parent_is_gone();

    int control_;
    status::status_page& page_;
    const std::uint64_t resident_memory_;
    running_task task_;
    stop_thread stops_;
};

/// Kills this worker's process group, this process included.
[[noreturn]] void kill_own_group() noexcept;

} // namespace tandem::worker

#endif
