// A worker process from its start to its certain end: started with four pipes in a process group of its own, watched
// through a pidfd, killed with its group, reaped exactly once, and no other child is touched.
#ifndef TANDEM_LAUNCH_CHILD_HPP
#define TANDEM_LAUNCH_CHILD_HPP

#include <descriptor.hpp>
#include <io/asio.hpp>
#include <io/process.hpp>
#include <tandem/launch.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace tandem::launch {

/// The parent's ends of a worker's pipes; non-blocking, close-on-exec.
struct pipe_ends
{
    descriptor frames_out; ///< to its stdin
    descriptor frames_in;  ///< from its stdout
    descriptor log_in;     ///< from its stderr
    descriptor control;    ///< to its control descriptor
    /// The worker's end of the pipe that calls go through: while we hold it, writing to a dead worker cannot raise SIGPIPE.
    descriptor frames_out_reader;
};

class child final : public io::process
{
public:
    /// Starts `program`, with `shared` as its descriptors from the status page on. Blocks until it was executed, about
    /// a millisecond. Throws start_error, and boost::system::system_error of Asio's, where it cannot be started.
    child(const boost::asio::any_io_executor& executor, const target& program, std::span<const int> shared,
          pipe_ends& pipes);

    /// Kills the group and reaps, if that has not been done.
    ~child() override;
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    pid_t pid() const noexcept override { return pid_; }
    /// Negative also where it has ended and cannot be reaped yet.
    int native_handle() const noexcept override { return held_ ? -1 : io::native_handle(pidfd_); }

    /// A process that has ended and that a debugger holds cannot be reaped yet, so there it completes after a while.
    void async_wait(io::continuation done) override;
    void cancel_wait() noexcept override;
    bool kill() noexcept override;
    std::optional<io::exit_status> try_reap() noexcept override;
    std::optional<io::exit_status> kill_and_reap(std::chrono::steady_clock::time_point deadline) noexcept override;

private:
    void forget() noexcept;
    bool wait_until(std::chrono::steady_clock::time_point deadline) noexcept; // whether it has ended

    static constexpr std::chrono::milliseconds recheck_interval{10};

    boost::asio::posix::stream_descriptor pidfd_;
    std::optional<io::asio_timer> recheck_; // until it is reaped: the context may end before this object
    bool held_ = false; // it has ended, and cannot be reaped
    pid_t pid_ = -1;
    bool reaped_ = false;
};

} // namespace tandem::launch

#endif
