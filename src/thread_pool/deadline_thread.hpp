// A thread that waits for a queue's earliest deadline: when all of a pool's threads are busy, no timer of theirs would
// fire.
#ifndef TANDEM_THREAD_POOL_DEADLINE_THREAD_HPP
#define TANDEM_THREAD_POOL_DEADLINE_THREAD_HPP

#include <schedule/deadlines.hpp>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace tandem::detail {

/// Started with the first deadline. It keeps the queue alive until it is stopped. What may take its time has a thread of its
/// own, so that no deadline waits for it.
class deadline_thread
{
public:
    using time_point = schedule::time_point;

    deadline_thread() = default;
    deadline_thread(const deadline_thread&) = delete;
    deadline_thread& operator=(const deadline_thread&) = delete;

    ~deadline_thread()
    {
        if (thread_.joinable())
            thread_.detach(); // it is this thread: it held the last reference
    }

    /// Calls `queue->end_expired()` when that time has come, once, and not for the time that was set before.
    template <class Queue>
    void set(time_point time, std::shared_ptr<Queue> queue)
    {
        const std::lock_guard lock(mutex_);
        time_ = time;
        if (thread_.joinable())
            changed_.notify_one();
        else
            thread_ = std::thread([this, held = std::move(queue)] { watch(*held); });
    }

    /// Of end_expired(): calls it in a thread of its own; where the system has none, here.
    void call_apart(const std::function<void()>& function)
    {
        std::erase_if(apart_, [](call& each) { return each.has_ended(); });
        try {
            apart_.emplace_back(function);
        } catch (const std::exception&) {
            function();
        }
    }

    void stop() noexcept
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
        changed_.notify_one();
    }

    /// After stop(). Returns at once on the thread itself.
    void join()
    {
        if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id())
            thread_.join();
        apart_.clear();
    }

private:
    class call
    {
    public:
        explicit call(std::function<void()> function)
            : thread_([held = std::move(function), end = has_ended_] { // it may outlive this object
                  held();
                  *end = true;
              })
        {
        }
        ~call()
        {
            if (thread_.get_id() == std::this_thread::get_id())
                thread_.detach();
            else
                thread_.join();
        }

        bool has_ended() const noexcept { return *has_ended_; }

    private:
        std::shared_ptr<std::atomic<bool>> has_ended_ = std::make_shared<std::atomic<bool>>(false);
        std::thread thread_;
    };

    template <class Queue>
    void watch(Queue& queue)
    {
        std::unique_lock lock(mutex_);
        while (!is_stopped_) {
            if (time_ == time_point::max()) {
                changed_.wait(lock);
            } else if (const time_point end = time_; end > std::chrono::steady_clock::now()) {
                changed_.wait_until(lock, end);
            } else {
                time_ = time_point::max();
                lock.unlock();
                queue.end_expired();
                lock.lock();
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    time_point time_ = time_point::max();
    bool is_stopped_ = false;
    std::list<call> apart_; // of the thread, and of whoever has joined it
    std::thread thread_;
};

} // namespace tandem::detail

#endif
