// Where what workers print goes, in the order in which it came.
#ifndef TANDEM_PROCESS_POOL_OUTPUT_SINK_HPP
#define TANDEM_PROCESS_POOL_OUTPUT_SINK_HPP

#include <tandem/worker_output.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tandem::detail {

/// Thread-safe.
class output_sink
{
public:
    explicit output_sink(worker_output output) : output_(std::move(output)) {}

    /// Whether it matters which task printed a line.
    bool wants_tasks() const noexcept { return static_cast<bool>(output_.function()); }

    /// Who printed.
    struct origin
    {
        int pid = 0;
        std::uint32_t worker = 0;
        std::string_view task{};
        std::string_view label{};
    };

    /// Keeps whole lines for drain().
    void add(std::string_view lines, const origin& from);

    /// Whether there is something for the callback.
    bool has_lines() const;

    /// Hands on what was added, if no other thread is at it, which then does this as well. Throws what the callback
    /// throws, after the last line.
    void drain();

    /// The callback is not called again, and lines that it did not get are dropped. What is left for stderr is written.
    /// Waits until a call that is under way on another thread has returned.
    void close() noexcept;

private:
    struct line
    {
        std::string text;
        int pid;
        std::uint32_t worker;
        std::string task;
        std::string label;
    };

    const worker_output output_;
    mutable std::mutex mutex_;
    std::condition_variable drained_;
    bool draining_ = false;
    std::atomic<bool> closed_ = false; // also within a call of the callback
    std::thread::id drainer_; // where that is under way
    std::string text_;        // for stderr
    std::vector<line> lines_; // for the callback
};

} // namespace tandem::detail

#endif
