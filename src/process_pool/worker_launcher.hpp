// Starts workers' processes, and what the pool shares with them.
#ifndef TANDEM_PROCESS_POOL_WORKER_LAUNCHER_HPP
#define TANDEM_PROCESS_POOL_WORKER_LAUNCHER_HPP

#include <arena/argument_memory.hpp>
#include <arena/result_memory.hpp>
#include <io/pipe.hpp>
#include <io/process.hpp>
#include <status/status_page.hpp>
#include <tandem/launch.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace tandem::detail {

/// Tells a worker's watcher what to do.
class worker_control
{
public:
    virtual ~worker_control() = default;

    /// Asks it to stop the task of this call, which may have ended meanwhile.
    virtual void ask_to_stop(std::uint64_t call) noexcept = 0;

    /// The end tells an idle worker to exit, and ends a busy one.
    virtual void close() noexcept = 0;
};

/// A worker whose process was started.
struct launched_worker
{
    std::unique_ptr<io::process> process;
    std::unique_ptr<io::pipe_reader> frames_in; ///< its stdout
    std::unique_ptr<io::pipe_writer> frames_out; ///< its stdin
    std::unique_ptr<io::pipe_reader> log; ///< its stderr
    std::unique_ptr<worker_control> control;
    std::shared_ptr<status::status_page> page; ///< all zero at first
    std::shared_ptr<arena::result_memory> large_results; ///< nothing where they come through the pipe
};

/// Thread-safe.
class worker_launcher
{
public:
    virtual ~worker_launcher() = default;

    /// Blocks until the program was executed, about a millisecond. Throws launch::start_error where it cannot be started.
    virtual launched_worker launch() = 0;
};

/// Workers read large arguments from `arguments`, which outlives the launcher, and then have memory for large results;
/// nothing where there are none.
std::unique_ptr<worker_launcher> make_process_launcher(const boost::asio::any_io_executor& executor, launch::target program,
                                                       const arena::argument_memory* arguments);

} // namespace tandem::detail

#endif
