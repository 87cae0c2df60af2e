#include <process_pool/result_poll.hpp>

#include <tandem/cpu_count.hpp>

#include <thread>
#include <utility>

namespace tandem::detail {

using schedule::time_point;

// Whoever looks keeps a processor from others.
bool result_poll::has_idle_cpus() const noexcept
{
    static const std::size_t cpus = usable_cpus();
    return state_.scheduler.workers() - state_.scheduler.idle_workers() < cpus;
}

void result_poll::begin(worker_link& link, time_point now)
{
    const bool pays = link.at == worker_link::stage::ready && has_idle_cpus() && link.answer.begin(now);
    link.let_worker_stay_awake(pays);
    if (!pays)
        return;
    if (!link.is_looked_at)
        looked_at_.push_back(link.id);
    link.results.wake();
    link.is_looked_at = true;
    if (is_looking_)
        return;
    look_again();
    is_looking_ = true;
}

void result_poll::look_again()
{
    loop_.defer([this, pool = events_.shared()](const boost::system::error_code&) { look(); });
}

bool result_poll::is_still_awaited(time_point now) const
{
    bool is_awaited = false; // else the workers are gone
    for (const schedule::worker_id id : looked_at_) {
        const auto found = state_.links.find(id);
        if (found == state_.links.end())
            continue;
        is_awaited = true;
        if (found->second->results.has_next() || found->second->answer.is_over(now))
            return false;
    }
    return is_awaited;
}

void result_poll::look()
{
    const auto is_awaited = [this](time_point now) { return is_still_awaited(now); };
    if (events_.ask(is_awaited)) {
        std::this_thread::yield(); // the worker may be on the same processor
        try {
            look_again();
            return;
        } catch (const std::exception&) { // no memory: the workers ring instead
        }
    }
    const auto take_all = [this](time_point now, completion_batch& completions) {
        is_looking_ = false;
        for (const schedule::worker_id id : looked_at_)
            if (const auto found = state_.links.find(id); found != state_.links.end()) {
                found->second->is_looked_at = false;
                take_(*found->second, now, completions); // and asks to be woken
            }
        looked_at_.clear();
    };
    events_.run(take_all);
}

} // namespace tandem::detail
