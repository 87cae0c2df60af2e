// A thread pool's queue: what waits by priority, what runs, deadlines, and the end. Of which threads it is, whoever makes
// it says, so that a test can be all of them.
#ifndef TANDEM_THREAD_POOL_THREAD_WORK_QUEUE_HPP
#define TANDEM_THREAD_POOL_THREAD_WORK_QUEUE_HPP

#include <schedule/deadlines.hpp>
#include <schedule/task_queue.hpp>
#include <task/late_task.hpp>
#include <task/task_context.hpp>
#include <asymmetric_fence.hpp>
#include <thread_pool/plain_counts.hpp>
#include <tandem/detail/operation_aborted.hpp>
#include <tandem/detail/work_queue.hpp>
#include <tandem/error.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tandem::detail {

using schedule::time_point;
inline constexpr std::uint64_t plain_id = 0; // of work that was plain: others have one of their own

inline std::exception_ptr failed_work(errc code, const work_item& item) noexcept
{
    try {
        task_report report;
        report.label = item.options->label.view();
        report.attempts = item.attempts;
        std::string what = report.label.empty() ? "work on a thread" : report.label;
        if (lateness_of(*item.options))
            what += std::string(": ") + was_late;
        return std::make_exception_ptr(task_error(code, what, std::move(report)));
    } catch (...) {
        return std::current_exception();
    }
}

/// `Threads`, which the queue has one of: `post(function)`; `now()`; `alarm`, which calls the queue's end_expired() as
/// deadline_thread does.
template <class Threads>
class thread_work_queue final : public work_queue, public std::enable_shared_from_this<thread_work_queue<Threads>>
{
public:
    template <class... Args>
    explicit thread_work_queue(Args&&... args) : threads_(std::forward<Args>(args)...)
    {
    }

    void submit(work_item* item) override
    {
        const auto late = lateness_of(*item->options);
        try {
            const std::lock_guard lock(mutex_);
            if (!closed_ && !late) {
                enqueue(*item);
                return;
            }
            ++busy_threads_;
        } catch (...) {
            item->destroy(); // without the lock: what it holds is the user's
            throw;
        }
        const busy_scope scope(*this);
        item->complete(completion_mode::immediate, failed_work(late.value_or(errc::pool_closed), *item));
    }

    void forget_plain(bool has_begun) noexcept override
    {
        if (!has_begun)
            plain_.begun();
        hand_over_plain();
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
            const bool is_waiting = item.state == scheduled_task::phase::waiting;
            if (is_waiting && item.attempts != 0 && type == cancellation_type::total)
                return; // it has run, and may have had effects
            if (is_waiting)
                removed = take_out(item);
            else
                stop = item.stopper();
            ++busy_threads_;
        }
        const busy_scope scope(*this);
        if (removed)
            removed->complete(completion_mode::post, operation_aborted());
        else
            stop(type).request_stop();
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
        std::optional<busy_scope> scope; // until it has completed
        {
            const std::lock_guard lock(mutex_);
            if (closed_) {
                ++counts_.completed;
                ++busy_threads_;
                scope.emplace(*this);
            } else {
                once_plain_.push_back(*item);
                item = nullptr;
            }
        }
        hand_over_plain();
        if (item)
            item->complete(completion_mode::dispatch, operation_aborted());
        else
            run_one();
    }

    void finished(work_item* item, completion_mode mode) override
    {
        std::exception_ptr error;
        bool again = false;
        std::optional<busy_scope> scope; // until it has completed
        {
            const std::lock_guard lock(mutex_);
            leave_running(*item);
            if (item->timed_out)
                error = failed_work(errc::run_timeout, *item);
            again = item->timed_out && item->may_run_again() && !closed_ && run_again(*item, error);
            if (!again) {
                stoppable_.erase(item->id);
                ++counts_.completed;
            }
            set_timer();
            if (item->is_coroutine) {
                ++busy_threads_; // the thread does not count as busy with it
                scope.emplace(*this);
            }
        }
        if (!again)
            item->complete(mode, std::move(error));
    }

    void close() override
    {
        schedule::task_list removed;
        std::vector<stop_function> stops;
        std::vector<std::stop_source> sources;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            fence_.heavy();
            ++busy_threads_;
            while (work_item* item = first())
                removed.push_back(*take_out(*item));
            try {
                sources.reserve(running_.size());
                for (schedule::task* t = running_.front(); t; t = t->next)
                    stops.push_back(static_cast<work_item&>(*t).stopper());
            } catch (const std::bad_alloc&) { // the others end by themselves
            }
            threads_.alarm.stop();
        }
        const busy_scope scope(*this);
        complete_aborted(removed);
        // All are asked first: callbacks are the user's code, and may take their time.
        stop_request plain = plain_context_.ask_to_stop();
        for (const stop_function& stop : stops)
            sources.push_back(stop_quietly(stop));
        for (std::stop_source& source : sources)
            source.request_stop();
        for (std::stop_source& source : plain)
            source.request_stop();
    }

    void when_quiet(std::function<void()> then) override
    {
        const std::lock_guard lock(mutex_);
        when_quiet_ = std::move(then);
        post_quiet();
    }

    void abandon_coroutines() override
    {
        schedule::task_list abandoned;
        {
            const std::lock_guard lock(mutex_);
            ++busy_threads_;
            for (schedule::task* t = running_.front(); t;) {
                auto& item = static_cast<work_item&>(*std::exchange(t, t->next));
                if (!item.abandon())
                    continue;
                leave_running(item);
                stoppable_.erase(item.id);
                ++counts_.completed;
                abandoned.push_back(item);
            }
        }
        const busy_scope scope(*this);
        complete_aborted(abandoned);
    }

    void end_coroutines(std::chrono::nanoseconds patience) override
    {
        const auto none_is_left = [this] {
            for (const schedule::task* t = running_.front(); t; t = t->next)
                if (static_cast<const work_item*>(t)->is_coroutine)
                    return false;
            return true;
        };
        std::unique_lock lock(mutex_);
        while (!left_running_.wait_for(lock, patience, none_is_left)) {
            lock.unlock();
            abandon_coroutines(); // but those whose callable has yet to return them
            lock.lock();
        }
    }

    void join() override { threads_.alarm.join(); }

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

    /// The alarm's time has come.
    void end_expired()
    {
        {
            const std::lock_guard lock(mutex_);
            ++busy_threads_;
            watched_ = time_point::max();
        }
        const busy_scope scope(*this);
        while (end_one_expired()) {
        }
    }

private:
    // All below are called under the lock, but for complete_aborted, end_plain, hand_over_plain, run_one, be_idle,
    // post_if_quiet, end_one_expired, stop_apart and stop_quietly.

    /// For who has counted as busy until now.
    class busy_scope
    {
    public:
        explicit busy_scope(thread_work_queue& queue) noexcept : queue_(queue) {}
        busy_scope(const busy_scope&) = delete;
        busy_scope& operator=(const busy_scope&) = delete;
        ~busy_scope() { queue_.be_idle(); }

    private:
        thread_work_queue& queue_;
    };

    static void complete_aborted(schedule::task_list& items)
    {
        while (schedule::task* const t = items.front()) {
            items.remove(*t);
            static_cast<work_item&>(*t).complete(completion_mode::post, operation_aborted());
        }
    }

    // Where it throws, nothing has happened.
    void enqueue(work_item& item)
    {
        queue_.push_back(item);
        try {
            begin_waiting(item);
            post_one();
        } catch (...) {
            remove(item);
            deadlines_.clear(item);
            stoppable_.erase(item.id);
            throw;
        }
    }

    void begin_waiting(work_item& item)
    {
        if (item.options->priority != 0 && !in_order_) {
            in_order_since_ = item.id;
            in_order_ = true;
        }
        if (item.stoppable)
            stoppable_.emplace(item.id, &item);
        if (item.options->queue_timeout.count() > 0) {
            deadlines_.set(item, schedule::deadline_after(threads_.now(), item.options->queue_timeout));
            set_timer();
        }
    }

    // False, with the error, where that is not possible.
    bool run_again(work_item& item, std::exception_ptr& error)
    {
        try {
            item.rearm();
            queue_.push_front(item);
        } catch (...) {
            error = std::current_exception();
            return false;
        }
        try {
            post_one();
        } catch (...) {
            queue_.remove(item);
            error = std::current_exception();
            return false;
        }
        item.timed_out = false;
        item.state = scheduled_task::phase::waiting;
        return true;
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
        if (closed_)
            left_running_.notify_all();
    }

    // As many of these are posted as items were queued; one that finds nothing has its item cancelled.
    void post_one()
    {
        threads_.post([self = this->shared_from_this()] { self->run_one(); });
    }

    void run_one()
    {
        work_item* item = nullptr;
        std::exception_ptr error;
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
            error = note_running(*item);
            run_deadline = item->deadline;
        }
        const busy_scope scope(*this);
        if (error)
            item->complete(completion_mode::dispatch, std::move(error));
        else
            item->run(this->shared_from_this(), run_deadline);
    }

    // Why it cannot run; then it is forgotten.
    std::exception_ptr note_running(work_item& item) noexcept
    {
        bool is_noted = false;
        try {
            running_.push_back(item);
            is_noted = true;
            if (item.options->run_timeout.count() > 0) {
                deadlines_.set(item, schedule::deadline_after(threads_.now(), item.options->run_timeout));
                set_timer();
            }
            return nullptr;
        } catch (...) {
            if (is_noted)
                leave_running(item);
            stoppable_.erase(item.id);
            ++counts_.completed;
            return std::current_exception();
        }
    }

    void be_idle() noexcept
    {
        const std::lock_guard lock(mutex_);
        --busy_threads_;
        post_quiet();
    }

    void post_if_quiet() noexcept
    {
        const std::lock_guard lock(mutex_);
        post_quiet();
    }

    void post_quiet() noexcept
    {
        if (busy_threads_ != 0 || !when_quiet_ || !closed_ || running_.front())
            return;
        if (const auto plain = plain_.read(); plain.ended != plain.submitted)
            return;
        // It cannot be done without: nobody else ends the threads.
        for (auto then = std::exchange(when_quiet_, nullptr);;) {
            try {
                threads_.post(then);
                return;
            } catch (const std::bad_alloc&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
    }

    // False where there is none, or none can be ended now.
    bool end_one_expired()
    {
        work_item* item = nullptr;
        stop_function stop;
        {
            const std::lock_guard lock(mutex_);
            const auto now = threads_.now();
            item = static_cast<work_item*>(deadlines_.first_expired(now));
            if (!item) {
                set_timer();
                return false;
            }
            if (item->state == scheduled_task::phase::waiting) {
                take_out(*item);
            } else if (stop = stopper_of(*item); !stop) {
                watch(now + std::chrono::milliseconds(1));
                return false;
            }
        }
        if (!stop)
            item->complete(completion_mode::post, failed_work(errc::queue_timeout, *item));
        else if (std::stop_source source = stop_quietly(stop); source.stop_possible())
            stop_apart(source);
        return true;
    }

    // None where there is no memory for it.
    stop_function stopper_of(work_item& item)
    {
        try {
            stop_function stop = item.stopper();
            item.timed_out = true;
            deadlines_.clear(item);
            return stop;
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }

    // Other deadlines do not wait for it, where there is memory for that.
    void stop_apart(std::stop_source& source) noexcept
    {
        try {
            threads_.alarm.call_apart([source]() mutable { source.request_stop(); });
        } catch (const std::exception&) {
            source.request_stop();
        }
    }

    // On a thread of the queue's own, or while the pool ends, there is nobody to tell.
    static std::stop_source stop_quietly(const stop_function& stop) noexcept
    {
        try {
            return stop(asio::cancellation_type::terminal);
        } catch (const std::exception&) {
            return std::stop_source(std::nostopstate);
        }
    }

    void set_timer()
    {
        if (const time_point earliest = deadlines_.earliest(); earliest != watched_ && !closed_)
            watch(earliest);
    }

    void watch(time_point time)
    {
        threads_.alarm.set(time, this->shared_from_this());
        watched_ = time;
    }

    Threads threads_;
    std::atomic<std::uint64_t> next_id_{1};
    mutable std::mutex mutex_;
    schedule::task_queue queue_;
    schedule::task_list running_;
    plain_counts plain_;
    const asymmetric_fence fence_{}; // between plain_ and closed_
    task_context plain_context_; // only all of it at once can be asked to stop
    // From the first work that has a priority on, all is in order here: plain work waits in Asio's queue until its
    // turn, and is then put behind what was queued before.
    std::atomic<bool> in_order_ = false;
    std::uint64_t in_order_since_ = 0;
    schedule::task_list once_plain_;
    std::atomic<std::uint64_t> handed_over_ = 0;
    schedule::deadlines deadlines_;
    std::unordered_map<std::uint64_t, work_item*> stoppable_; // queued or running
    time_point watched_ = time_point::max(); // by the alarm
    work_queue_counts counts_;
    std::size_t busy_threads_ = 0; // that run work of the queue's, or have yet to complete what they took out of it
    std::function<void()> when_quiet_;
    std::condition_variable left_running_; // after close()
    std::atomic<bool> closed_ = false; // changed under the lock
};

} // namespace tandem::detail

#endif
