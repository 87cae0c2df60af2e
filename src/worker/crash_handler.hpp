// Writes the crash record when a fatal signal ends the worker.
#ifndef TANDEM_WORKER_CRASH_HANDLER_HPP
#define TANDEM_WORKER_CRASH_HANDLER_HPP

#include <worker/crash_record.hpp>

namespace tandem::worker {

/// Called once, on the main thread, before tasks run. `record` must stay where it is until the process ends.
///
/// From here on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write the record, on a stack of their own on this thread,
/// and then end the process as they would have: with that signal, and a core dump that shows where it came. A signal
/// that already has a handler, or is ignored, is left alone. That takes two seconds at most where something that a
/// crash left locked is in the way, four where two things are. A child that a task forks, and that crashes, writes
/// nothing.
///
/// What cannot be had is done without: this never fails.
void install_crash_handler(crash_record& record) noexcept;

} // namespace tandem::worker

#endif
