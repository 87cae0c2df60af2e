#include <process_pool/output_sink.hpp>

#include <blocked_signal.hpp>

#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace tandem::detail {
namespace {

// Does not raise SIGPIPE where nobody reads it.
void write_to_stderr(std::string_view text) noexcept
{
    if (text.empty())
        return;
    const blocked_signal pipe_signal(SIGPIPE);
    while (!text.empty()) {
        const ssize_t size = ::write(STDERR_FILENO, text.data(), text.size());
        if (size >= 0) {
            text.remove_prefix(static_cast<std::size_t>(size));
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EPIPE)
            pipe_signal.take();
        break; // nobody to tell
    }
}

} // namespace

void output_sink::add(std::string_view lines, const origin& from)
{
    if (lines.empty())
        return;
    const std::lock_guard lock(mutex_);
    if (output_.is_inherited())
        text_ += lines;
    if (!output_.function())
        return;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        lines_.push_back({std::string(lines.substr(0, end)), from.pid, from.worker, std::string(from.task),
                          std::string(from.label)});
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
}

bool output_sink::has_lines() const
{
    const std::lock_guard lock(mutex_);
    return !lines_.empty();
}

void output_sink::drain()
{
    std::exception_ptr thrown;
    std::unique_lock lock(mutex_);
    while (!draining_ && !closed_ && (!text_.empty() || !lines_.empty())) {
        const std::string text = std::exchange(text_, {});
        const std::vector<line> lines = std::exchange(lines_, {});
        draining_ = true;
        drainer_ = std::this_thread::get_id();
        lock.unlock();
        write_to_stderr(text);
        for (const line& l : lines) {
            if (closed_)
                break;
            try {
                output_.function()({l.text, l.pid, l.worker, l.task, l.label});
            } catch (...) {
                thrown = std::current_exception();
            }
        }
        lock.lock();
        draining_ = false;
        drained_.notify_all();
    }
    if (thrown)
        std::rethrow_exception(thrown);
}

void output_sink::close() noexcept
{
    std::unique_lock lock(mutex_);
    closed_ = true;
    lines_.clear();
    drained_.wait(lock, [this] { return !draining_ || drainer_ == std::this_thread::get_id(); });
    const std::string text = std::exchange(text_, {}); // came while another thread drained, or the context ends
    lock.unlock();
    write_to_stderr(text);
}

} // namespace tandem::detail
