// How a process knows that it was started as a worker. The launcher sets it, run_if_worker takes it off.
#ifndef TANDEM_WORKER_MARKER_HPP
#define TANDEM_WORKER_MARKER_HPP

namespace tandem::worker {

/// Set in a worker's environment until it serves, so that programs it starts are not taken for workers.
inline constexpr const char* marker_variable = "TANDEM_WORKER";

/// How many pools are above this process; stays in the environment.
inline constexpr const char* depth_variable = "TANDEM_DEPTH";

/// Pools may be nested this deep: enough for a task that computes in parallel, and for one more below it. Without a
/// limit, a task that makes a pool and submits itself would fill the machine.
inline constexpr int max_depth = 3;

/// Descriptors of a worker at its start.
inline constexpr int frames_in = 0;
inline constexpr int frames_out = 1;
inline constexpr int log_out = 2;
inline constexpr int control_in = 3;
inline constexpr int status_page = 4;
inline constexpr int argument_memory = 5; ///< this and the next only where the settings say so
inline constexpr int result_memory = 6;
inline constexpr int last_descriptor = result_memory;

/// Whether this process was started as a worker.
bool is_marked() noexcept;

/// Whether it was and has not called run_if_worker yet.
bool awaits_service() noexcept;

/// run_if_worker was called, in a worker or not.
void take_over_main() noexcept;

/// Whether it was: else a process of this program would run its main in place of tasks.
bool can_be_own_worker() noexcept;

/// From here on this process serves: takes the marker off.
void begin_service() noexcept;

/// How many pools are above this process.
int depth() noexcept;

} // namespace tandem::worker

#endif
