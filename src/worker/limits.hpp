// What a worker sets for itself once it runs, rather than its parent between fork and exec.
#ifndef TANDEM_WORKER_APPLY_LIMITS_HPP
#define TANDEM_WORKER_APPLY_LIMITS_HPP

#include <tandem/worker_limits.hpp>

#include <chrono>
#include <cstdint>

namespace tandem::worker {

/// How often to look at a task's resident memory; worker_limits promises it.
inline constexpr std::chrono::milliseconds resident_memory_interval{20};

/// Applies to this process what the kernel keeps from then on: all but cpu_time and resident_memory, which are only
/// checked here (see task_cpu_limit and resident_bytes).
/// Niceness and CPU affinity are a thread's on Linux: they hold for the calling thread and those that it starts from
/// then on. To be called before other threads run also because the environment is not thread-safe.
/// Throws std::system_error whose what() has the limit, its value and why it cannot be applied; what was applied before
/// it stays.
/// `shared`: bytes of address space that large values have, which do not count.
void apply(const worker_limits& limits, std::uint64_t shared = 0);

} // namespace tandem::worker

#endif
