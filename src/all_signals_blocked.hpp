// No signals for a thread of tandem's: they are for the program's own threads.
#ifndef TANDEM_ALL_SIGNALS_BLOCKED_HPP
#define TANDEM_ALL_SIGNALS_BLOCKED_HPP

#include <pthread.h>
#include <signal.h>

namespace tandem {

/// Blocks all signals in the calling thread while it exists. A thread that is started meanwhile has them blocked for good.
class all_signals_blocked
{
public:
    all_signals_blocked() noexcept
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    ~all_signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;

private:
    sigset_t before_;
};

} // namespace tandem

#endif
