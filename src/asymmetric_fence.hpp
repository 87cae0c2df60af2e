// A fence whose one side is passed at every step and costs nothing, as the other, rare side pays for both.
#ifndef TANDEM_SRC_ASYMMETRIC_FENCE_HPP
#define TANDEM_SRC_ASYMMETRIC_FENCE_HPP

#include <linux/membarrier.h>
#include <sys/single_threaded.h>
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

    /// To be called while the program has no other threads: from then on the kernel would take some 15 ms to get ready,
    /// and so is not asked to. Without it, both sides pay.
    static void prepare() noexcept { has_membarrier(); }

private:
    static bool call(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

    static bool has_membarrier() noexcept
    {
        // Some sandboxes refuse it.
        static const bool has = __libc_single_threaded && call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
        return has;
    }

    const bool has_membarrier_ = has_membarrier();
};

} // namespace tandem

#endif
