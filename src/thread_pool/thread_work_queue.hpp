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
class thread_work_queue final : public work_queue
{
public:
    template <class... Args>
    explicit thread_work_queue(Args&&... args) : threads_(std::forward<Args>(args)...)
    {
    }

    void submit(work_item* item) override
    {
        const auto late = lateness_of(*item->options);
        std::optional<busy_scope> scope;
        try {
            const std::lock_guard lock(mutex_);
            if (!closed_ && !late) {
                enqueue(*item);
                return;
            }
            scope.emplace(*this);
        } catch (...) {
            item->destroy(); // without the lock: what it holds is the user's
            throw;
        }
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
        const busy_scope scope(*this);
        work_item* removed = nullptr;
        stop_way way;
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
                way = way_to_stop(item, type);
        }
        if (removed)
            removed->complete(completion_mode::post, operation_aborted());
        else
            way.stop(type);
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
        auto counts = plain_.of_this_thread();
        counts.begun();
        const bool is_late = closed_.load(std::memory_order_acquire);
        if (!is_late && in_order_.load(std::memory_order_acquire))
            return plain_turn::in_order;
        if (!is_late) {
            const task_context::scope scope(plain_context_);
            work();
        }
        end_plain(counts);
        return is_late ? plain_turn::never : plain_turn::now;
    }

    void submit_begun(work_item* item) override
    {
        const busy_scope scope(*this); // until it has completed
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
            item->complete(completion_mode::dispatch, operation_aborted());
        else
            run_one();
    }

    void finished(work_item* item, completion_mode mode) override
    {
        const busy_scope scope(*this);
        finish(*item, mode);
    }

    void close() override
    {
        const busy_scope scope(*this);
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            fence_.heavy();
            threads_.alarm.stop();
        }
        while (complete_some_aborted()) {
        }
        // All are asked first: callbacks are the user's code, and may take their time.
        stop_request callbacks = plain_context_.ask_to_stop();
        const std::uint32_t round = begin_round();
        for (bool more = true; more;) {
            std::vector<stop_function> coroutines;
            more = look_at_running(round, [&](work_item& item) {
                try {
                    stop_way way = way_to_stop(item, asio::cancellation_type::terminal);
                    callbacks.splice(callbacks.end(), way.callbacks);
                    if (way.coroutine)
                        coroutines.push_back(std::move(way.coroutine));
                } catch (const std::bad_alloc&) { // it ends by itself
                }
            });
            for (const stop_function& coroutine : coroutines)
                stop_quietly(coroutine);
        }
        for (std::stop_source& source : callbacks)
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
        const busy_scope scope(*this);
        const std::uint32_t round = begin_round();
        for (bool more = true; more;) {
            schedule::task_list abandoned;
            more = look_at_running(round, [&](work_item& item) {
                if (!item.abandon())
                    return;
                leave_running(item);
                forget(item);
                abandoned.push_back(item);
            });
            complete_aborted(abandoned);
        }
    }

    void end_coroutines(std::chrono::nanoseconds patience) override
    {
        std::unique_lock lock(mutex_);
        while (!no_coroutine_runs_.wait_for(lock, patience, [this] { return running_coroutines_ == 0; })) {
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
        const busy_scope scope(*this);
        {
            const std::lock_guard lock(mutex_);
            watched_ = time_point::max();
        }
        while (end_one_expired()) {
        }
    }

private:
    // All below are called under the lock, but for complete_aborted, complete_some_aborted, begin_round, look_at_running,
    // end_plain, hand_over_plain, run_one, finish, run, be_idle, post_if_quiet, end_one_expired, stop_apart and stop_quietly.

    // So many are taken out of the queue or looked at before others get the lock.
    static constexpr int most_at_once = 256;

    /// Of a thread that runs work of the queue's, or has yet to complete what it took out of it: it begins before.
    class busy_scope
    {
    public:
        explicit busy_scope(thread_work_queue& queue) noexcept : queue_(queue), counts_(queue.busy_.of_this_thread())
        {
            counts_.begun();
        }
        busy_scope(const busy_scope&) = delete;
        busy_scope& operator=(const busy_scope&) = delete;
        ~busy_scope() { queue_.be_idle(counts_); }

    private:
        thread_work_queue& queue_;
        plain_counts::own counts_;
    };

    /// How to ask work to stop, without the lock: a coroutine, or stop callbacks where a function has any.
    struct stop_way
    {
        stop_function coroutine;
        stop_request callbacks;

        void stop(asio::cancellation_type type)
        {
            if (coroutine)
                coroutine(type);
            for (std::stop_source& source : callbacks)
                source.request_stop();
        }
    };

    static stop_way way_to_stop(work_item& item, asio::cancellation_type type)
    {
        constexpr auto either = asio::cancellation_type::partial | asio::cancellation_type::terminal;
        if (!item.context)
            return {item.stopper(), {}};
        if ((type & either) == asio::cancellation_type::none)
            return {};
        return {nullptr, item.context->ask_to_stop()};
    }

    static void complete_aborted(schedule::task_list& items)
    {
        while (schedule::task* const t = items.front()) {
            items.remove(*t);
            static_cast<work_item&>(*t).complete(completion_mode::post, operation_aborted());
        }
    }

    // After close(): some of what waits. Whether there was any.
    bool complete_some_aborted()
    {
        schedule::task_list removed;
        {
            const std::lock_guard lock(mutex_);
            for (int i = 0; i != most_at_once && first(); ++i)
                removed.push_back(*take_out(*first()));
        }
        const bool was_any = !removed.empty();
        complete_aborted(removed);
        return was_any;
    }

    std::uint32_t begin_round()
    {
        const std::lock_guard lock(mutex_);
        return ++round_;
    }

    /// After close(), when none is to run any more: some of what runs and was not looked at in this round. Whether there may
    /// be more. `function` may take it out.
    template <class Function>
    bool look_at_running(std::uint32_t round, Function function)
    {
        const std::lock_guard lock(mutex_);
        for (int i = 0; i != most_at_once; ++i) {
            const auto item = static_cast<work_item*>(running_.front());
            if (!item || item->round >= round)
                return false;
            item->round = round;
            running_.remove(*item);
            running_.push_back(*item);
            function(*item);
        }
        return true;
    }

    // Where it throws, nothing has happened.
    void enqueue(work_item& item)
    {
        push(item, &schedule::task_queue::push_back);
        try {
            begin_waiting(item);
            post_one();
        } catch (...) {
            remove(item);
            deadlines_.clear(item);
            if (item.stoppable)
                stoppable_.erase(item.id);
            throw;
        }
    }

    void push(work_item& item, void (schedule::task_queue::*to)(schedule::task&))
    {
        (queue_.*to)(item);
        if (item.options->priority == 0)
            return;
        ++prioritised_;
        if (!in_order_) {
            in_order_since_ = next_id_.load(std::memory_order_relaxed);
            in_order_ = true;
        }
    }

    void begin_waiting(work_item& item)
    {
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
            push(item, &schedule::task_queue::push_front);
        } catch (...) {
            error = std::current_exception();
            return false;
        }
        try {
            post_one();
        } catch (...) {
            remove(item);
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
        if (item.id == plain_id) {
            once_plain_.remove(item);
        } else {
            queue_.remove(item);
            prioritised_ -= item.options->priority != 0 ? 1 : 0;
        }
        if (prioritised_ == 0 && once_plain_.empty() && in_order_)
            in_order_ = false;
    }

    void end_plain(plain_counts::own counts)
    {
        counts.ended();
        fence_.light(); // as in submit_plain()
        if (closed_.load(std::memory_order_acquire))
            post_if_quiet();
    }

    // It ends here, and is another piece of work from now on.
    void hand_over_plain() noexcept
    {
        end_plain(plain_.of_this_thread());
        handed_over_.fetch_add(1); // last: never more than what has ended
    }

    // It is to complete.
    void forget(const work_item& item)
    {
        if (item.stoppable)
            stoppable_.erase(item.id);
        ++counts_.completed;
    }

    work_item* take_out(work_item& item)
    {
        remove(item);
        deadlines_.clear(item);
        forget(item);
        item.state = scheduled_task::phase::completed;
        return &item;
    }

    void leave_running(work_item& item)
    {
        running_.remove(item);
        deadlines_.clear(item);
        item.context = nullptr;
        if (item.is_coroutine && --running_coroutines_ == 0 && closed_)
            no_coroutine_runs_.notify_all();
    }

    // As many of these are posted as items were queued; one that finds nothing has its item cancelled.
    // The threads do not outlive the queue.
    void post_one()
    {
        threads_.post([this] { run_one(); });
    }

    void run_one()
    {
        const busy_scope scope(*this);
        task_context context;
        work_item* item = nullptr;
        std::exception_ptr error;
        {
            const std::lock_guard lock(mutex_);
            item = closed_ ? nullptr : first(); // close() completes what waits
            if (!item)
                return;
            remove(*item);
            deadlines_.clear(*item);
            item->state = scheduled_task::phase::sent;
            ++item->attempts;
            error = note_running(*item, context);
        }
        if (error)
            item->complete(completion_mode::dispatch, std::move(error));
        else if (run(*item, context))
            finish(*item, completion_mode::dispatch);
    }

    // Without the lock, on a thread that counts as busy until it has completed.
    void finish(work_item& item, completion_mode mode)
    {
        std::exception_ptr error;
        {
            const std::lock_guard lock(mutex_);
            leave_running(item);
            if (item.timed_out) {
                error = failed_work(errc::run_timeout, item);
                if (item.may_run_again() && !closed_ && run_again(item, error))
                    return;
            }
            forget(item);
        }
        item.complete(mode, std::move(error));
    }

    // Whether it has ended; else it may be gone. Without the lock.
    bool run(work_item& item, task_context& context)
    {
        std::optional<task_context::scope> scope;
        if (!item.is_coroutine)
            scope.emplace(context);
        return item.run(*this);
    }

    // Why it cannot run; then it is forgotten.
    std::exception_ptr note_running(work_item& item, task_context& context) noexcept
    {
        running_.push_back(item);
        running_coroutines_ += item.is_coroutine ? 1 : 0;
        item.context = item.is_coroutine ? nullptr : &context;
        try {
            if (item.options->run_timeout.count() > 0) {
                deadlines_.set(item, schedule::deadline_after(threads_.now(), item.options->run_timeout));
                if (item.has_deadline)
                    context.set_deadline(item.options->deadline);
                set_timer();
            }
            return nullptr;
        } catch (...) {
            leave_running(item);
            forget(item);
            return std::current_exception();
        }
    }

    void be_idle(plain_counts::own counts) noexcept
    {
        counts.ended();
        fence_.light(); // as in submit_plain()
        if (closed_.load(std::memory_order_acquire))
            post_if_quiet();
    }

    void post_if_quiet() noexcept
    {
        const std::lock_guard lock(mutex_);
        post_quiet();
    }

    void post_quiet() noexcept
    {
        if (!when_quiet_ || !closed_ || running_.front())
            return;
        if (const auto busy = busy_.read(); busy.ended != busy.begun)
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
        work_item* removed = nullptr;
        stop_way way;
        {
            const std::lock_guard lock(mutex_);
            const auto now = threads_.now();
            const auto item = static_cast<work_item*>(deadlines_.first_expired(now));
            if (!item) {
                set_timer();
                return false;
            }
            if (item->state == scheduled_task::phase::waiting) {
                removed = take_out(*item);
            } else if (stop_late(*item, way)) {
                item->timed_out = true;
                deadlines_.clear(*item);
            } else {
                watch(now + std::chrono::milliseconds(1));
                return false;
            }
        }
        if (removed)
            removed->complete(completion_mode::post, failed_work(errc::queue_timeout, *removed));
        stop_quietly(way.coroutine);
        for (std::stop_source& source : way.callbacks)
            stop_apart(source);
        return true;
    }

    // False where there is no memory for it.
    static bool stop_late(work_item& item, stop_way& way) noexcept
    {
        try {
            way = way_to_stop(item, asio::cancellation_type::terminal);
            return true;
        } catch (const std::bad_alloc&) {
            return false;
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
    static void stop_quietly(const stop_function& coroutine) noexcept
    {
        try {
            if (coroutine)
                coroutine(asio::cancellation_type::terminal);
        } catch (const std::exception&) {
        }
    }

    // To tell the alarm takes as long as many pieces of work do. So it is not told where a deadline goes away, and looks again
    // when that has come; nor of one that is hardly earlier than the one which it waits for.
    void set_timer()
    {
        constexpr std::chrono::microseconds hardly{100};
        const time_point earliest = deadlines_.earliest();
        const bool is_earlier = watched_ == time_point::max() ? earliest != watched_ : earliest < watched_ - hardly;
        if (is_earlier && !closed_)
            watch(earliest);
    }

    void watch(time_point time)
    {
        threads_.alarm.set(time, std::static_pointer_cast<thread_work_queue>(this->shared_from_this()));
        watched_ = time;
    }

    Threads threads_;
    std::atomic<std::uint64_t> next_id_{1};
    mutable std::mutex mutex_;
    schedule::task_queue queue_;
    schedule::task_list running_;
    std::size_t running_coroutines_ = 0;
    std::uint32_t round_ = 0; // see look_at_running()
    plain_counts plain_;
    plain_counts busy_; // threads, see busy_scope
    const asymmetric_fence fence_{}; // between plain_ and closed_
    task_context plain_context_; // only all of it at once can be asked to stop
    // As long as work that has a priority is queued, all is in order here: plain work waits in Asio's queue until its
    // turn, and is then put behind what was queued before. That has its own turn, or that of what overtook it.
    std::atomic<bool> in_order_ = false;
    std::size_t prioritised_ = 0; // of queue_
    std::uint64_t in_order_since_ = 0;
    schedule::task_list once_plain_;
    std::atomic<std::uint64_t> handed_over_ = 0;
    schedule::deadlines deadlines_;
    std::unordered_map<std::uint64_t, work_item*> stoppable_; // queued or running
    time_point watched_ = time_point::max(); // by the alarm
    work_queue_counts counts_;
    std::function<void()> when_quiet_;
    std::condition_variable no_coroutine_runs_; // after close()
    std::atomic<bool> closed_ = false; // changed under the lock
};

} // namespace tandem::detail

#endif
