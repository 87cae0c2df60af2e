#include <process_pool/inherited_output.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace tandem::detail {
namespace {

std::uint64_t lines_in(std::string_view text)
{
    const auto ends = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    return ends + (!text.empty() && text.back() != '\n' ? 1 : 0);
}

std::string notice_of(std::uint64_t lines)
{
    return "tandem: " + std::to_string(lines) + (lines == 1 ? " line" : " lines") +
           " of workers' output dropped: stderr took no more\n";
}

} // namespace

std::uint64_t inherited_output::add(std::string_view lines)
{
    if (kept_ + lines.size() > room_)
        write(); // perhaps nobody has tried since it filled
    const std::lock_guard lock(mutex_);
    const std::size_t room = is_full_ ? 0 : room_ - std::min(room_, kept_.load());
    std::string_view kept = lines;
    if (lines.size() > room) {
        is_full_ = true;
        kept = lines.substr(0, room);
        kept = kept.substr(0, kept.rfind('\n') + 1); // of none, nothing
    }
    text_ += kept;
    count_kept();
    const std::uint64_t missing = lines_in(lines.substr(kept.size()));
    dropped_ += missing;
    untold_ += missing;
    return missing;
}

void inherited_output::write() noexcept
{
    if (!has_text())
        return;
    std::unique_lock lock(mutex_);
    if (std::exchange(is_writing_, true))
        return;
    for (choose_next(); !first_.empty(); choose_next()) {
        lock.unlock();
        boost::system::error_code error;
        const std::size_t size = target_->write_some(first_, error);
        lock.lock();
        written_ += size;
        if (size != 0 && telling_ == 0)
            last_written_ = first_[size - 1];
        first_.erase(0, size);
        if (error == boost::asio::error::would_block)
            break;
        if (error)
            drop_all();
    }
    count_kept();
    is_writing_ = false;
}

// When all that was kept is written, what was not kept is told, and then come newer lines.
void inherited_output::choose_next() noexcept
{
    if (!first_.empty())
        return;
    untold_ -= std::exchange(telling_, 0);
    const bool is_time_to_tell = is_full_ ? text_.empty() : !text_.empty();
    if (untold_ != 0 && is_time_to_tell) {
        is_full_ = false;
        try {
            first_ = (last_written_ == '\n' ? "" : "\n") + notice_of(untold_);
            telling_ = untold_;
            return;
        } catch (const std::exception&) { // no memory: with the next lines
        }
    }
    std::swap(first_, text_);
}

void inherited_output::drop_rest() noexcept
{
    const std::lock_guard lock(mutex_);
    if (is_writing_)
        return;
    drop_all();
    count_kept();
}

// The target takes nothing any more: what is added next tries again.
void inherited_output::drop_all() noexcept
{
    const std::uint64_t missing = (telling_ == 0 ? lines_in(first_) : 0) + lines_in(text_);
    first_.clear();
    text_.clear();
    telling_ = 0;
    is_full_ = false;
    dropped_ += missing;
    untold_ += missing;
}

std::uint64_t inherited_output::written() const
{
    const std::lock_guard lock(mutex_);
    return written_;
}

std::uint64_t inherited_output::dropped() const
{
    const std::lock_guard lock(mutex_);
    return dropped_;
}

} // namespace tandem::detail
