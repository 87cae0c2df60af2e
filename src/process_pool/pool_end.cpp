// How a pool ends at once: by its destructor, or with its context.
#include <process_pool/pool.hpp>

namespace tandem::detail {

/// What is left when nothing runs any more.
struct pool::remains
{
    std::vector<task_operation*> tasks;
    std::vector<std::unique_ptr<wait_operation>> start_waits, shutdown_waits;
    std::map<schedule::worker_id, link_ptr> links;
};

/// The last two rungs of the ladder, without the context's help. Under the lock.
pool::remains pool::end_all(std::chrono::nanoseconds stop_timeout)
{
    remains left;
    const auto now = std::chrono::steady_clock::now();
    scheduler_.shutdown({.mode = shutdown_mode::cancel_queued}, now, actions_);
    for (const auto& a : actions_)
        if (a.what == schedule::action::kind::complete)
            left.tasks.push_back(&operation_of(*a.subject));
    actions_.clear();
    for (const auto& entry : links_) {
        worker_link& link = *entry.second;
        scheduler_.for_each_task_of(entry.first, [&left, &link](schedule::task& t) {
            left.tasks.push_back(&operation_of(t));
            link.ask_to_stop(operation_of(t));
        });
        link.end_frames();
    }
    for (auto& [id, link] : links_)
        if (!link->ended && stop_timeout > std::chrono::nanoseconds::zero())
            link->process.wait_until(now + stop_timeout);
    for (auto& [id, link] : links_) // all at once, then one after the other
        link->process.kill_group();
    const auto given_up = std::chrono::steady_clock::now() + launch::child::longest_death;
    for (auto& [id, link] : links_) {
        if (!link->ended)
            link->ended = link->process.kill_and_reap(given_up);
        finish_log(*link);
        link->close();
    }
    left.links.swap(links_);
    left.start_waits.swap(start_waits_);
    left.shutdown_waits.swap(shutdown_waits_);
    cancellable_.clear();
    return left;
}

void pool::close() noexcept
{
    remains left;
    {
        std::unique_lock lock(mutex_);
        if (closed_)
            return;
        closed_ = true;
        launched_.wait(lock, [this] { return launching_ == 0; });
        left = end_all(options_.stop_timeout);
        timer_->cancel();
    }
    aftermath after;
    for (task_operation* operation : left.tasks)
        after.add(operation, operation_aborted());
    for (auto& wait : left.start_waits)
        after.waits.emplace_back(std::move(wait), operation_aborted());
    for (auto& wait : left.shutdown_waits)
        after.waits.emplace_back(std::move(wait), nullptr);
    try {
        deliver(completion_mode::post, std::move(after));
    } catch (...) { // posting allocates; there is nobody to tell
    }
}

void pool::abandon() noexcept
{
    remains left;
    {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return;
        closed_ = true;
        left = end_all(std::chrono::nanoseconds::zero());
        timer_.reset();
    }
    for (task_operation* operation : left.tasks)
        operation->destroy();
}

} // namespace tandem::detail
