// Keeps a signal that a system call may raise in this thread from the program, which installs what handlers it likes.
#ifndef TANDEM_BLOCKED_SIGNAL_HPP
#define TANDEM_BLOCKED_SIGNAL_HPP

#include <pthread.h>
#include <signal.h>

#include <ctime>

namespace tandem {

class blocked_signal
{
public:
    explicit blocked_signal(int signal) noexcept
    {
        ::sigemptyset(&set_);
        ::sigaddset(&set_, signal);
        ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
        sigset_t pending;
        was_pending_ = ::sigpending(&pending) == 0 && ::sigismember(&pending, signal) == 1;
    }

    ~blocked_signal() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    blocked_signal(const blocked_signal&) = delete;
    blocked_signal& operator=(const blocked_signal&) = delete;

    /// To be called when the system call's error says that it raised the signal.
    void take() const noexcept
    {
        const timespec at_once{};
        if (!was_pending_) // else the program, which blocks it, is to find it
            ::sigtimedwait(&set_, nullptr, &at_once);
    }

private:
    sigset_t set_;
    sigset_t before_;
    bool was_pending_ = false;
};

} // namespace tandem

#endif
