#include <worker/stop_thread.hpp>

#include <process_mark.hpp>
#include <worker/crash_signals.hpp>
#include <worker/own_thread.hpp>

#include <pthread.h>
#include <signal.h>

#include <system_error>

namespace tandem::worker {

void stop_thread::prepare()
{
    if (is_started_ || process_mark::is_forked_child())
        return;
    try {
        start_own_thread([this] { run(); });
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "tandem::this_task::stop_token: no thread for stop callbacks");
    }
    is_started_ = true;
}

void stop_thread::call(detail::stop_request request) noexcept
{
    {
        const std::lock_guard lock(mutex_);
        waiting_.splice(waiting_.end(), request);
    }
    added_.notify_one();
}

void stop_thread::run()
{
    const sigset_t crashes = set_of(crash_signals); // a callback's is reported as any other
    ::pthread_sigmask(SIG_UNBLOCK, &crashes, nullptr);
    std::unique_lock lock(mutex_);
    for (;;) {
        added_.wait(lock, [this] { return !waiting_.empty(); });
        detail::stop_request next;
        next.splice(next.begin(), waiting_, waiting_.begin());
        lock.unlock();
        {
            const process_mark::scope only_here; // a child that a callback forked must not call the next one
            next.front().request_stop();
            next.clear();
        }
        lock.lock();
    }
}

} // namespace tandem::worker
