// Whether a fault means that a stack is full.
#ifndef TANDEM_WORKER_STACK_LIMIT_HPP
#define TANDEM_WORKER_STACK_LIMIT_HPP

#include <signal.h>

#include <cstdint>

namespace tandem::worker {

class stack_limit
{
public:
    static stack_limit of_main_thread() noexcept;

    /// Safe in a signal handler. `stack_pointer`: where the fault came.
    bool is_overflow(const siginfo_t& fault, std::uintptr_t stack_pointer) const noexcept;

private:
    std::uintptr_t top_ = 0; // 0: unknown
};

} // namespace tandem::worker

#endif
