#include <process_pool/worker_watch.hpp>

#include <utility>

namespace tandem::detail {

using boost::system::error_code;
using schedule::time_point;

void worker_watch::turn_on()
{
    if (std::exchange(is_on_, true))
        return;
    for (const auto& [id, link] : state_.links)
        watch(link);
}

// A wait that was cancelled may be wanted again by now, since a task can come before its handler runs.
template <class Look>
io::continuation worker_watch::wait_handler(const link_ptr& link, Look look)
{
    return continue_with(events_, [this, link, look](const error_code&, time_point now, completion_batch& completions) {
        look(observer_, link, now, completions);
        add(link);
    });
}

void worker_watch::watch(const link_ptr& link)
{
    if (link->ended)
        return;
    if (!link->waiting) {
        link->process->async_wait(
            wait_handler(link, [](observer& who, const link_ptr& l, time_point now, completion_batch& completions) {
                l->waiting = false;
                who.look_at_end(l, now, completions);
            }));
        link->waiting = true;
    }
    if (!link->frames.is_waiting_readable() && !link->silent && link->fault.empty())
        link->frames.async_wait_readable(
            wait_handler(link, [](observer& who, const link_ptr& l, time_point now, completion_batch& completions) {
                l->frames.readable_done();
                who.look_at_frames(l, now, completions);
            }));
    if (!link->log.is_waiting() && !link->log.is_at_end())
        link->log.async_wait(wait_handler(link, [](observer& who, const link_ptr& l, time_point, completion_batch&) {
            l->log.wait_done();
            who.look_at_log(l);
        }));
}

void worker_watch::turn_off_later()
{
    // Not at once: what completes now often submits the next task.
    if (!is_on_ || is_check_posted_)
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
    is_on_ = false;
    for (const auto& [id, link] : state_.links) {
        link->process->cancel_wait();
        link->frames.cancel_wait_readable();
        link->log.cancel_wait(); // its handler looks once more
    }
}

} // namespace tandem::detail
