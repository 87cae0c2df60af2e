// Looks for the results of small tasks for a moment, so that their workers need not wake the pool. It looks in turns with
// what else the context has to do.
#ifndef TANDEM_PROCESS_POOL_RESULT_POLL_HPP
#define TANDEM_PROCESS_POOL_RESULT_POLL_HPP

#include <io/loop.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>

#include <functional>
#include <vector>

namespace tandem::detail {

class result_poll
{
public:
    /// `take(link, now, completions)` takes the results that are there, and lets the worker wake the pool for the next.
    result_poll(const pool_state& state, pool_events& events, io::loop& loop,
                std::function<void(worker_link&, schedule::time_point, completion_batch&)> take)
        : state_(state), events_(events), loop_(loop), take_(std::move(take))
    {
    }

    /// After a worker that had nothing was sent something: looks for its result, where that pays.
    void begin(worker_link& link, schedule::time_point now);

private:
    bool has_idle_cpus() const noexcept;
    bool is_still_awaited(schedule::time_point now) const;
    void look_again();
    void look();

    const pool_state& state_;
    pool_events& events_;
    io::loop& loop_;
    const std::function<void(worker_link&, schedule::time_point, completion_batch&)> take_;
    std::vector<schedule::worker_id> looked_at_;
    bool is_looking_ = false;
};

} // namespace tandem::detail

#endif
