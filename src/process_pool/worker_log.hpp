// What a worker prints: read, cut into lines, and the last of it kept for reports.
#ifndef TANDEM_PROCESS_POOL_WORKER_LOG_HPP
#define TANDEM_PROCESS_POOL_WORKER_LOG_HPP

#include <io/pipe.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::detail {

/// Not thread-safe.
class worker_log
{
public:
    /// `in`: the parent's end of the worker's stderr.
    explicit worker_log(std::unique_ptr<io::pipe_reader> in) : in_(std::move(in)) {}

    bool is_waiting() const noexcept { return waiting_; }

    /// Waits until there is something to read. `done` must call wait_done() first.
    void async_wait(io::continuation done)
    {
        in_->async_wait(std::move(done));
        waiting_ = true;
    }
    void wait_done() noexcept { waiting_ = false; }
    void cancel_wait() noexcept { in_->cancel_wait(); }

    /// Reads once, and appends the whole lines of it to `lines`. False where nothing is there.
    bool read_some(std::string& lines);

    /// Where more may come; nothing at the end.
    const io::waitable* incoming() const noexcept { return at_end_ ? nullptr : in_.get(); }

    /// Nothing more will come.
    bool is_at_end() const noexcept { return at_end_; }

    /// The last, unfinished line, which is forgotten.
    std::string take_unfinished() { return std::exchange(line_, {}); }

    /// The last of what was read, at most 4 KiB.
    const std::string& tail() const noexcept { return tail_; }

private:
    void add(std::string_view text, std::string& lines);

    std::unique_ptr<io::pipe_reader> in_;
    std::string tail_;
    std::string line_;
    bool waiting_ = false;
    bool at_end_ = false;
};

} // namespace tandem::detail

#endif
