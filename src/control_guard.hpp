// Sees to it that a worker ends with the program also before it can see to that itself: the kernel kills its process group
// when its control pipe loses the program's end. Nothing of the worker's has to run for that.
#ifndef TANDEM_CONTROL_GUARD_HPP
#define TANDEM_CONTROL_GUARD_HPP

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>

namespace tandem::control_guard {

/// SIGKILL when anything happens to the pipe whose read end this is: the other end is closed, or written to. Nobody gets it
/// until there is an owner. The guard is the end's, whichever process has it open, and is kept by exec. Does nothing where the
/// kernel refuses it. Before the worker is started: a worker that is quick lifts it before it has an owner.
inline void set(int read_end) noexcept
{
    if (::fcntl(read_end, F_SETSIG, SIGKILL) == 0)
        ::fcntl(read_end, F_SETFL, O_ASYNC);
}

/// The signal is for `group`. Sets no guard that was lifted.
inline void set_owner(int read_end, pid_t group) noexcept
{
    ::fcntl(read_end, F_SETOWN, -group);
}

/// The worker looks after itself now. The pool writes to the pipe, and closes it, only after that.
inline void lift(int read_end) noexcept
{
    ::fcntl(read_end, F_SETFL, 0);
}

} // namespace tandem::control_guard

#endif
