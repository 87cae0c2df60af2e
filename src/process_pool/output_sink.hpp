// Where what workers print goes, in the order in which it came.
#ifndef TANDEM_PROCESS_POOL_OUTPUT_SINK_HPP
#define TANDEM_PROCESS_POOL_OUTPUT_SINK_HPP

#include <process_pool/inherited_output.hpp>
#include <tandem/worker_output.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
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
    /// So much may wait for the callback, or for stderr, in bytes.
    static constexpr std::size_t usual_room = std::size_t{1} << 20;

    /// `error_output` is where inherited output goes.
    output_sink(worker_output output, std::unique_ptr<io::text_output> error_output, std::size_t room = usual_room)
        : output_(std::move(output)), inherited_(std::move(error_output), room), room_(room)
    {
    }

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

    /// Whether more should be read. Where the callback is slow, workers wait. They do not wait for stderr.
    bool has_room() const noexcept { return waiting_ < room_ || closed_; }

    /// Keeps whole lines for drain(), or for write(): for the callback also where there is no room. How many were dropped instead.
    std::uint64_t add(std::string_view lines, const origin& printed);

    /// Whether there is something for the callback.
    bool has_lines() const;

    /// Calls the callback with what was added, if no other thread is at it, which then does this as well. Throws what the
    /// callback throws, after the last line.
    void drain();

    /// Writes what is for stderr. What that does not take at once is left.
    void write() noexcept { inherited_.write(); }
    void drop_rest() noexcept { inherited_.drop_rest(); }
    const inherited_output& inherited() const noexcept { return inherited_; }

    /// The callback is not called again. Lines that it did not get are dropped, and so is what is added.
    void drop_lines() noexcept;

    /// The same. Waits until a call that is under way on another thread has returned.
    void close() noexcept;

private:
    struct line
    {
        std::string text;
        int pid;
        std::uint32_t worker;
        std::string task;
        std::string label;

        std::size_t size() const noexcept { return sizeof(line) + text.size() + task.size() + label.size(); }
    };

    const worker_output output_;
    inherited_output inherited_;
    const std::size_t room_;
    std::atomic<std::size_t> waiting_ = 0; // bytes of the lines that the callback did not get yet
    mutable std::mutex mutex_;
    std::condition_variable drained_;
    bool draining_ = false;
    std::atomic<bool> closed_ = false; // also within a call of the callback
    std::thread::id drainer_; // where that is under way
    std::vector<line> lines_; // for the callback
};

} // namespace tandem::detail

#endif
