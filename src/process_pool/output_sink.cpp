#include <process_pool/output_sink.hpp>

#include <exception>
#include <utility>

namespace tandem::detail {
std::uint64_t output_sink::add(std::string_view lines, const origin& printed)
{
    if (output_.is_inherited())
        return inherited_.add(lines);
    const std::lock_guard lock(mutex_);
    if (!output_.function() || closed_)
        return 0;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        lines_.push_back({std::string(lines.substr(0, end)), printed.pid, printed.worker, std::string(printed.task),
                          std::string(printed.label)});
        waiting_ += lines_.back().size();
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
    return 0;
}

bool output_sink::has_lines() const
{
    const std::lock_guard lock(mutex_);
    return !lines_.empty();
}

void output_sink::drain()
{
    if (waiting_ == 0)
        return;
    std::exception_ptr thrown;
    std::unique_lock lock(mutex_);
    while (!draining_ && !closed_ && !lines_.empty()) {
        const std::vector<line> lines = std::exchange(lines_, {});
        draining_ = true;
        drainer_ = std::this_thread::get_id();
        lock.unlock();
        for (const line& l : lines) {
            if (closed_)
                break;
            try {
                output_.function()({l.text, l.pid, l.worker, l.task, l.label});
            } catch (...) {
                thrown = std::current_exception();
            }
            waiting_ -= l.size();
        }
        lock.lock();
        draining_ = false;
        drained_.notify_all();
    }
    if (thrown)
        std::rethrow_exception(thrown);
}

void output_sink::drop_lines() noexcept
{
    const std::lock_guard lock(mutex_);
    closed_ = true;
    lines_.clear();
}

void output_sink::close() noexcept
{
    drop_lines();
    std::unique_lock lock(mutex_);
    drained_.wait(lock, [this] { return !draining_ || drainer_ == std::this_thread::get_id(); });
}

} // namespace tandem::detail
