// What a pool waits for of its workers: that they write, print, end. Watching costs the context work, so only workers are
// watched that have something to do, start or end, and those that had something to do since the pool was idle.
#ifndef TANDEM_PROCESS_POOL_WORKER_WATCH_HPP
#define TANDEM_PROCESS_POOL_WORKER_WATCH_HPP

#include <io/loop.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>

#include <vector>

namespace tandem::detail {

class worker_watch
{
public:
    /// Who looks when a wait has ended: there may be something.
    class observer
    {
    public:
        virtual void look_at_end(const link_ptr& link, schedule::time_point now, completion_batch& completions) = 0;
        virtual void look_at_frames(const link_ptr& link, schedule::time_point now, completion_batch& completions) = 0;
        virtual void look_at_log(const link_ptr& link) = 0;

    protected:
        ~observer() = default;
    };

    worker_watch(const pool_state& state, pool_events& events, io::loop& loop, observer& who)
        : state_(state), events_(events), loop_(loop), observer_(who)
    {
    }

    /// Whether a worker is watched.
    bool is_on() const noexcept { return !watched_.empty(); }

    const std::vector<link_ptr>& watched() const noexcept { return watched_; }

    /// Watches a worker, from the next call of begin_waits() on.
    void add(const link_ptr& link)
    {
        if (!link->is_watched)
            add_new(link);
    }

    /// Waits for those that were added: after they have been sent what they wait for.
    void begin_waits()
    {
        if (!new_.empty())
            watch_new();
    }

    /// The worker is not held any more: where it is watched, waits for all of it.
    void resume(const link_ptr& link)
    {
        if (link->is_watched)
            watch(link);
    }

    /// The worker is gone.
    void remove(const link_ptr& link) noexcept;

    /// Stops watching all where there is still nothing to do when the context has done what it has.
    void turn_off_later();

    /// All workers are gone.
    void forget_all() noexcept;

private:
    template <class Done, class Look>
    io::continuation wait_handler(const link_ptr& link, Done done, Look look);
    void add_new(const link_ptr& link);
    void watch_new();
    void watch(const link_ptr& link);
    void turn_off();

    const pool_state& state_;
    pool_events& events_;
    io::loop& loop_;
    observer& observer_;
    std::vector<link_ptr> watched_;
    std::vector<link_ptr> new_; // of them
    bool is_check_posted_ = false;
};

} // namespace tandem::detail

#endif
