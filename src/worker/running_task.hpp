// The task that a worker is running, as its other thread sees it.
#ifndef TANDEM_WORKER_RUNNING_TASK_HPP
#define TANDEM_WORKER_RUNNING_TASK_HPP

#include <asymmetric_fence.hpp>
#include <task/task_context.hpp>

#include <atomic>
#include <cstdint>

namespace tandem::worker {

/// A lock around begin and end would cost as much as the smallest tasks do; requests to stop are rare.
class running_task
{
public:
    // --- the thread that runs tasks
    void begin(std::uint64_t id, detail::task_context& context)
    {
        id_.store(id, std::memory_order_relaxed);
        context_.store(&context, std::memory_order_release);
        fence_.light();
        if (asked_.load(std::memory_order_relaxed) == id)
            context.request_stop();
    }

    /// Afterwards the context may go.
    void end() noexcept
    {
        context_.store(nullptr, std::memory_order_release);
        fence_.light();
        while (is_asking_.load(std::memory_order_acquire))
            is_asking_.wait(true, std::memory_order_acquire);
    }

    // --- the other thread
    bool is_there() const noexcept { return context_.load(std::memory_order_relaxed) != nullptr; }

    /// Also where the task begins only later. A task that ends meanwhile waits for it, and so it waits for nobody: the
    /// context has a stop_caller.
    void ask_to_stop(std::uint64_t id)
    {
        asked_.store(id, std::memory_order_relaxed);
        is_asking_.store(true, std::memory_order_relaxed);
        fence_.heavy(); // from here on a task that ends waits
        if (detail::task_context* const context = context_.load(std::memory_order_acquire);
            context && id_.load(std::memory_order_relaxed) == id)
            context->request_stop();
        is_asking_.store(false, std::memory_order_release);
        is_asking_.notify_one();
    }

private:
    const asymmetric_fence fence_{};
    std::atomic<std::uint64_t> id_{0};
    std::atomic<detail::task_context*> context_{nullptr};
    std::atomic<std::uint64_t> asked_{~std::uint64_t{0}}; // the last one asked to stop
    std::atomic<bool> is_asking_{false};
};

} // namespace tandem::worker

#endif
