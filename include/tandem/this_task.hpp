// What running work may ask about itself, alike on a thread and in a process.
#ifndef TANDEM_THIS_TASK_HPP
#define TANDEM_THIS_TASK_HPP

#include <tandem/detail/same_build.hpp>

#include <chrono>
#include <optional>
#include <stop_token>

namespace tandem::this_task {

/// A token that is triggered when the task is asked to stop: by cancellation of type `partial` (on a thread also
/// `terminal`), by its run_timeout (in a process where it has a grace_period), by the pool's shutdown or destruction.
/// Outside of a task, and in a coroutine (which has asio::this_coro::cancellation_state), a token without a state.
///
/// Where its callbacks run: on a thread, on the one that asks, for a run_timeout on one of their own. In a worker process, on a
/// thread for callbacks alone, which
/// the worker's first call of this function starts: one callback after the other, with all signals blocked but those of a
/// crash, also for programs that a callback starts. There they may lock, wait and allocate for as long as they like;
/// deadlines, limits and the worker's end wait for none of them. But std::stop_callback's destructor waits for its
/// callback, and so may the task; and later tasks' callbacks are called only when an earlier one has returned. In a child
/// that the task forks, nobody asks. A callback that throws ends the program, as by std::stop_callback.
///
/// Throws std::bad_alloc; in a worker process also std::system_error where that thread cannot be started
/// (std::errc::resource_unavailable_try_again); the next call tries again. stop_requested() needs no thread.
std::stop_token stop_token();

/// Whether the task has been asked to stop. Outside of a task, false. Cheap enough for an inner loop.
bool stop_requested() noexcept;

/// When the task's run_timeout passes; nothing where it has none, and outside of a task.
std::optional<std::chrono::steady_clock::time_point> deadline() noexcept;

} // namespace tandem::this_task

#endif
