#include <tandem/detail/work_queue.hpp>

#include <schedule/deadlines.hpp>
#include <schedule/task_queue.hpp>
#include <task/task_context.hpp>
#include <tandem/error.hpp>

#include <boost/asio/error.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tandem::detail {
namespace {

using schedule::time_point;
using stop_function = std::function<void(asio::cancellation_type)>;

std::exception_ptr aborted()
{
    return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
}

std::exception_ptr failure(errc code, const work_item& item)
{
    task_report report;
    report.label = item.label;
    report.attempts = item.attempts;
    return std::make_exception_ptr(
        task_error(code, item.label.empty() ? "work on a thread" : item.label, std::move(report)));
}

class thread_work_queue final : public work_queue, public std::enable_shared_from_this<thread_work_queue>
{
public:
    explicit thread_work_queue(const asio::thread_pool::executor_type& executor) : executor_(executor) {}

    ~thread_work_queue() override
    {
        if (deadline_thread_.joinable())
            deadline_thread_.detach(); // it is this thread: it held the last reference
    }

    void submit(work_item* item) override
    {
        {
            const std::lock_guard lock(mutex_);
            if (!closed_) {
                enqueue(*item);
                item = nullptr;
            }
        }
        if (item)
            item->complete(completion_mode::immediate, failure(errc::pool_closed, *item));
        else
            post_one();
    }

    std::uint64_t next_id() noexcept override { return next_id_.fetch_add(1, std::memory_order_relaxed); }

    void cancel(std::uint64_t id, asio::cancellation_type type) override
    {
        using asio::cancellation_type;
        if (type == cancellation_type::none)
            return;
        work_item* removed = nullptr;
        stop_function stop;
        {
            const std::lock_guard lock(mutex_);
            const auto it = stoppable_.find(id);
            if (it == stoppable_.end())
                return;
            work_item& item = *it->second;
            if (item.state == scheduled_task::phase::waiting)
                removed = take_out(item);
            else
                stop = item.stopper();
        }
        if (removed)
            removed->complete(completion_mode::post, aborted());
        else
            stop(type);
    }

    void finished(work_item* item, completion_mode mode) override
    {
        std::exception_ptr error;
        bool again = false;
        {
            const std::lock_guard lock(mutex_);
            leave_running(*item);
            if (item->timed_out)
                error = failure(errc::run_timeout, *item);
            again = item->timed_out && item->may_run_again() && !closed_;
            if (again) {
                item->timed_out = false;
                item->rearm();
                item->state = scheduled_task::phase::waiting;
                queue_.push_front(*item);
            } else {
                stoppable_.erase(item->id);
                ++counts_.completed;
            }
            set_timer();
        }
        if (again)
            post_one();
        else
            item->complete(mode, std::move(error));
    }

    void forgotten(work_item* item) noexcept override
    {
        const std::lock_guard lock(mutex_);
        leave_running(*item);
        stoppable_.erase(item->id);
    }

    void close(std::function<void()> then) override
    {
        std::vector<work_item*> removed;
        std::vector<stop_function> stops;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            when_quiet_ = std::move(then);
            while (schedule::task* t = queue_.front())
                removed.push_back(take_out(static_cast<work_item&>(*t)));
            for (schedule::task* t = running_.front(); t; t = t->next)
                stops.push_back(static_cast<work_item&>(*t).stopper());
            deadline_changed_.notify_one();
        }
        for (work_item* item : removed)
            item->complete(completion_mode::post, aborted());
        for (const stop_function& stop : stops)
            stop(asio::cancellation_type::terminal);
        post_if_quiet();
    }

    void join() override
    {
        if (deadline_thread_.joinable() && deadline_thread_.get_id() != std::this_thread::get_id())
            deadline_thread_.join();
    }

    work_queue_counts counts() const override
    {
        const std::lock_guard lock(mutex_);
        work_queue_counts c = counts_;
        c.queued = queue_.size();
        c.running = running_.size();
        return c;
    }

private:
    // All below are called under the lock, but for post_one, run_one, post_if_quiet, watch_deadlines and end_expired.
    void enqueue(work_item& item)
    {
        queue_.push_back(item);
        if (item.stoppable)
            stoppable_.emplace(item.id, &item);
        if (item.options.queue_timeout.count() > 0) {
            deadlines_.set(item, schedule::deadline_after(std::chrono::steady_clock::now(), item.options.queue_timeout));
            set_timer();
        }
    }

    work_item* take_out(work_item& item)
    {
        queue_.remove(item);
        deadlines_.clear(item);
        stoppable_.erase(item.id);
        ++counts_.completed;
        item.state = scheduled_task::phase::completed;
        return &item;
    }

    void leave_running(work_item& item)
    {
        running_.remove(item);
        deadlines_.clear(item);
    }

    // As many of these are posted as items were queued; one that finds nothing has its item cancelled.
    void post_one()
    {
        asio::post(executor_, [self = shared_from_this()] { self->run_one(); });
    }

    void run_one()
    {
        work_item* item = nullptr;
        time_point run_deadline = time_point::max();
        {
            const std::lock_guard lock(mutex_);
            item = static_cast<work_item*>(queue_.front());
            if (!item)
                return;
            ++busy_threads_;
            queue_.remove(*item);
            deadlines_.clear(*item);
            item->state = scheduled_task::phase::sent;
            ++item->attempts;
            running_.push_back(*item);
            if (item->options.run_timeout.count() > 0) {
                deadlines_.set(*item, schedule::deadline_after(std::chrono::steady_clock::now(), item->options.run_timeout));
                set_timer();
            }
            run_deadline = item->deadline;
        }
        item->run(shared_from_this(), run_deadline);
        {
            const std::lock_guard lock(mutex_);
            --busy_threads_;
        }
        post_if_quiet();
    }

    void post_if_quiet()
    {
        const std::lock_guard lock(mutex_);
        if (busy_threads_ == 0 && when_quiet_)
            asio::post(executor_, std::exchange(when_quiet_, nullptr));
    }

    // Deadlines have a thread of their own, started with the first: when all of the pool's are busy, no timer of theirs
    // would fire.
    void set_timer()
    {
        if (deadlines_.earliest() == waits_for_ || closed_)
            return;
        if (deadline_thread_.joinable())
            deadline_changed_.notify_one();
        else
            deadline_thread_ = std::thread([self = shared_from_this()] { self->watch_deadlines(); });
    }

    void watch_deadlines()
    {
        std::unique_lock lock(mutex_);
        while (!closed_) {
            waits_for_ = deadlines_.earliest();
            if (waits_for_ == time_point::max()) {
                deadline_changed_.wait(lock);
            } else if (waits_for_ > std::chrono::steady_clock::now()) {
                deadline_changed_.wait_until(lock, waits_for_);
            } else {
                lock.unlock();
                end_expired();
                lock.lock();
            }
        }
    }

    void end_expired()
    {
        std::vector<work_item*> removed;
        std::vector<stop_function> stops;
        {
            const std::lock_guard lock(mutex_);
            const auto now = std::chrono::steady_clock::now();
            while (schedule::task* t = deadlines_.take_expired(now)) {
                auto& item = static_cast<work_item&>(*t);
                if (item.state == scheduled_task::phase::waiting) {
                    removed.push_back(take_out(item));
                } else {
                    item.timed_out = true;
                    stops.push_back(item.stopper());
                }
            }
        }
        for (work_item* item : removed)
            item->complete(completion_mode::post, failure(errc::queue_timeout, *item));
        for (const stop_function& stop : stops)
            stop(asio::cancellation_type::terminal);
    }

    const asio::thread_pool::executor_type executor_;
    std::atomic<std::uint64_t> next_id_{1};
    mutable std::mutex mutex_;
    schedule::task_queue queue_;
    schedule::task_queue running_;
    schedule::deadlines deadlines_;
    std::unordered_map<std::uint64_t, work_item*> stoppable_; // queued or running
    std::condition_variable deadline_changed_;
    std::thread deadline_thread_;
    time_point waits_for_ = time_point::max();
    work_queue_counts counts_;
    std::size_t busy_threads_ = 0;
    std::function<void()> when_quiet_;
    bool closed_ = false;
};

} // namespace

std::shared_ptr<work_queue> make_work_queue(const asio::thread_pool::executor_type& executor)
{
    return std::make_shared<thread_work_queue>(executor);
}

std::shared_ptr<task_context> make_task_context()
{
    return std::make_shared<task_context>();
}

void run_in_context(task_context& context, scheduled_task::time_point deadline, const std::function<void()>& work)
{
    if (deadline != scheduled_task::time_point::max())
        context.set_deadline(deadline);
    const task_context::scope scope(context);
    work();
}

void ask_to_stop(task_context& context)
{
    context.request_stop();
}

} // namespace tandem::detail
