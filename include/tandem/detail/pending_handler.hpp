// A completion handler that waits for its operation: keeps its executors busy meanwhile, and is completed once.
#ifndef TANDEM_DETAIL_PENDING_HANDLER_HPP
#define TANDEM_DETAIL_PENDING_HANDLER_HPP

#include <tandem/detail/asio_compat.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// How a completion gets to the handler's executor.
enum class completion_mode
{
    dispatch, ///< from inside one of the pool's own handlers, which run on its executor
    post,     ///< from inside a function that the user called
    immediate ///< from inside the initiating function
};

/// An executor that keeps its context busy as long as this copy lives. (executor_work_guard takes strands of
/// type-erased executors for ones of the old kind.)
template <class Executor>
auto track_work(const Executor& executor)
{
    return asio::prefer(executor, asio::execution::outstanding_work.tracked);
}
template <class Executor>
using tracked_executor = std::decay_t<decltype(track_work(std::declval<const Executor&>()))>;

/// What is submitted in the end: clears the slot where the handler runs, then calls it.
template <class Handler, class... Args>
class completion
{
public:
    using allocator_type = asio::associated_allocator_t<Handler>;

    completion(Handler&& handler, Args&&... args)
        : handler_(std::move(handler)), arguments_(std::forward<Args>(args)...)
    {
    }

    allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler_); }

    const Handler& handler() const noexcept { return handler_; }

    void operator()()
    {
        // Whoever emits the signal does so where the handler runs, so the slot is touched there only.
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.clear();
        std::apply([this](auto&... argument) { std::move(handler_)(std::move(argument)...); }, arguments_);
    }

private:
    Handler handler_;
    std::tuple<Args...> arguments_;
};

/// Dispatched to the handler's executor by another one.
template <class Target, class Completion>
class dispatched_completion
{
public:
    using allocator_type = typename Completion::allocator_type;

    dispatched_completion(const Target& target, Completion&& completed) : target_(target), completed_(std::move(completed))
    {
    }

    allocator_type get_allocator() const noexcept { return completed_.get_allocator(); }

    void operator()() { asio::dispatch(target_, std::move(completed_)); }

private:
    Target target_;
    Completion completed_;
};

/// The handler of an operation whose own work keeps the I/O executor busy: knows no more than its own executor.
template <class Handler, class Executor>
class waiting_handler
{
    // Most handlers have no executor of their own, and there are a million of them.
    struct same_executor
    {
    };
    static constexpr bool has_own = has_own_executor<Handler, Executor>;

    static auto own_work(const Handler& handler, const Executor& io_executor)
    {
        if constexpr (has_own)
            return track_work(asio::get_associated_executor(handler, io_executor));
        else
            return same_executor();
    }

public:
    waiting_handler(Handler&& handler, const Executor& io_executor)
        : own_work_(own_work(handler, io_executor)), handler_(std::move(handler))
    {
    }

    Handler& handler() noexcept { return handler_; }
    const Handler& handler() const noexcept { return handler_; }

    /// `io_executor`: the one that it was made with, of whatever type.
    template <class IoExecutor, class... Args>
    void complete(completion_mode mode, const IoExecutor& io_executor, Args... args) &&
    {
        completion<Handler, Args...> completed(std::move(handler_), std::move(args)...);
        if constexpr (has_own)
            submit(mode, own_work_, io_executor, std::move(completed));
        else if (mode == completion_mode::dispatch)
            completed(); // whoever completes runs on the I/O executor already
        else
            submit(mode, io_executor, io_executor, std::move(completed));
    }

private:
    template <class Target, class IoExecutor, class Completion>
    static void submit(completion_mode mode, const Target& target, [[maybe_unused]] const IoExecutor& io_executor,
                       Completion&& completed)
    {
        if (mode == completion_mode::dispatch) {
            asio::dispatch(target, std::move(completed));
            return;
        }
        if constexpr (has_immediate_executor) {
            if (mode == completion_mode::immediate) {
                const auto immediate = get_immediate_executor(completed.handler(), io_executor);
                asio::dispatch(immediate, std::move(completed));
                return;
            }
        }
        if constexpr (asio::can_require_v<Target, asio::execution::blocking_t::never_t>)
            asio::post(target, std::move(completed));
        else // as that of any_completion_handler cannot
            asio::post(io_executor, dispatched_completion<Target, Completion>(target, std::move(completed)));
    }

    [[no_unique_address]] decltype(own_work(std::declval<const Handler&>(), std::declval<const Executor&>())) own_work_;
    Handler handler_;
};

/// The same where nothing else keeps the I/O executor busy.
template <class Handler, class Executor>
class pending_handler
{
public:
    pending_handler(Handler&& handler, const Executor& io_executor)
        : io_work_(track_work(io_executor)), waiting_(std::move(handler), io_executor)
    {
    }

    Handler& handler() noexcept { return waiting_.handler(); }
    const Handler& handler() const noexcept { return waiting_.handler(); }

    template <class... Args>
    void complete(completion_mode mode, Args... args) &&
    {
        std::move(waiting_).complete(mode, io_work_, std::move(args)...);
    }

private:
    tracked_executor<Executor> io_work_;
    waiting_handler<Handler, Executor> waiting_;
};

/// Operations live in memory of their handler's allocator, and leave it before the handler runs.
template <class Operation, class Handler, class... Args>
Operation* allocate_operation(Handler& handler, Args&&... args)
{
    using allocator =
        typename std::allocator_traits<asio::associated_allocator_t<Handler>>::template rebind_alloc<Operation>;
    allocator a(asio::get_associated_allocator(handler));
    Operation* memory = std::allocator_traits<allocator>::allocate(a, 1);
    try {
        return ::new (static_cast<void*>(memory)) Operation(std::move(handler), std::forward<Args>(args)...);
    } catch (...) {
        std::allocator_traits<allocator>::deallocate(a, memory, 1);
        throw;
    }
}

template <class Operation, class Handler>
void free_operation(Operation* operation, const Handler& handler)
{
    using allocator =
        typename std::allocator_traits<asio::associated_allocator_t<Handler>>::template rebind_alloc<Operation>;
    allocator a(asio::get_associated_allocator(handler));
    operation->~Operation();
    std::allocator_traits<allocator>::deallocate(a, operation, 1);
}

} // namespace tandem::detail

#endif
