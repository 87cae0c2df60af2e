// What a pool waits for of its workers: that they write, print, end. Watching costs the context work, so it is done only
// while there is something to wait for.
#ifndef TANDEM_PROCESS_POOL_WORKER_WATCH_HPP
#define TANDEM_PROCESS_POOL_WORKER_WATCH_HPP

#include <io/loop.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>

namespace tandem::detail {

class worker_watch
{
public:
    /// Who looks when a wait has ended, however it ended: there may be something.
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

    bool is_on() const noexcept { return is_on_; }

    /// Watches all workers.
    void turn_on();

    /// Stops watching where there is still nothing to do when the context has done what it has.
    void turn_off_later();

    /// Of a worker that was started; where the watch is on.
    void add(const link_ptr& link)
    {
        if (is_on_)
            watch(link);
    }

private:
    template <class Look>
    io::continuation wait_handler(const link_ptr& link, Look look);
    void watch(const link_ptr& link);
    void turn_off();

    const pool_state& state_;
    pool_events& events_;
    io::loop& loop_;
    observer& observer_;
    bool is_on_ = false;
    bool is_check_posted_ = false;
};

} // namespace tandem::detail

#endif
