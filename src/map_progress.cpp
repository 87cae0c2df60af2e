#include <tandem/detail/map_progress.hpp>

#include <tandem/detail/operation_aborted.hpp>

#include <utility>
#include <vector>

namespace tandem::detail {

using boost::asio::cancellation_type;

map_progress::map_progress() = default;
map_progress::~map_progress() = default;

bool map_progress::want(std::size_t count) noexcept
{
    const std::lock_guard lock(mutex_);
    return turn_.want(count);
}

bool map_progress::goes_on(bool is_exhausted) noexcept
{
    const std::lock_guard lock(mutex_);
    is_exhausted_ = is_exhausted_ || is_exhausted;
    return is_total_asked_ || turn_.goes_on(error_ || is_exhausted_);
}

void map_progress::set_exhausted() noexcept
{
    const std::lock_guard lock(mutex_);
    is_exhausted_ = true;
}

map_progress::call_id map_progress::add_call(call&& added)
{
    const call_id id = ++last_id_;
    waited_for_ += calls_.emplace_hint(calls_.end(), id, std::move(added))->second.is_waited_for ? 1 : 0;
    return id;
}

map_progress::call_id map_progress::add(canceller cancel, std::uint64_t task)
{
    const std::lock_guard lock(mutex_);
    return add_call({.cancel = std::move(cancel), .untold = cancelled_, .task = task});
}

std::optional<map_progress::call_id> map_progress::add_unless_completed()
{
    const std::lock_guard lock(mutex_);
    return is_completed_ ? std::nullopt : std::optional(add_call({}));
}

map_progress::call_id map_progress::add_unbegun()
{
    const std::lock_guard lock(mutex_);
    return add_call({.is_waited_for = false});
}

void map_progress::set_canceller(call_id id, canceller cancel)
{
    const std::lock_guard lock(mutex_);
    calls_.find(id)->second.cancel = std::move(cancel);
}

void map_progress::handed_over(call_id id)
{
    {
        const std::lock_guard lock(mutex_);
        const auto found = calls_.find(id);
        if (found == calls_.end() || cancelled_ == cancellation_type::none)
            return;
        found->second.untold = cancelled_;
    }
    tell_calls();
}

bool map_progress::begin(call_id id) noexcept
{
    const std::lock_guard lock(mutex_);
    if (is_completed_)
        return false;
    calls_.find(id)->second.is_waited_for = true;
    ++waited_for_;
    if (!error_)
        note_begun();
    return true;
}

bool map_progress::begin_element() noexcept
{
    if (has_begun_.load(std::memory_order_relaxed)) // mostly
        return !has_failed();
    const std::lock_guard lock(mutex_);
    if (!error_)
        note_begun();
    return !error_;
}

bool map_progress::end(call_id id) noexcept
{
    std::map<call_id, call>::node_type ended; // freed without the lock
    const std::lock_guard lock(mutex_);
    ended = calls_.extract(id);
    waited_for_ -= ended.mapped().is_waited_for ? 1 : 0;
    if (is_completed_ || waited_for_ != 0 || (!error_ && !is_exhausted_))
        return false;
    is_completed_ = true;
    return true;
}

void map_progress::fail(std::exception_ptr error)
{
    if (!set_error(std::move(error)))
        return;
    try {
        cancel_calls(cancellation_type::partial);
    } catch (const std::exception&) { // they end by themselves
    }
}

void map_progress::cancel(cancellation_type type)
{
    set_error(operation_aborted());
    cancel_calls(type);
}

void map_progress::cancel_unbegun()
{
    if (set_error(operation_aborted(), true))
        cancel_calls(cancellation_type::total);
}

void map_progress::ask_for_total() noexcept
{
    const std::lock_guard lock(mutex_);
    is_total_asked_ = true;
}

bool map_progress::takes_total() noexcept
{
    const std::lock_guard lock(mutex_);
    return std::exchange(is_total_asked_, false);
}

std::optional<std::vector<std::uint64_t>> map_progress::tasks_unless_begun() const
{
    const std::lock_guard lock(mutex_);
    if (error_ || is_completed_ || has_begun_)
        return std::nullopt;
    std::vector<std::uint64_t> tasks;
    for (const auto& [id, each] : calls_)
        if (each.task != 0)
            tasks.push_back(each.task);
    return tasks;
}

std::exception_ptr map_progress::take_error() noexcept
{
    const std::lock_guard lock(mutex_);
    return std::move(error_);
}

bool map_progress::set_error(std::exception_ptr error, bool unless_begun)
{
    const std::lock_guard lock(mutex_);
    if (error_ || is_completed_ || (unless_begun && has_begun_))
        return false;
    error_ = std::move(error);
    has_failed_.store(true, std::memory_order_release);
    return true;
}

void map_progress::cancel_calls(cancellation_type type)
{
    {
        const std::lock_guard lock(mutex_);
        cancelled_ = cancelled_ | type;
        for (auto& [id, each] : calls_)
            each.untold = each.untold | type;
    }
    tell_calls();
}

// Until there is nobody left: while one call is cancelled, the pool may take a part out of another and run it elsewhere.
void map_progress::tell_calls()
{
    for (;;) {
        std::vector<std::pair<canceller, cancellation_type>> untold;
        {
            // The latest first: those that wait must be gone before one that runs makes room for them.
            const std::lock_guard lock(mutex_);
            for (auto each = calls_.rbegin(); each != calls_.rend(); ++each)
                if (each->second.cancel && each->second.untold != cancellation_type::none)
                    untold.emplace_back(each->second.cancel,
                                        std::exchange(each->second.untold, cancellation_type::none));
        }
        if (untold.empty())
            return;
        for (const auto& [cancel, types] : untold)
            cancel(types);
    }
}

} // namespace tandem::detail
