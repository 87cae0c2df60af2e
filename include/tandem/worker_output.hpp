// Where what workers print goes.
#ifndef TANDEM_WORKER_OUTPUT_HPP
#define TANDEM_WORKER_OUTPUT_HPP

#include <tandem/detail/same_build.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace tandem {

/// A line that a worker printed. The views hold during the call only.
struct output_line
{
    std::string_view text;     ///< without its end; a line over 4 KiB comes in parts
    int pid = 0;               ///< the worker's process id
    std::uint32_t worker = 0;  ///< the worker's number: the pool counts those it starts, from 1
    std::string_view task{};   ///< the function that was running; empty where none was
    std::string_view label{};  ///< its run_options::label
};

/// What becomes of a worker's stdout and stderr. The last 4 KiB are kept for reports in each case.
///
/// It is read while the worker has a task, starts or ends, and in the pool's destructor. What a thread of an idle worker
/// prints comes with the worker's next task, when it ends, or at the destructor; a pipe holds 64 KiB of it, then the thread
/// waits.
class worker_output
{
public:
    using callback = std::function<void(const output_line&)>;

    /// To this process's stderr, in whole lines. The default.
    /// Nobody waits for who reads that. What it does not take at once is kept, 1 MiB at most. Lines beyond that are dropped
    /// until stderr has taken what was kept, and then a line there says how many. process_pool_stats::lines_dropped and
    /// attempt_report::lines_dropped count them, and those for which stderr fails. A pool that has nothing to do keeps its
    /// context busy with what is left for a second after stderr took the last of it, and the destructor waits a second at
    /// most; what is left then is dropped.
    static worker_output inherit() { return {}; }

    static worker_output discard() { return worker_output(mode::discard, nullptr); }

    /// Line by line to `function`, on the pool's executor, one line at a time. On an executor with one thread lines
    /// come before the completion of the task that printed them. What it throws goes out through the context's run().
    /// While more than 1 MiB waits for the function, workers that print wait too: neither their output nor their results are
    /// read. Their deadlines hold.
    /// The destructor drops lines that were not passed on; when it has returned, the function is not called any more.
    /// A line is of the task during which it was finished. What a thread or a child process prints while its worker waits for
    /// a task is of none. To know that, a worker asks the system after each task that had the time to print: small tasks take
    /// up to three times as long.
    static worker_output lines(callback function) { return worker_output(mode::lines, std::move(function)); }

    worker_output() = default;

    bool is_inherited() const noexcept { return mode_ == mode::inherit; }
    const callback& function() const noexcept { return function_; }

private:
    enum class mode : std::uint8_t
    {
        inherit,
        discard,
        lines
    };

    worker_output(mode m, callback function) : mode_(m), function_(std::move(function)) {}

    mode mode_ = mode::inherit;
    callback function_;
};

} // namespace tandem

#endif
