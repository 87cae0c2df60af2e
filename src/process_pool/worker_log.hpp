// What a worker prints: read, cut into lines, and the last of it kept for reports.
#ifndef TANDEM_PROCESS_POOL_WORKER_LOG_HPP
#define TANDEM_PROCESS_POOL_WORKER_LOG_HPP

#include <io/pipe.hpp>
#include <status/status_page.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace tandem::detail {

/// Not thread-safe.
class worker_log
{
public:
    /// `in`: the parent's end of the worker's stderr. `position`: where the worker sees how far it is read.
    worker_log(std::unique_ptr<io::pipe_reader> in, status::log_position& position) : in_(std::move(in)), position_(position) {}

    bool is_waiting() const noexcept { return waiting_; }

    /// Waits until there is something to read. `done` must call wait_done() first.
    void async_wait(io::continuation done)
    {
        in_->async_wait(std::move(done));
        waiting_ = true;
    }
    void wait_done() noexcept { waiting_ = false; }
    void cancel_wait() noexcept { in_->cancel_wait(); }

    /// Reads once. False where nothing is there.
    bool read_some();

    /// How many bytes were read, ever.
    std::uint64_t received() const noexcept { return received_; }

    /// Whether some of them were not taken.
    bool has_text() const noexcept { return !text_.empty(); }

    /// Takes what was read up to that byte, ever: the whole lines of it.
    std::string take_lines(std::uint64_t end = std::uint64_t(-1));

    /// Where more may come; nothing at the end.
    const io::waitable* incoming() const noexcept { return at_end_ ? nullptr : in_.get(); }

    /// Nothing more will come.
    bool is_at_end() const noexcept { return at_end_; }

    /// The last, unfinished line, which is forgotten.
    std::string take_unfinished() { return std::exchange(line_, {}); }

    /// The last of what was read, at most 4 KiB.
    const std::string& tail() const noexcept { return tail_; }

private:
    std::unique_ptr<io::pipe_reader> in_;
    status::log_position& position_;
    std::uint64_t received_ = 0;
    std::string tail_;
    std::string text_; // not taken
    std::string line_;
    bool waiting_ = false;
    bool at_end_ = false;
};

} // namespace tandem::detail

#endif
