// Ties the scheduler to processes and Asio: what happens becomes the scheduler's events, its actions are carried out.
#ifndef TANDEM_PROCESS_POOL_POOL_HPP
#define TANDEM_PROCESS_POOL_POOL_HPP

#include <process_pool/aftermath.hpp>
#include <process_pool/failure.hpp>
#include <process_pool/output_sink.hpp>
#include <process_pool/worker_link.hpp>
#include <schedule/scheduler.hpp>
#include <tandem/detail/process_pool_core.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tandem::detail {

class pool final : public process_pool_core, private schedule::sent_tasks, public std::enable_shared_from_this<pool>
{
public:
    pool(const boost::asio::any_io_executor& executor, const process_pool_options& options);
    ~pool() override;

    void submit(task_operation* operation) override;
    std::uint64_t next_id() noexcept override { return next_id_.fetch_add(1, std::memory_order_relaxed); }
    std::unique_ptr<large_writer> large_arguments() override { return arguments_ ? arguments_->room_for_call() : nullptr; }
    void cancel(std::uint64_t id, boost::asio::cancellation_type type) override;
    void cancel_all() override;
    void start(std::unique_ptr<wait_operation> operation) override;
    void shutdown(const shutdown_options& ladder, std::unique_ptr<wait_operation> operation) override;
    void close() noexcept override;
    std::uint32_t calls_at_once(const task_entry& entry, const run_options& options) const override;
    std::size_t size() const noexcept override { return options_.workers; }
    std::size_t max_message_size() const noexcept override { return options_.max_message_size; }
    process_pool_stats stats() const override;

    /// The executor's context is being destroyed: kills the workers, and destroys what is left without calling it.
    void abandon() noexcept;

private:
    using link_ptr = std::shared_ptr<worker_link>;

    // Runs `event(now, after)` under the lock, then what follows from it: actions, watches, timer; completes what is
    // complete after the lock is released.
    template <class Event>
    bool handle(completion_mode mode, Event event); // false, and nothing done, where the pool is closed
    void deliver(completion_mode mode, aftermath after);

    bool submit_behind_others(task_operation& operation); // takes the lock itself

    // All below are called under the lock.
    void admit(task_operation& operation);
    void forget(const task_operation& operation); // it is to complete
    void perform(aftermath& after);
    static bool is_void(const schedule::action& send);
    void send(const schedule::action& a, const link_ptr& link, aftermath& after);
    void kill(schedule::worker_id id);
    void retry(const schedule::action& a);
    void complete(const schedule::action& a, aftermath& after);
    std::exception_ptr failure_of(const task_operation& operation, const schedule::action& a) const;
    void count_retirement(schedule::retirement_reason reason) noexcept;
    void refuse(task_operation& operation, aftermath& after);
    void finish_waits(aftermath& after);
    bool has_idle_cpus() const noexcept;
    void stay_awake(worker_link& link, schedule::time_point now);
    void look_again();
    void look(); // takes the lock itself
    void set_timer();

    void post_launch(schedule::worker_id id);
    void launch(schedule::worker_id id); // takes the lock itself
    void fail_start(const start_failure& failure, aftermath& after);

    // Watching costs the context work, so it is done only while there is something to wait for.
    bool has_work() const noexcept;
    void watch_all();
    void watch(const link_ptr& link);
    template <class Look>
    auto wait_handler(const link_ptr& link, Look look);
    void post_idle_check();
    void stop_watching();
    void find_dead_idle_workers(schedule::time_point now, aftermath& after);

    void look_at_due_workers(schedule::time_point now, aftermath& after);
    void on_readable(const link_ptr& link, schedule::time_point now, aftermath& after);
    boost::system::error_code read_frames(worker_link& link, schedule::time_point now, aftermath& after);
    void falls_silent(worker_link& link, schedule::time_point now);
    void take_frames(worker_link& link, schedule::time_point now, aftermath& after);
    void take_results(worker_link& link, schedule::time_point now, aftermath& after);
    void take_untold_results(schedule::time_point now, aftermath& after);
    void take_hello(worker_link& link, const channel::frame& f, schedule::time_point now, aftermath& after);
    void take_readiness(worker_link& link, const channel::frame& f, schedule::time_point now, aftermath& after);
    void becomes_ready(worker_link& link, schedule::time_point now);
    void take_outcome(worker_link& link, const channel::frame& f, schedule::time_point now, aftermath& after);
    void blame(worker_link& link, std::string fault);
    void on_maybe_ended(const link_ptr& link, schedule::time_point now, aftermath& after);
    void bury(const link_ptr& link, schedule::time_point now, aftermath& after);
    void flush(const link_ptr& link);
    void wait_writable(const link_ptr& link);
    void flush_rest(const link_ptr& link, schedule::time_point now);
    void flush_urgent(schedule::time_point now);
    void flush_all(schedule::time_point now);
    void flush_marked(const link_ptr& link, schedule::time_point now);
    void read_log(worker_link& link);
    void finish_log(worker_link& link);
    void pass_on(const worker_link& link, std::string_view lines);

    // schedule::sent_tasks
    bool revoke(schedule::task& t) override;
    schedule::task* split(schedule::task& t) override;
    std::optional<schedule::time_point> begun(const schedule::task& t) const override;
    std::optional<schedule::time_point> ended(const schedule::task& t) const override;

    struct remains;
    remains end_all(std::chrono::nanoseconds stop_timeout);

    const boost::asio::any_io_executor executor_;
    const process_pool_options options_;
    std::atomic<std::uint64_t> next_id_{1};
    const std::shared_ptr<arena::argument_memory> arguments_; // nothing where all goes through pipes

    mutable std::mutex mutex_;
    std::condition_variable launched_; // for close(): nobody is inside of launch()
    std::size_t launching_ = 0;
    bool closed_ = false;
    bool watching_ = false;
    bool check_posted_ = false;
    bool looking_ = false; // for results, before it sleeps
    output_sink output_;
    schedule::scheduler scheduler_;
    schedule::scheduler::actions actions_;
    std::map<schedule::worker_id, link_ptr> links_;
    std::vector<link_ptr> unflushed_;
    bool flush_posted_ = false;
    std::unordered_map<std::uint64_t, task_operation*> cancellable_;
    std::unordered_map<const task_entry*, cost_estimate> costs_;
    const task_entry* last_admitted_ = nullptr; // mostly it is the next one as well
    cost_estimate* last_cost_ = nullptr;
    std::vector<std::unique_ptr<wait_operation>> start_waits_;
    std::vector<std::unique_ptr<wait_operation>> shutdown_waits_;
    start_failure last_start_failure_;
    std::optional<boost::asio::steady_timer> timer_; // until the context ends
    schedule::time_point timer_set_for_ = schedule::time_point::max();
    process_pool_stats counts_;
};

inline task_operation& operation_of(schedule::task& t)
{
    return static_cast<task_operation&>(t);
}
inline const task_operation& operation_of(const schedule::task& t)
{
    return static_cast<const task_operation&>(t);
}

template <class Event>
bool pool::handle(completion_mode mode, Event event)
{
    aftermath after;
    {
        const std::lock_guard lock(mutex_);
        if (closed_)
            return false;
        const auto now = std::chrono::steady_clock::now();
        event(now, after);
        scheduler_.settle(now, actions_);
        perform(after);
        finish_waits(after);
        if (mode == completion_mode::dispatch)
            flush_all(now);
        else
            flush_urgent(now);
        set_timer();
        if (has_work())
            watch_all();
        else if (watching_ && !check_posted_)
            post_idle_check();
    }
    deliver(mode, std::move(after));
    return true;
}

} // namespace tandem::detail

#endif
