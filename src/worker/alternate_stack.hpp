// A stack for signal handlers, so that one can run when the thread's own is full.
#ifndef TANDEM_WORKER_ALTERNATE_STACK_HPP
#define TANDEM_WORKER_ALTERNATE_STACK_HPP

namespace tandem::worker {

/// Gives the calling thread one, for as long as the process lives, unless it has one. Returns whether it has one now.
bool use_alternate_stack() noexcept;

} // namespace tandem::worker

#endif
