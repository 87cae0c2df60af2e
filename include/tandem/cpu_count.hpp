#ifndef TANDEM_CPU_COUNT_HPP
#define TANDEM_CPU_COUNT_HPP

#include <tandem/detail/same_build.hpp>

#include <cstddef>

namespace tandem {

/// How many processors this process may keep busy: those of its main thread's affinity mask, and no more than its control groups'
/// CPU quota (quota divided by period, rounded up; cgroup v2 `cpu.max` and v1 `cpu.cfs_quota_us`, of the group and all
/// its ancestors). At least 1. Reads the system at each call. Thread-safe, does not throw.
std::size_t usable_cpus() noexcept;

} // namespace tandem

#endif
