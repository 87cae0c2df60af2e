// What workers say: their frames, and the results that they leave in shared memory, become events of the scheduler's.
#ifndef TANDEM_PROCESS_POOL_FRAME_DISPATCHER_HPP
#define TANDEM_PROCESS_POOL_FRAME_DISPATCHER_HPP

#include <process_pool/completion_batch.hpp>
#include <process_pool/outgoing_calls.hpp>
#include <process_pool/output_relay.hpp>
#include <process_pool/pool_state.hpp>
#include <process_pool/task_index.hpp>
#include <process_pool/worker_starter.hpp>

#include <string>

namespace tandem::detail {

class frame_dispatcher
{
public:
    frame_dispatcher(pool_state& state, outgoing_calls& calls, output_relay& output, task_index& tasks,
                     worker_starter& starter)
        : state_(state), calls_(calls), output_(output), tasks_(tasks), starter_(starter)
    {
    }

    /// Reads what is there, until the worker is held. One that has closed its end leaves.
    void read(worker_link& link, schedule::time_point now, completion_batch& completions)
    {
        read(link, extent::until_held, now, completions);
    }

    /// The same, also where it is held.
    void read_held(worker_link& link, schedule::time_point now, completion_batch& completions)
    {
        read(link, extent::all, now, completions);
    }

    /// The worker has ended: reads the last of it.
    void read_last(worker_link& link, schedule::time_point now, completion_batch& completions);

    /// Takes the results that are in shared memory, and lets the worker wake the pool for the next, until it is held.
    void take_results(worker_link& link, schedule::time_point now, completion_batch& completions)
    {
        take_results(link, extent::until_held, now, completions);
    }

private:
    enum class extent
    {
        until_held, ///< what tasks print is read before their outcomes are taken, and there may be no room for more
        all
    };
    bool is_over(worker_link& link, extent which) { return which == extent::until_held && output_.holds(link); }

    void read(worker_link& link, extent which, schedule::time_point now, completion_batch& completions);
    boost::system::error_code read_frames(worker_link& link, extent which, schedule::time_point now,
                                          completion_batch& completions);
    void take_results(worker_link& link, extent which, schedule::time_point now, completion_batch& completions);
    void take_frames(worker_link& link, extent which, schedule::time_point now, completion_batch& completions);
    void take_hello(worker_link& link, const channel::frame& f, schedule::time_point now, completion_batch& completions);
    void take_readiness(worker_link& link, const channel::frame& f, schedule::time_point now, completion_batch& completions);
    void becomes_ready(worker_link& link, schedule::time_point now);
    void take_outcome(worker_link& link, const channel::frame& f, schedule::time_point now, completion_batch& completions);
    void mark_faulty(worker_link& link, std::string fault);

    pool_state& state_;
    outgoing_calls& calls_;
    output_relay& output_;
    task_index& tasks_;
    worker_starter& starter_;
};

} // namespace tandem::detail

#endif
