#include <process_pool/worker_watch.hpp>

#include <algorithm>
#include <utility>

namespace tandem::detail {

using boost::system::error_code;
using schedule::time_point;

void worker_watch::add_new(const link_ptr& link)
{
    watched_.push_back(link);
    new_.push_back(link);
    link->is_watched = true;
}

void worker_watch::watch_new()
{
    for (const link_ptr& link : new_)
        if (link->is_watched)
            watch(link);
    new_.clear();
}

void worker_watch::remove(const link_ptr& link) noexcept
{
    if (std::exchange(link->is_watched, false))
        std::erase(watched_, link);
}

// A wait that was cancelled may be wanted again by now, since a task can come before its handler runs.
template <class Done, class Look>
io::continuation worker_watch::wait_handler(const link_ptr& link, Done done, Look look)
{
    return continue_with(events_, [this, link, done, look](const error_code&, time_point now, completion_batch& completions) {
        done(*link);
        look(observer_, link, now, completions);
        if (link->is_watched)
            watch(link);
    });
}

void worker_watch::watch(const link_ptr& link)
{
    if (link->ended)
        return;
    if (!link->waiting) {
        link->process->async_wait(wait_handler(
            link, [](worker_link& l) { l.waiting = false; },
            [](observer& who, const link_ptr& l, time_point now, completion_batch& completions) {
                if (l->is_watched) // else whoever has the next task for it looks
                    who.look_at_end(l, now, completions);
            }));
        link->waiting = true;
    }
    if (link->is_held)
        return;
    if (!link->frames.is_waiting_readable() && !link->silent && link->fault.empty())
        link->frames.async_wait_readable(wait_handler(
            link, [](worker_link& l) { l.frames.readable_done(); },
            [](observer& who, const link_ptr& l, time_point now, completion_batch& completions) {
                if (l->is_watched)
                    who.look_at_frames(l, now, completions);
            }));
    if (!link->log.is_waiting() && !link->log.is_at_end())
        link->log.async_wait(wait_handler(
            link, [](worker_link& l) { l.log.wait_done(); },
            [](observer& who, const link_ptr& l, time_point, completion_batch&) { who.look_at_log(l); })); // once more
}

void worker_watch::turn_off_later()
{
    // Not at once: what completes now often submits the next task.
    if (!is_on() || is_check_posted_)
        return;
    loop_.post(continue_with(events_, [this](const error_code&, time_point, completion_batch&) {
        is_check_posted_ = false;
        if (!state_.has_work())
            turn_off();
    }));
    is_check_posted_ = true;
}

void worker_watch::turn_off()
{
    for (const link_ptr& link : watched_) {
        link->is_watched = false;
        link->process->cancel_wait();
        link->frames.cancel_wait_readable();
        link->log.cancel_wait();
    }
    watched_.clear();
    new_.clear();
}

void worker_watch::forget_all() noexcept
{
    for (const link_ptr& link : watched_)
        link->is_watched = false;
    watched_.clear();
    new_.clear();
}

} // namespace tandem::detail
