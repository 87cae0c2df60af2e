#include <tandem/detail/cancellation_state.hpp>

#include <vector>

namespace tandem::detail {

using boost::asio::cancellation_type;

cancellable_operation::cancellable_operation(std::shared_ptr<cancellation_state> owner, std::uint64_t id,
                                             cancellation_type untold) noexcept
    : owner_(std::move(owner)), id_(id), untold_(untold)
{
}

cancellable_operation::~cancellable_operation()
{
    owner_->forget(id_);
}

void cancellable_operation::set_canceller(canceller cancel)
{
    const std::lock_guard lock(mutex_);
    cancel_ = std::move(cancel);
}

void cancellable_operation::handed_over()
{
    {
        const std::lock_guard lock(mutex_);
        is_handed_over_ = true;
    }
    tell();
}

void cancellable_operation::cancel(cancellation_type type)
{
    {
        const std::lock_guard lock(mutex_);
        untold_ = untold_ | type;
    }
    tell();
}

void cancellable_operation::end() noexcept
{
    canceller ended; // destroyed without the lock
    const std::lock_guard lock(mutex_);
    ended.swap(cancel_);
}

void cancellable_operation::tell()
{
    canceller cancel;
    cancellation_type types = cancellation_type::none;
    {
        const std::lock_guard lock(mutex_);
        if (!is_handed_over_ || !cancel_ || untold_ == cancellation_type::none)
            return;
        cancel = cancel_;
        types = std::exchange(untold_, cancellation_type::none);
    }
    cancel(types);
}

std::shared_ptr<cancellable_operation> cancellation_state::add()
{
    std::shared_ptr<cancellable_operation> made; // where it is destroyed, that takes the lock
    const std::lock_guard lock(mutex_);
    made = std::make_shared<cancellable_operation>(shared_from_this(), ++last_id_, cancelled_);
    operations_.emplace_hint(operations_.end(), last_id_, made);
    return made;
}

void cancellation_state::forget(std::uint64_t id) noexcept
{
    const std::lock_guard lock(mutex_);
    operations_.erase(id);
}

void cancellation_state::cancel(cancellation_type type)
{
    std::vector<std::shared_ptr<cancellable_operation>> under_way;
    {
        const std::lock_guard lock(mutex_);
        under_way.reserve(operations_.size()); // first: what is taken below is not to be destroyed under the lock
        cancelled_ = cancelled_ | type;
        // The latest first, as in a map: those that wait must be gone before one that runs makes room for them.
        for (auto each = operations_.rbegin(); each != operations_.rend(); ++each)
            if (auto operation = each->second.lock())
                under_way.push_back(std::move(operation));
    }
    for (const auto& operation : under_way)
        operation->cancel(type);
}

cancellation_type cancellation_state::cancelled() const
{
    const std::lock_guard lock(mutex_);
    return cancelled_;
}

} // namespace tandem::detail
