// What running work may ask about itself, alike on a thread and in a process.
#ifndef TANDEM_THIS_TASK_HPP
#define TANDEM_THIS_TASK_HPP

#include <chrono>
#include <optional>
#include <stop_token>

namespace tandem::this_task {

/// A token that is triggered when the task is asked to stop: by cancellation of type `partial` (on a thread also
/// `terminal`), by its run_timeout (in a process where it has a grace_period), by the pool's shutdown or destruction.
/// Outside of a task, and in a coroutine (which has asio::this_coro::cancellation_state), a token without a state.
/// Callbacks run on the thread that asks, in a worker process on tandem's watcher thread.
std::stop_token stop_token();

/// Whether the task has been asked to stop. Outside of a task, false. Cheap enough for an inner loop.
bool stop_requested() noexcept;

/// When the task's run_timeout passes; nothing where it has none, and outside of a task.
std::optional<std::chrono::steady_clock::time_point> deadline() noexcept;

} // namespace tandem::this_task

#endif
