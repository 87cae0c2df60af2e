// How far the handling of a crash is; threads wait for one another by it, also inside of a signal handler.
#ifndef TANDEM_WORKER_CRASH_PROGRESS_HPP
#define TANDEM_WORKER_CRASH_PROGRESS_HPP

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>

namespace tandem::worker {

enum class crash_stage : std::uint32_t
{
    none,
    walking,    // a thread crashed, and walks its stack
    walked,     // the addresses are known
    symbolised, // the names are, or cannot be had
    never
};

/// A futex and no descriptor: a program may close descriptors that it does not know.
class crash_progress
{
public:
    void reach(crash_stage stage) noexcept
    {
        stage_.store(static_cast<std::uint32_t>(stage));
        ::syscall(SYS_futex, &stage_, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr, nullptr, 0);
    }

    bool has_reached(crash_stage stage) const noexcept { return stage_.load() >= static_cast<std::uint32_t>(stage); }

    void wait(crash_stage stage) noexcept
    {
        for (auto seen = stage_.load(); seen < static_cast<std::uint32_t>(stage); seen = stage_.load())
            sleep(seen, nullptr);
    }

    /// Returns whether it came to that in time.
    bool wait_for(crash_stage stage, std::chrono::nanoseconds timeout) noexcept
    {
        const auto end = std::chrono::steady_clock::now() + timeout;
        for (auto seen = stage_.load(); seen < static_cast<std::uint32_t>(stage); seen = stage_.load()) {
            const std::chrono::nanoseconds left = end - std::chrono::steady_clock::now();
            if (left.count() <= 0)
                return false;
            const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
            const timespec time{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
            sleep(seen, &time);
        }
        return true;
    }

    /// The same, but a `thread` that uses processor time is not stuck: the machine is busy, and it is left five times as
    /// long.
    bool wait_for(crash_stage stage, pid_t thread, std::chrono::nanoseconds timeout) noexcept
    {
        for (int i = 0; i != 5; ++i) {
            const std::chrono::nanoseconds before = processor_time(thread);
            if (wait_for(stage, timeout))
                return true;
            if (processor_time(thread) == before)
                return false;
        }
        return false;
    }

private:
    // As pthread_getcpuclockid has it, which wants a pthread_t.
    static std::chrono::nanoseconds processor_time(pid_t thread) noexcept
    {
        timespec time{};
        ::clock_gettime(static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3) | 6U), &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }

    void sleep(std::uint32_t seen, const timespec* timeout) noexcept
    {
        ::syscall(SYS_futex, &stage_, FUTEX_WAIT_PRIVATE, seen, timeout, nullptr, 0);
    }

    std::atomic<std::uint32_t> stage_{0};
    static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
};

} // namespace tandem::worker

#endif
