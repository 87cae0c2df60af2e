// What the parts of a pool share. All of it is under the pool's lock.
#ifndef TANDEM_PROCESS_POOL_POOL_STATE_HPP
#define TANDEM_PROCESS_POOL_POOL_STATE_HPP

#include <arena/argument_memory.hpp>
#include <process_pool/worker_link.hpp>
#include <schedule/recorded_scheduler.hpp>
#include <tandem/detail/process_pool_core.hpp>
#include <tandem/process_pool_options.hpp>

#include <map>
#include <memory>

namespace tandem::detail {

using link_ptr = std::shared_ptr<worker_link>;

struct pool_state
{
    pool_state(const process_pool_options& o, const schedule::settings& settings, schedule::sent_tasks& sent,
               std::shared_ptr<arena::argument_memory> memory, schedule::recording_sink recording, schedule::time_point now)
        : options(o), arguments(std::move(memory)),
          recorder(recording ? std::make_unique<schedule::recorder>(settings, sent, now, std::move(recording)) : nullptr),
          scheduler(settings, sent, recorder.get())
    {
    }

    bool has_work() const noexcept
    {
        return scheduler.queued() != 0 || scheduler.running() != 0 || scheduler.workers() != scheduler.idle_workers();
    }

    const process_pool_options options;
    const std::shared_ptr<arena::argument_memory> arguments; ///< nothing where all goes through pipes
    const std::unique_ptr<schedule::recorder> recorder; ///< mostly nothing
    schedule::recorded_scheduler scheduler;
    schedule::recorded_scheduler::actions actions; ///< to be performed before the lock is released
    std::map<schedule::worker_id, link_ptr> links;
    process_pool_stats counts;
};

inline task_operation& operation_of(schedule::task& t)
{
    return static_cast<task_operation&>(t);
}
inline const task_operation& operation_of(const schedule::task& t)
{
    return static_cast<const task_operation&>(t);
}

} // namespace tandem::detail

#endif
