// A worker's process, as the pool sees it.
#ifndef TANDEM_IO_PROCESS_HPP
#define TANDEM_IO_PROCESS_HPP

#include <io/continuation.hpp>
#include <io/waitable.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace tandem::io {

/// How a process ended.
struct exit_status
{
    std::optional<int> exit_code;
    std::optional<int> signal; ///< neither is set where somebody else reaped the process
    bool core_dumped = false;
    std::chrono::microseconds cpu_time{0};
    std::int64_t peak_memory = 0; ///< in bytes
};

/// In a process group of its own. Whoever destroys it has killed and reaped it. Not thread-safe.
class process : public waitable
{
public:
    virtual ~process() = default;

    virtual pid_t pid() const noexcept = 0;

    /// `done` is called on the pool's executor when the process may have ended: ask try_reap(). One wait at a time.
    virtual void async_wait(continuation done) = 0;
    virtual void cancel_wait() noexcept = 0;

    /// SIGKILL to the process, also where it has left its process group, and to the whole group. False where this program
    /// may not send the process a signal, as when one of the two has become another user.
    virtual bool kill() noexcept = 0;

    /// How it ended, if it has; what is left of its group is killed first. Does not block. Nothing while it runs.
    virtual std::optional<exit_status> try_reap() noexcept = 0;

    /// Kills, and blocks until the end; not for ever, as the kernel may hold the process. Where it does, nothing, and the
    /// process is given up.
    virtual std::optional<exit_status> kill_and_reap(std::chrono::steady_clock::time_point deadline) noexcept = 0;

    /// A killed process ends in milliseconds, unless the kernel holds it, as on a file system that does not answer.
    static constexpr std::chrono::seconds longest_death{5};
};

} // namespace tandem::io

#endif
