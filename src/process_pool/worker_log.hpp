// What a worker prints: read, cut into lines, and the last of it kept for reports.
#ifndef TANDEM_PROCESS_POOL_WORKER_LOG_HPP
#define TANDEM_PROCESS_POOL_WORKER_LOG_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace tandem::detail {

/// Not thread-safe.
class worker_log
{
public:
    /// Takes over `fd`, the parent's non-blocking end of the worker's stderr.
    worker_log(const boost::asio::any_io_executor& executor, int fd);

    bool is_waiting() const noexcept { return waiting_; }

    /// Completes when there is something to read; handler(error_code) must call wait_done() first.
    template <class Handler>
    void async_wait(Handler&& handler)
    {
        waiting_ = true;
        in_.async_wait(boost::asio::posix::stream_descriptor::wait_read, std::forward<Handler>(handler));
    }
    void wait_done() noexcept { waiting_ = false; }
    void cancel_wait() noexcept;

    /// Reads what is there and appends the whole lines of it to `lines`.
    void read_now(std::string& lines);

    /// Nothing more will come.
    bool is_at_end() const noexcept { return at_end_; }

    /// The last, unfinished line, which is forgotten.
    std::string take_unfinished() { return std::exchange(line_, {}); }

    /// The last of what was read, at most 4 KiB.
    const std::string& tail() const noexcept { return tail_; }

private:
    void add(std::string_view text, std::string& lines);

    boost::asio::posix::stream_descriptor in_;
    std::string tail_;
    std::string line_;
    bool waiting_ = false;
    bool at_end_ = false;
};

} // namespace tandem::detail

#endif
