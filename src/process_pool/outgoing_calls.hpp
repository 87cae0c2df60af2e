// Calls on their way to workers: appended to a worker's frames one by one, written together.
#ifndef TANDEM_PROCESS_POOL_OUTGOING_CALLS_HPP
#define TANDEM_PROCESS_POOL_OUTGOING_CALLS_HPP

#include <io/loop.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>
#include <process_pool/result_poll.hpp>

#include <vector>

namespace tandem::detail {

class outgoing_calls
{
public:
    outgoing_calls(pool_state& state, pool_events& events, io::loop& loop, result_poll& poll)
        : state_(state), events_(events), loop_(loop), poll_(poll)
    {
    }

    /// Appends a call to what is to be written.
    void add(task_operation& operation, const link_ptr& link);

    /// Writes what is for workers that have nothing else. The rest waits for more, so that it goes out together, until
    /// the context has done what it has.
    void flush_urgent(schedule::time_point now);

    void flush_all(schedule::time_point now);

    /// Has that done by an event of its own, when the context has done what it has. May throw.
    void flush_later();

    /// Writes all that was appended for a worker, now or when its pipe has room.
    void flush(const link_ptr& link);

    /// The same where the pipe was full: what goes in now shows that the worker reads.
    void flush_rest(const link_ptr& link);

    void forget_all() noexcept { unflushed_.clear(); }

private:
    void flush_marked(const link_ptr& link, schedule::time_point now);
    void write(const link_ptr& link, std::uint64_t progress);
    void wait_writable(const link_ptr& link);

    pool_state& state_;
    pool_events& events_;
    io::loop& loop_;
    result_poll& poll_;
    std::vector<link_ptr> unflushed_;
    bool is_flush_posted_ = false;
};

} // namespace tandem::detail

#endif
