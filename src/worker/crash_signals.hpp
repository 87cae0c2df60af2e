// The signals that mean that a program is wrong, and end it.
#ifndef TANDEM_WORKER_CRASH_SIGNALS_HPP
#define TANDEM_WORKER_CRASH_SIGNALS_HPP

#include <signal.h>

#include <array>

namespace tandem::worker {

inline constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/// Those of them that the kernel sends to the thread whose instruction was at fault.
inline constexpr std::array fault_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL};

template <class Signals>
sigset_t set_of(const Signals& signals) noexcept
{
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals)
        ::sigaddset(&set, signal);
    return set;
}

} // namespace tandem::worker

#endif
