// A fence whose one side is passed at every step and costs nothing, as the other, rare side pays for both.
#ifndef TANDEM_SRC_ASYMMETRIC_FENCE_HPP
#define TANDEM_SRC_ASYMMETRIC_FENCE_HPP

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace tandem {

/// Between a thread that stores a and then passes light() and loads b, and one that stores b and then passes heavy()
/// and loads a, one at least sees the other's store.
class asymmetric_fence
{
public:
    void light() const noexcept
    {
        if (has_membarrier_)
            std::atomic_signal_fence(std::memory_order_seq_cst); // it is the compiler that must not reorder
        else
            std::atomic_thread_fence(std::memory_order_seq_cst);
    }

    /// Takes microseconds.
    void heavy() const noexcept
    {
        if (has_membarrier_)
            call(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }

private:
    static bool call(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

    // Some sandboxes refuse it.
    const bool has_membarrier_ = call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
};

} // namespace tandem

#endif
