// A pool that stays awake for the moment that a small task takes: its worker then need not wake it. It looks in turns
// with what else the context has to do.
#include <process_pool/pool.hpp>

#include <tandem/cpu_count.hpp>

#include <boost/asio/defer.hpp>

#include <thread>
#include <utility>

namespace tandem::detail {

// Whoever looks keeps a processor from others.
bool pool::has_idle_cpus() const noexcept
{
    static const std::size_t cpus = usable_cpus();
    return scheduler_.workers() - scheduler_.idle_workers() < cpus;
}

// After a worker that had nothing was sent something.
void pool::stay_awake(worker_link& link, schedule::time_point now)
{
    const bool pays = link.at == worker_link::stage::ready && has_idle_cpus() && link.answer.begin(now);
    link.let_worker_stay_awake(pays);
    if (!pays)
        return;
    link.results.wake();
    link.is_looked_at = true;
    if (!std::exchange(looking_, true))
        look_again();
}

void pool::look_again()
{
    boost::asio::defer(executor_, [self = shared_from_this()] { self->look(); });
}

void pool::look()
{
    const auto goes_on = [this] {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        bool is_awaited = false; // else the workers are gone
        for (const auto& [id, link] : links_)
            if (link->is_looked_at) {
                is_awaited = true;
                if (link->results.has_next() || link->answer.is_over(now))
                    return false;
            }
        return is_awaited && !closed_;
    };
    if (goes_on()) {
        std::this_thread::yield(); // the worker may be on the same processor
        look_again();
        return;
    }
    handle(completion_mode::dispatch, [this](schedule::time_point now, aftermath& after) {
        looking_ = false;
        for (const auto& [id, link] : links_)
            if (std::exchange(link->is_looked_at, false))
                take_results(*link, now, after); // and asks to be woken
    });
}

} // namespace tandem::detail
