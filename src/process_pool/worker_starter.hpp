// Starts a pool's workers, outside of its lock, and tells those who wait for all of them.
#ifndef TANDEM_PROCESS_POOL_WORKER_STARTER_HPP
#define TANDEM_PROCESS_POOL_WORKER_STARTER_HPP

#include <io/loop.hpp>
#include <process_pool/failure.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>
#include <process_pool/wait_list.hpp>
#include <process_pool/worker_launcher.hpp>
#include <process_pool/worker_watch.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace tandem::detail {

class worker_starter
{
public:
    worker_starter(pool_state& state, pool_events& events, io::loop& loop, worker_watch& watch,
                   std::unique_ptr<worker_launcher> launcher)
        : state_(state), events_(events), loop_(loop), watch_(watch), launcher_(std::move(launcher))
    {
    }

    // --- under the pool's lock

    /// Starts it from the context: that takes a millisecond. One after the other, and others have their turn in between.
    void post(schedule::worker_id id);

    /// A worker could not be started, or not get ready: fails those who wait for all.
    void fail(const start_failure& failure, completion_batch& completions);
    const std::shared_ptr<const start_failure>& last_failure() const noexcept { return last_failure_; }

    /// They complete when all are ready, or cannot be.
    wait_list& waits() noexcept { return waits_; }

    // --- without it, when the pool is closed

    /// Waits until no start is under way.
    void join();

    /// The context ends, and no start is under way: nothing is left that knows it.
    void abandon() noexcept { launcher_.reset(); }

private:
    void post_next();
    void post_launch();
    void launch_next();
    void launch(schedule::worker_id id);
    link_ptr make_link(schedule::worker_id id, start_failure& failure) noexcept;
    void end_launch() noexcept;

    pool_state& state_;
    pool_events& events_;
    io::loop& loop_;
    worker_watch& watch_;
    std::unique_ptr<worker_launcher> launcher_;
    wait_list waits_;
    std::deque<schedule::worker_id> unlaunched_;
    bool is_posted_ = false; // the launch of the first of them
    std::shared_ptr<const start_failure> last_failure_ = std::make_shared<start_failure>();

    std::mutex mutex_; // of the launches that are under way
    std::condition_variable none_;
    std::size_t launching_ = 0;
};

} // namespace tandem::detail

#endif
