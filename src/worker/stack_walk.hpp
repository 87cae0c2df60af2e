// The calls that were under way where a signal came.
#ifndef TANDEM_WORKER_STACK_WALK_HPP
#define TANDEM_WORKER_STACK_WALK_HPP

#include <signal.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tandem::worker {

/// The stack pointer where the signal came; 0 where the processor is not known.
std::uintptr_t stack_pointer(const void* context) noexcept;

class stack_walk
{
public:
    /// What the unwinder does once only is done here, outside of a signal handler.
    void warm_up() noexcept;

    /// Called by a signal handler with its arguments. A damaged stack may make it fault, or not return.
    void run(const siginfo_t& info, void* context) noexcept;

    /// What was found until now, the innermost first: addresses inside of the instruction that faulted, and of the
    /// calls. The handler's own are left out.
    std::span<const std::uintptr_t> frames() const noexcept { return {frames_.data(), size_}; }

private:
    struct visitor;

    void add(std::uintptr_t address) noexcept;

    std::array<std::uintptr_t, 96> frames_{};
    std::atomic<std::size_t> size_ = 0;
};

} // namespace tandem::worker

#endif
