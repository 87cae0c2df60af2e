// A worker process from its start to its certain end: started with four pipes in a process group of its own, watched
// through a pidfd, killed with its group, reaped exactly once, and no other child is touched.
#ifndef TANDEM_LAUNCH_CHILD_HPP
#define TANDEM_LAUNCH_CHILD_HPP

#include <tandem/launch.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tandem::launch {

/// The program as a reader knows it: its path, for self() the real one.
std::string name_of(const target& program);

/// How a process ended.
struct exit_status
{
    std::optional<int> exit_code;
    std::optional<int> signal; ///< neither is set where somebody else reaped the process
    bool core_dumped = false;
    std::chrono::microseconds cpu_time{0};
    std::int64_t peak_memory = 0; ///< in bytes
};

/// The parent's ends of a worker's pipes; non-blocking, close-on-exec.
struct pipe_ends
{
    int frames_out = -1; ///< to its stdin
    int frames_in = -1;  ///< from its stdout
    int log_in = -1;     ///< from its stderr
    int control = -1;    ///< to its control descriptor
    /// The worker's ends of the pipes that we write to: while we hold them, writing to a dead worker cannot raise
    /// SIGPIPE.
    int frames_out_reader = -1;
    int control_reader = -1;
};

class child
{
public:
    /// Starts `program`, with `shared` as its descriptors from the status page on. Blocks until it was executed, about
    /// a millisecond. Throws boost::system::system_error with the cause where it cannot be started.
    child(const boost::asio::any_io_executor& executor, const target& program, std::span<const int> shared,
          pipe_ends& pipes);

    /// Kills the group and reaps, if that has not been done.
    ~child();
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    pid_t pid() const noexcept { return pid_; }

    /// Completes when the process may have ended; ask try_reap(). A process that has ended and that a debugger holds
    /// cannot be reaped yet, so there it completes after a while.
    template <class Handler>
    void async_wait(Handler&& handler)
    {
        if (held_) {
            recheck_->expires_after(recheck_interval);
            recheck_->async_wait(std::forward<Handler>(handler));
            return;
        }
        pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::forward<Handler>(handler));
    }
    void cancel_wait() noexcept;

    /// SIGKILL to the whole process group.
    void kill_group() noexcept;

    /// How it ended, if it has; what is left of its group is killed first. Does not block. Nothing while it runs.
    std::optional<exit_status> try_reap() noexcept;

    /// Waits for the end, until `deadline` at the longest. Whether it has come.
    bool wait_until(std::chrono::steady_clock::time_point deadline) noexcept;

    /// Kills and waits for the end; not for ever, as the kernel may hold the process. Where it does, nothing, and the
    /// process is given up.
    std::optional<exit_status> kill_and_reap(
        std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() + longest_death) noexcept;

    /// A killed process ends in milliseconds, unless the kernel holds it, as on a file system that does not answer.
    static constexpr std::chrono::seconds longest_death{5};

private:
    class handle;
    void forget() noexcept;

    static constexpr std::chrono::milliseconds recheck_interval{10};

    std::unique_ptr<handle> handle_;
    boost::asio::posix::stream_descriptor pidfd_;
    std::optional<boost::asio::steady_timer> recheck_; // until it is reaped: the context may end before this object
    bool held_ = false; // it has ended, and cannot be reaped
    pid_t pid_ = -1;
    bool reaped_ = false;
};

} // namespace tandem::launch

#endif
