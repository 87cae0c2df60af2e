// Ties the scheduler to processes: what happens becomes the scheduler's events, its actions are carried out. The parts
// wait for what happens, each for its kind.
#ifndef TANDEM_PROCESS_POOL_POOL_HPP
#define TANDEM_PROCESS_POOL_POOL_HPP

#include <io/loop.hpp>
#include <process_pool/completion_batch.hpp>
#include <process_pool/deadline_timer.hpp>
#include <process_pool/frame_dispatcher.hpp>
#include <process_pool/outgoing_calls.hpp>
#include <process_pool/output_relay.hpp>
#include <process_pool/output_retry.hpp>
#include <process_pool/pool_events.hpp>
#include <process_pool/pool_state.hpp>
#include <process_pool/result_poll.hpp>
#include <process_pool/task_index.hpp>
#include <process_pool/wait_list.hpp>
#include <process_pool/worker_starter.hpp>
#include <process_pool/worker_watch.hpp>
#include <schedule/scheduler.hpp>
#include <tandem/detail/process_pool_core.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace tandem::detail {

class pool final : public process_pool_core, private pool_events, private worker_watch::observer,
                   private schedule::sent_tasks, public std::enable_shared_from_this<pool>
{
public:
    /// `options` have been checked. Everything that waits goes through `loop` and what `launcher` makes; operations
    /// complete on `executor`. Inherited output goes to `error_output`. Where there is a `recording`, it gets what the
    /// scheduler is told. `output_room`: how many bytes of what workers print may wait for their way out.
    pool(const boost::asio::any_io_executor& executor, const process_pool_options& options, std::unique_ptr<io::loop> loop,
         std::unique_ptr<worker_launcher> launcher, std::shared_ptr<arena::argument_memory> arguments,
         std::unique_ptr<io::text_output> error_output, schedule::recording_sink recording = {},
         std::size_t output_room = output_sink::usual_room);
    ~pool() override;

    void submit(task_operation* operation) override;
    std::uint64_t next_id() noexcept override { return next_id_.fetch_add(1, std::memory_order_relaxed); }
    std::unique_ptr<large_writer> large_arguments() override { return state_.arguments ? state_.arguments->room_for_call() : nullptr; }
    void cancel(std::uint64_t id, boost::asio::cancellation_type type) override;
    void cancel_all() override;
    bool cancel_unbegun(std::span<const std::uint64_t> ids) override;
    void start(std::unique_ptr<wait_operation> operation) override;
    void shutdown(const shutdown_options& ladder, std::unique_ptr<wait_operation> operation) override;
    void close() noexcept override;
    std::uint32_t calls_at_once(const task_entry& entry) const override;
    std::size_t size() const noexcept override { return state_.options.workers; }
    std::size_t max_message_size() const noexcept override { return state_.options.max_message_size; }
    process_pool_stats stats() const override;

    /// The executor's context is being destroyed: kills the workers, and destroys what is left without calling it.
    void abandon() noexcept;

private:
    // Runs `event(now, completions)` under the lock, then what follows from it: actions, watches, timer; completes what is
    // complete after the lock is released. False, and nothing done, where the pool is closed.
    // Where something throws on the way, as for want of memory, the pool gives up what it has, and goes on.
    bool handle(completion_mode mode, event_ref event);
    void react(completion_mode mode, event_ref event, completion_batch& completions);
    void give_up(const std::exception_ptr& why, completion_batch& completions) noexcept;
    void end_workers() noexcept;
    void deliver(completion_mode mode, completion_batch completions);
    void read_held_workers();
    void retry_output();
    void flush_output();
    bool deliver_later(completion_batch& completions);
    bool give_up_later(completion_batch& completions);

    // pool_events
    void run(event_ref event) override { handle(completion_mode::dispatch, event); }
    bool ask(function_ref<bool(schedule::time_point now)> question) override;
    std::shared_ptr<pool_events> shared() override { return {shared_from_this(), static_cast<pool_events*>(this)}; }

    bool submit_behind_others(task_operation& operation); // takes the lock itself

    // All below are called under the lock.
    errc refusal_of(const task_operation& operation) const;
    void perform(schedule::time_point now, completion_batch& completions);
    static bool is_void(const schedule::action& send);
    void send(const schedule::action& a, const link_ptr& link, completion_batch& completions);
    void let_go(const link_ptr& link);
    void kill(schedule::worker_id id);
    void retry(const schedule::action& a);
    void complete(const schedule::action& a, completion_batch& completions);
    std::exception_ptr failure_of(const task_operation& operation, const schedule::action& a) const;
    void count_retirement(schedule::retirement_reason reason) noexcept;
    void refuse(task_operation& operation, completion_batch& completions);
    void finish_waits(completion_batch& completions);
    bool is_usable(const link_ptr& link, schedule::time_point now);
    void look_at_suspects(schedule::time_point now, completion_batch& completions);
    void look_at_due_workers(schedule::time_point now, completion_batch& completions);
    void pass_deadline(schedule::time_point now, completion_batch& completions);
    void finish_worker(const link_ptr& link, schedule::time_point now, completion_batch& completions);

    // worker_watch::observer
    void look_at_end(const link_ptr& link, schedule::time_point now, completion_batch& completions) override;
    void look_at_frames(const link_ptr& link, schedule::time_point now, completion_batch& completions) override;
    void look_at_log(const link_ptr& link) override;

    // schedule::sent_tasks
    bool revoke(schedule::task& t) override;
    schedule::task* split(schedule::task& t) override;
    schedule::task* split_first(schedule::task& t, std::uint32_t count) override;
    std::optional<schedule::time_point> begun(const schedule::task& t) const override;
    std::optional<schedule::time_point> ended(const schedule::task& t) const override;

    void end_all(std::chrono::nanoseconds stop_timeout, completion_batch& completions) noexcept;
    void wait_for_ends(schedule::time_point deadline);

    boost::asio::any_io_executor executor_; // empty when the context is gone
    const std::unique_ptr<io::loop> loop_;
    std::atomic<std::uint64_t> next_id_{1};

    mutable std::mutex mutex_;
    bool closed_ = false;
    pool_state state_;
    output_sink output_;
    output_relay relay_;
    task_index tasks_;
    wait_list shutdown_waits_;
    deadline_timer timer_;
    output_retry output_retry_;
    worker_watch watch_;
    worker_starter starter_;
    result_poll poll_;
    outgoing_calls calls_;
    frame_dispatcher frames_;
    std::vector<std::byte> spare_room_; // for the messages of the next batch
    std::vector<link_ptr> suspects_; // that were to be sent something, and have ended or said something while they were idle
};

} // namespace tandem::detail

#endif
