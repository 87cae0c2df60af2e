// A pool that stays awake for the moment that a small task takes: its worker then need not wake it. It looks in turns with
// what else the context has to do.
#include <process_pool/pool.hpp>

#include <tandem/cpu_count.hpp>

#include <boost/asio/defer.hpp>

#include <algorithm>
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
    const bool pays = link.at == worker_link::stage::ready && link.answer.begin(now) && has_idle_cpus();
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
    const auto is_awaited = [this] {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        return !closed_ && std::ranges::none_of(links_, [now](const auto& entry) {
            const worker_link& link = *entry.second;
            return link.is_looked_at && (link.results.has_next() || link.answer.is_over(now));
        });
    };
    if (is_awaited()) {
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
