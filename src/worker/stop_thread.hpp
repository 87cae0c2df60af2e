// The worker's thread for stop callbacks: the watcher, which keeps promises, must not wait for what a program does there.
#ifndef TANDEM_WORKER_STOP_THREAD_HPP
#define TANDEM_WORKER_STOP_THREAD_HPP

#include <task/stop_caller.hpp>

#include <condition_variable>
#include <mutex>

namespace tandem::worker {

/// Lives as long as the process. A callback that never returns keeps those of later tasks waiting.
class stop_thread final : public detail::stop_caller
{
public:
    /// The task's thread calls it. Starts the thread at the first call, but in a child that a task forked, which nobody
    /// asks to stop.
    void prepare() override;

    void call(detail::stop_request request) noexcept override;

private:
    void run();

    bool is_started_ = false;
    std::mutex mutex_;
    std::condition_variable added_;
    detail::stop_request waiting_;
};

} // namespace tandem::worker

#endif
