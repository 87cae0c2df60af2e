// The worker's second thread: sees, also while a task is running, that the task is asked to stop, that it takes too
// much memory, and that the parent has gone. It alone reads the control pipe.
#ifndef TANDEM_WORKER_WATCHER_HPP
#define TANDEM_WORKER_WATCHER_HPP

#include <status/status_page.hpp>
#include <task/task_context.hpp>

#include <cstdint>
#include <mutex>

namespace tandem::worker {

class watcher
{
public:
    /// `control`: the pipe on which the parent writes the ids of tasks to be stopped, and whose end of file is the
    /// parent's end. `resident_memory`: worker_limits::resident_memory. Starts the thread, which lives as long as the
    /// process; so must this object.
    watcher(int control, status::status_page& page, std::uint64_t resident_memory);

    /// The task that is running; called by the thread that runs tasks.
    void task_begins(std::uint64_t id, detail::task_context& context);
    void task_ended();

private:
    void watch();
    void wait_for_control();
    bool is_busy();
    void ask_to_stop(std::uint64_t id);
    [[noreturn]] void parent_is_gone();

    int control_;
    status::status_page& page_;
    const std::uint64_t resident_memory_;
    std::mutex mutex_;
    std::uint64_t id_ = 0;
    detail::task_context* context_ = nullptr;
    std::uint64_t asked_ = ~std::uint64_t{0}; // the last id asked to stop: it may come before its task does
};

/// Kills this worker's process group, this process included.
[[noreturn]] void kill_own_group() noexcept;

} // namespace tandem::worker

#endif
