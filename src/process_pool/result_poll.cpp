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
    for (const auto& [id, link] : state_.links)
        if (link->is_looked_at) {
            is_awaited = true;
            if (link->results.has_next() || link->answer.is_over(now))
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
        for (const auto& [id, link] : state_.links)
            if (std::exchange(link->is_looked_at, false))
                take_(*link, now, completions); // and asks to be woken
    };
    events_.run(take_all);
}

} // namespace tandem::detail
