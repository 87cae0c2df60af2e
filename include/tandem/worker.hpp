#ifndef TANDEM_WORKER_HPP
#define TANDEM_WORKER_HPP

#include <tandem/detail/same_build.hpp>

namespace tandem {

/// In a process that a process_pool started as its worker: serves tasks until the pool closes its end, then exits the
/// process; never returns. In any other process: returns at once.
///
/// In both, it first opens /dev/null in the place of stdin, stdout and stderr where they are closed, so that what is
/// printed cannot get into a file, a socket or memory that would otherwise have their number. Reading the one and writing
/// the others still fails by EBADF.
///
/// Call it first in `main`, before threads are started, before anything is written to stdout, and before any
/// process_pool is made: until then, one whose workers are this very program is refused. Exceptions registered by
/// register_exception() must be registered before.
///
/// In a worker, what is before it runs without tandem: the kernel ends it when the program is gone, and nothing asks it
/// to stop. SIGPIPE gets a handler that does nothing, unless the program has set one, or has it ignored.
void run_if_worker();

/// Whether this process was started as a worker, before and after run_if_worker() took over.
bool is_worker() noexcept;

} // namespace tandem

#endif
