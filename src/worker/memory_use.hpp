// How much memory this process has.
#ifndef TANDEM_WORKER_MEMORY_USE_HPP
#define TANDEM_WORKER_MEMORY_USE_HPP

#include <cstddef>

namespace tandem::worker {

/// The bytes of this process that are in RAM, shared pages included, as /proc/self/statm has them: some kernels sum up
/// their counters lazily, and are some 100 KiB for each CPU off. 0 where they cannot be read.
/// The file stays open from the first call on, so a call is one system call, and none allocates. A forked child that
/// does not exec would see its parent's memory. Thread-safe.
std::size_t resident_bytes() noexcept;

/// The bytes of this process's address space that are mapped; what is said above holds.
std::size_t mapped_bytes() noexcept;

} // namespace tandem::worker

#endif
