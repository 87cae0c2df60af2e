#ifndef TANDEM_WORKER_LIMITS_HPP
#define TANDEM_WORKER_LIMITS_HPP

#include <tandem/detail/same_build.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tandem {

/// What a worker process may use, and its surroundings. The worker applies them to itself before its first task; one
/// that cannot be applied is an error which names it, and the worker runs nothing. By default everything is as the
/// worker inherited it.
/// Limits hold for each process, not for the pool. Programs that a task starts inherit all of them but resident_memory,
/// and have the CPU time for themselves again.
struct worker_limits
{
    /// The most address space, in bytes (RLIMIT_AS): whatever is mapped, touched or not, so also the program's code,
    /// threads' stacks, but not process_pool_options::shared_memory. Beyond it an allocation fails, as a rule with
    /// std::bad_alloc, and a stack that must grow ends the process. At least what the worker has mapped already; a
    /// lower hard limit that it inherited stays. Default: 0, no limit of this kind.
    std::uint64_t address_space = 0;

    /// The most memory that is present in RAM, in bytes, shared pages included. Linux does not enforce RLIMIT_RSS: the
    /// worker looks every 20 ms while a task is running, and ends itself when it finds more. In between, a task that
    /// fills new memory at full speed gets some tens of MiB further. At least what the worker has already.
    /// Default: 0, no limit.
    std::uint64_t resident_memory = 0;

    /// The most CPU time of one task, user and system time of all threads together, without that of the programs it
    /// starts (RLIMIT_CPU, set anew for every task). The kernel counts in whole seconds of the process's CPU time, so a
    /// task gets this much at least and a second more at most; then SIGXCPU ends the process, unless the program
    /// handles that signal. A lower limit that the worker inherited stays, and counts for all its tasks together.
    /// Not negative. Default: 0, no limit.
    std::chrono::nanoseconds cpu_time{0};

    /// The largest core dump, in bytes (RLIMIT_CORE); 0 for none, the greatest number for any. Not above the hard
    /// limit, unless the worker is privileged. A program that receives the dumps (kernel.core_pattern) need not heed
    /// it.
    /// Default: as inherited.
    std::optional<std::uint64_t> core_dump_size{};

    /// Added to the niceness that the worker inherited, which is the program's main thread's, as by nice(2): from -39 to 39, and the sum is moved into -20 to
    /// 19. Only a privileged worker may lower its niceness. Default: 0.
    int niceness = 0;

    /// The CPUs that the worker may run on, by their numbers; each must exist, be online and be allowed to the worker.
    /// Default: none given, those of the program's main thread.
    std::vector<int> cpu_affinity{};

    /// The directory that relative paths begin at; itself relative to the inherited one where it is not absolute.
    /// Default: empty, as inherited.
    std::string working_directory{};

    /// Environment variables to set, by name; one without a value is removed, and those not named stay as inherited. A
    /// name must not be empty, contain '=', or be TANDEM_WORKER or TANDEM_DEPTH. They are set when the program runs
    /// already: what reads its variables while it is loaded (the dynamic linker's LD_*, malloc's GLIBC_TUNABLES, gcc's
    /// OMP_*) has read them before.
    /// Default: none.
    std::map<std::string, std::optional<std::string>> environment{};

    bool operator==(const worker_limits&) const = default;
};

} // namespace tandem

#endif
