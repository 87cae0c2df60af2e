// A thread of tandem's in a worker.
#ifndef TANDEM_WORKER_OWN_THREAD_HPP
#define TANDEM_WORKER_OWN_THREAD_HPP

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace tandem::worker {

/// Starts one that lives as long as the process. All signals are blocked on it: they are for the program's own threads.
/// Throws std::system_error.
template <class Function>
void start_own_thread(Function function)
{
    struct all_blocked
    {
        all_blocked()
        {
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_SETMASK, &all, &before);
        }
        ~all_blocked() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
        sigset_t before;
    };
    const all_blocked inherited;
    std::thread(std::move(function)).detach();
}

} // namespace tandem::worker

#endif
