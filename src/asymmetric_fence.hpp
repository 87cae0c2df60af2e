// A fence whose one side is passed at every step and costs nothing, as the other, rare side pays for both.
#ifndef TANDEM_SRC_ASYMMETRIC_FENCE_HPP
#define TANDEM_SRC_ASYMMETRIC_FENCE_HPP

#include <linux/membarrier.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace tandem {

/// Between a thread that stores a and then passes light() and loads b, and one that stores b and then passes heavy()
/// and loads a, one at least sees the other's store.
class asymmetric_fence
{
public:
    static void light() noexcept
    {
        if (is_light())
            std::atomic_signal_fence(std::memory_order_seq_cst); // it is the compiler that must not reorder
        else
            std::atomic_thread_fence(std::memory_order_seq_cst);
    }

    /// Takes microseconds; 20 ms where the kernel refuses from now on what it has granted.
    static void heavy() noexcept
    {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (was_granted_ && !call(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
            end_light();
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }

    /// To be called while the program has no other threads: from then on the kernel would take some 15 ms to get ready,
    /// and so is not asked to. Without it, both sides pay.
    static void prepare() noexcept
    {
        static const bool is_prepared = [] {
            // Some sandboxes refuse it.
            was_granted_ = __libc_single_threaded && call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
            is_light_.store(was_granted_, std::memory_order_relaxed);
            return true;
        }();
        static_cast<void>(is_prepared);
    }

    /// Whether the light side costs nothing.
    static bool is_light() noexcept { return is_light_.load(std::memory_order_relaxed); }

private:
    static bool call(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

    // A filter of system calls has come since. Who comes to light() from now on fences. Who has passed it had stored
    // before; what is left is that its store reaches the other processors, which takes a microsecond, or is done where the
    // thread lost its processor. All who are refused wait for that.
    static void end_light() noexcept
    {
        static const bool is_over = [] {
            is_light_.store(false, std::memory_order_seq_cst);
            const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
            while (std::chrono::steady_clock::now() < end)
                std::this_thread::sleep_for(std::chrono::milliseconds(1)); // which the filter may refuse as well
            return true;
        }();
        static_cast<void>(is_over);
    }

    static inline constinit bool was_granted_ = false; // set before there are other threads
    static inline constinit std::atomic<bool> is_light_{false};
};

} // namespace tandem

#endif
