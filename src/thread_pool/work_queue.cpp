#include <tandem/detail/work_queue.hpp>

#include <schedule/deadlines.hpp>
#include <schedule/task_queue.hpp>
#include <task/task_context.hpp>
#include <asymmetric_fence.hpp>
#include <thread_pool/plain_counts.hpp>
#include <tandem/cpu_count.hpp>
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
constexpr std::uint64_t plain_id = 0; // of work that was plain: others have one of their own

using stop_function = std::function<void(asio::cancellation_type)>;

std::exception_ptr aborted()
{
    return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
}

std::exception_ptr failure(errc code, const work_item& item)
{
    task_report report;
    report.label = item.options->label.view();
    report.attempts = item.attempts;
    const std::string what = report.label.empty() ? "work on a thread" : report.label;
    return std::make_exception_ptr(task_error(code, what, std::move(report)));
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

    bool submit_plain() noexcept override
    {
        plain_.submitted();
        fence_.light(); // close() either sees it, or is seen here
        if (!closed_.load(std::memory_order_acquire) && !in_order_.load(std::memory_order_relaxed))
            return true;
        plain_.begun();
        hand_over_plain();
        return false;
    }

    plain_turn run_plain(const std::function<void()>& work) override
    {
        plain_.begun();
        const bool is_late = closed_.load(std::memory_order_acquire);
        if (!is_late && in_order_.load(std::memory_order_acquire))
            return plain_turn::in_order;
        if (!is_late) {
            const task_context::scope scope(plain_context_);
            work();
        }
        end_plain();
        return is_late ? plain_turn::never : plain_turn::now;
    }

    void submit_begun(work_item* item) override
    {
        {
            const std::lock_guard lock(mutex_);
            if (closed_) {
                ++counts_.completed;
            } else {
                once_plain_.push_back(*item);
                item = nullptr;
            }
        }
        hand_over_plain();
        if (item)
            item->complete(completion_mode::dispatch, aborted());
        else
            run_one();
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
            fence_.heavy();
            when_quiet_ = std::move(then);
            while (work_item* item = first())
                removed.push_back(take_out(*item));
            for (schedule::task* t = running_.front(); t; t = t->next)
                stops.push_back(static_cast<work_item&>(*t).stopper());
            deadline_changed_.notify_one();
        }
        for (work_item* item : removed)
            item->complete(completion_mode::post, aborted());
        for (const stop_function& stop : stops)
            stop(asio::cancellation_type::terminal);
        plain_context_.request_stop();
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
        const std::uint64_t handed_over = handed_over_.load();
        const auto plain = plain_.read();
        work_queue_counts c = counts_;
        c.queued = queue_.size() + once_plain_.size() + (plain.submitted - plain.begun);
        c.running = running_.size() + (plain.begun - plain.ended);
        c.completed += plain.ended - handed_over;
        return c;
    }

private:
    // All below are called under the lock, but for end_plain, hand_over_plain, post_one, run_one, post_if_quiet,
    // watch_deadlines and end_expired.
    void enqueue(work_item& item)
    {
        if (item.options->priority != 0 && !in_order_) {
            in_order_since_ = item.id;
            in_order_ = true;
        }
        queue_.push_back(item);
        if (item.stoppable)
            stoppable_.emplace(item.id, &item);
        if (item.options->queue_timeout.count() > 0) {
            deadlines_.set(item, schedule::deadline_after(std::chrono::steady_clock::now(), item.options->queue_timeout));
            set_timer();
        }
    }

    // What is to run next.
    work_item* first() const noexcept
    {
        const auto queued = static_cast<work_item*>(queue_.front());
        const auto plain = static_cast<work_item*>(once_plain_.front());
        if (!plain)
            return queued;
        const bool is_before = queued && (queued->options->priority > 0 ||
                                          (queued->options->priority == 0 && queued->id < in_order_since_));
        return is_before ? queued : plain;
    }

    void remove(work_item& item) noexcept
    {
        if (item.id == plain_id)
            once_plain_.remove(item);
        else
            queue_.remove(item);
    }

    void end_plain()
    {
        plain_.ended();
        fence_.light(); // as in submit_plain()
        if (closed_.load(std::memory_order_acquire))
            post_if_quiet();
    }

    // It ends here, and is another piece of work from now on.
    void hand_over_plain() noexcept
    {
        end_plain();
        handed_over_.fetch_add(1); // last: never more than what has ended
    }

    work_item* take_out(work_item& item)
    {
        remove(item);
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
            item = first();
            if (!item)
                return;
            ++busy_threads_;
            remove(*item);
            deadlines_.clear(*item);
            item->state = scheduled_task::phase::sent;
            ++item->attempts;
            running_.push_back(*item);
            if (item->options->run_timeout.count() > 0) {
                deadlines_.set(*item, schedule::deadline_after(std::chrono::steady_clock::now(), item->options->run_timeout));
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
        if (busy_threads_ != 0 || !when_quiet_)
            return;
        if (const auto plain = plain_.read(); plain.ended == plain.submitted)
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
    plain_counts plain_;
    const asymmetric_fence fence_; // between plain_ and closed_
    task_context plain_context_; // only all of it at once can be asked to stop
    // From the first work that has a priority on, all is in order here: plain work waits in Asio's queue until its
    // turn, and is then put behind what was queued before.
    std::atomic<bool> in_order_ = false;
    std::uint64_t in_order_since_ = 0;
    schedule::task_list once_plain_;
    std::atomic<std::uint64_t> handed_over_ = 0;
    schedule::deadlines deadlines_;
    std::unordered_map<std::uint64_t, work_item*> stoppable_; // queued or running
    std::condition_variable deadline_changed_;
    std::thread deadline_thread_;
    time_point waits_for_ = time_point::max();
    work_queue_counts counts_;
    std::size_t busy_threads_ = 0;
    std::function<void()> when_quiet_;
    std::atomic<bool> closed_ = false; // changed under the lock
};

} // namespace

std::size_t thread_count(std::size_t wanted) noexcept
{
    asymmetric_fence::prepare();
    return wanted ? wanted : usable_cpus();
}

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
