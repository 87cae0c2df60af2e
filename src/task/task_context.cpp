#include <task/task_context.hpp>
#include <tandem/this_task.hpp>


namespace tandem::detail {

void task_context::request_stop()
{
    stop_request request = ask_to_stop();
    if (request.empty())
        return;
    if (caller_)
        caller_->call(std::move(request));
    else
        request.front().request_stop();
}

stop_request task_context::ask_to_stop()
{
    stop_request request;
    const std::lock_guard lock(mutex_);
    stop_requested_.store(true, std::memory_order_relaxed);
    request.swap(request_);
    return request;
}

std::stop_token task_context::stop_token()
{
    {
        const std::lock_guard lock(mutex_);
        if (token_.stop_possible())
            return token_;
    }
    if (caller_)
        caller_->prepare();
    stop_request made(1);
    const std::stop_token token = made.front().get_token();
    const std::lock_guard lock(mutex_);
    if (token_.stop_possible())
        return token_; // another thread was first
    token_ = token;
    if (stop_requested())
        made.front().request_stop(); // nobody has registered yet
    else
        request_.swap(made);
    return token_;
}

} // namespace tandem::detail

namespace tandem::this_task {

using detail::task_context;

std::stop_token stop_token()
{
    task_context* context = task_context::current();
    return context ? context->stop_token() : std::stop_token();
}

bool stop_requested() noexcept
{
    const task_context* context = task_context::current();
    return context && context->stop_requested();
}

std::optional<std::chrono::steady_clock::time_point> deadline() noexcept
{
    const task_context* context = task_context::current();
    return context ? context->deadline() : std::nullopt;
}

} // namespace tandem::this_task
