// What waits for a thread, what runs on one, and how it is asked to stop. Knows no handlers: see work_item.
#ifndef TANDEM_DETAIL_WORK_QUEUE_HPP
#define TANDEM_DETAIL_WORK_QUEUE_HPP

#include <tandem/detail/pending_handler.hpp>
#include <tandem/detail/scheduled_task.hpp>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

namespace tandem::detail {

class task_context;
class work_queue;

/// Asks a coroutine to stop.
using stop_function = std::function<void(asio::cancellation_type)>;

/// One call of thread_pool::async_run, erased.
class work_item : public scheduled_task
{
public:
    work_item() = default;
    work_item(const work_item&) = delete;
    work_item& operator=(const work_item&) = delete;
    virtual ~work_item() = default;

    /// Runs the work on this thread: true when it has ended. False where a coroutine goes on, and perhaps has completed
    /// already; work_queue::finished() is its last step.
    virtual bool run(work_queue& queue) = 0;

    /// How to ask a coroutine under way to stop. Called under the queue's lock; what it returns is called without, and
    /// perhaps after the coroutine has ended.
    virtual stop_function stopper() { return {}; }

    /// Forgets that it was asked to stop, so that it can be run again. Called under the queue's lock.
    virtual void rearm() {}

    /// Calls the handler with `error`, or where it is null with what the work returned or threw, and frees the item
    /// first.
    virtual void complete(completion_mode mode, std::exception_ptr error) = 0;

    /// Frees the item, its handler uncalled.
    virtual void destroy() noexcept = 0;

    /// Leaves a coroutine that is under way to itself: from now on it does nothing to the item, which is to be completed.
    /// False where it is no coroutine, or has not begun to be one, or is about to complete the item. Called under the queue's
    /// lock.
    virtual bool abandon() noexcept { return false; }

    /// Whether a run that is under way may be followed by another.
    bool may_run_again() const noexcept
    {
        return attempts <= options->retries && options->retry_on != retry_cause::worker_died;
    }

    void set(const run_options& wanted) noexcept { options = &own_options_.emplace(task_options(wanted)); }

    /// Whether it can be cancelled by its id; set before it is submitted.
    bool stoppable = false;

    /// It may run while no thread runs it.
    bool is_coroutine = false;

    // The queue's own.
    std::uint32_t round = 0; // the last one in which all that run were looked at
    task_context* context = nullptr; // while it runs, on its thread's stack; coroutines have none

private:
    std::optional<task_options> own_options_;
};

struct work_queue_counts
{
    std::size_t queued = 0;
    std::size_t running = 0;
    std::uint64_t completed = 0;
};

/// What is to become of plain work whose turn has come; see plain_work.
enum class plain_turn
{
    now,
    in_order, ///< by its priority: it is to be submitted to the queue
    never     ///< the pool has been stopped
};

/// Thread-safe.
class work_queue : public std::enable_shared_from_this<work_queue>
{
public:
    virtual ~work_queue() = default;

    /// Where it throws, the item is destroyed.
    virtual void submit(work_item* item) = 0;
    virtual std::uint64_t next_id() noexcept = 0;
    virtual void cancel(std::uint64_t id, asio::cancellation_type type) = 0;

    // Plain work, which is posted by its owner and not queued here. Submitting: false where it has to be queued. Then
    // run_plain(), when its turn has come, which calls `work` where it says now; submit_begun() where it says in_order.
    virtual bool submit_plain() noexcept = 0;
    virtual plain_turn run_plain(const std::function<void()>& work) = 0;
    virtual void submit_begun(work_item* item) = 0;
    /// It could not be posted after all, or submitted as one that has begun.
    virtual void forget_plain(bool has_begun) noexcept = 0;

    /// The item's work has ended: completes the item, or runs it again.
    virtual void finished(work_item* item, completion_mode mode) = 0;

    /// Takes no more, removes what waits, asks what runs to stop.
    virtual void close() = 0;
    /// `then` is posted once: after close(), behind the completions of all work, when none runs any more.
    virtual void when_quiet(std::function<void()> then) = 0;
    /// After close(): coroutines that are under way complete with `operation_aborted` now. They themselves are destroyed with
    /// what they wait for.
    virtual void abandon_coroutines() = 0;
    /// Returns when no coroutine is under way: after `patience`, they are abandoned. Not to be called by work.
    virtual void end_coroutines(std::chrono::nanoseconds patience) = 0;
    /// After close(): waits for what the queue itself has running. Not to be called by work.
    virtual void join() = 0;
    virtual work_queue_counts counts() const = 0;
};

/// How many threads a pool has that is to have `wanted`; usable_cpus() for 0. To be called before it starts them: some of
/// what a queue needs is cheap only as long as there are none. Throws std::invalid_argument where no system has so many.
std::size_t thread_count(std::size_t wanted);

std::shared_ptr<work_queue> make_work_queue(const asio::thread_pool::executor_type& executor);

} // namespace tandem::detail

#endif
