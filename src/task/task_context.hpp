// What this_task answers from: one per running task, on whichever thread runs it.
#ifndef TANDEM_TASK_TASK_CONTEXT_HPP
#define TANDEM_TASK_TASK_CONTEXT_HPP

#include <task/stop_caller.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace tandem::detail {

class task_context
{
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Where there is a `caller`, it calls stop callbacks; it outlives this.
    explicit task_context(stop_caller* caller = nullptr) : caller_(caller) {}

    /// Thread-safe. Runs stop callbacks in this thread where there is no caller.
    void request_stop();
    /// The same but for the callbacks: requesting stop of what it returns runs them. Empty where there are none.
    stop_request ask_to_stop();

    /// Thread-safe. Throws std::bad_alloc, and what stop_caller::prepare() throws.
    std::stop_token stop_token();
    bool stop_requested() const noexcept { return stop_requested_.load(std::memory_order_relaxed); }
    /// Before the task runs. None where it is time_point::max().
    void set_deadline(time_point deadline) noexcept
    {
        deadline_ = deadline == time_point::max() ? std::nullopt : std::optional(deadline);
    }
    std::optional<time_point> deadline() const noexcept { return deadline_; }

    /// The task that this thread is running, or nothing.
    static task_context* current() noexcept { return current_; }

    /// Makes a context this thread's current one for a scope.
    class scope
    {
    public:
        explicit scope(task_context& c) noexcept : outer_(std::exchange(current_, &c)) {}
        ~scope() { current_ = outer_; }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;

    private:
        task_context* outer_;
    };

private:
    static inline constinit thread_local task_context* current_ = nullptr;

    std::optional<time_point> deadline_;
    std::atomic<bool> stop_requested_{false};
    stop_caller* const caller_;
    std::mutex mutex_;     // no code of anybody else's runs under it
    stop_request request_; // made when somebody asks for a token: it allocates
    std::stop_token token_; // of it
};

} // namespace tandem::detail

#endif
