// A thread of tandem's in a worker.
#ifndef TANDEM_WORKER_OWN_THREAD_HPP
#define TANDEM_WORKER_OWN_THREAD_HPP

#include <all_signals_blocked.hpp>

#include <thread>
#include <utility>

namespace tandem::worker {

/// Starts one that lives as long as the process. All signals are blocked on it.
/// Throws std::system_error.
template <class Function>
void start_own_thread(Function function)
{
    const all_signals_blocked inherited;
    std::thread(std::move(function)).detach();
}

} // namespace tandem::worker

#endif
