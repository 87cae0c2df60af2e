// The two kinds of work that a thread pool runs: functions, and coroutines.
#ifndef TANDEM_DETAIL_THREAD_WORK_HPP
#define TANDEM_DETAIL_THREAD_WORK_HPP

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/work_queue.hpp>
#include <tandem/this_task.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tandem::detail {

template <class T>
struct awaitable_result
{
    static constexpr bool is_awaitable = false;
    using type = T;
};
template <class T, class E>
struct awaitable_result<asio::awaitable<T, E>>
{
    static constexpr bool is_awaitable = true;
    using type = T;
};

/// What running `Work` gives: called with a stop token if it takes one, else without arguments.
template <class Work>
struct work_traits
{
    static constexpr bool takes_token = std::invocable<Work, std::stop_token>;
    static constexpr bool is_valid = takes_token || std::invocable<Work>;

    static decltype(auto) call(Work&& work)
    {
        if constexpr (takes_token)
            return std::invoke(std::move(work), this_task::stop_token());
        else
            return std::invoke(std::move(work));
    }
    /// Leaves the work as it was where that is possible, so that it can be run again.
    static decltype(auto) call_again(Work& work)
    {
        if constexpr (takes_token && std::invocable<Work&, std::stop_token>)
            return std::invoke(work, this_task::stop_token());
        else if constexpr (!takes_token && std::invocable<Work&>)
            return std::invoke(work);
        else
            return call(std::move(work));
    }

    using returned = std::remove_cvref_t<decltype(call(std::declval<Work>()))>;
    static constexpr bool is_coroutine = awaitable_result<returned>::is_awaitable;
    using result = typename awaitable_result<returned>::type;
};

/// What the work gave, until it is delivered.
template <class R>
struct work_outcome
{
    std::exception_ptr error;
    std::optional<R> value;

    template <class Call>
    void take(Call call)
    {
        try {
            value.emplace(call());
        } catch (...) {
            error = std::current_exception();
        }
    }

    /// `how`: what its complete() takes first.
    template <class Pending, class... How>
    void deliver(Pending&& pending, const How&... how)
    {
        R delivered{};
        if (value)
            delivered = std::move(*value);
        std::forward<Pending>(pending).complete(how..., std::move(error), std::move(delivered));
    }
};
template <>
struct work_outcome<void>
{
    std::exception_ptr error;

    template <class Call>
    void take(Call call)
    {
        try {
            call();
        } catch (...) {
            error = std::current_exception();
        }
    }

    template <class Pending, class... How>
    void deliver(Pending&& pending, const How&... how)
    {
        std::forward<Pending>(pending).complete(how..., std::move(error));
    }
};

/// Common to both kinds: the handler, and the outcome.
template <class Derived, class R, class Handler, class Executor>
class handled_work : public work_item
{
public:
    handled_work(Handler&& handler, const Executor& executor) : pending_(std::move(handler), executor) {}

    Handler& handler() noexcept { return pending_.handler(); }

    void complete(completion_mode mode, std::exception_ptr error) override
    {
        auto pending = std::move(pending_);
        auto outcome = std::move(outcome_);
        if (error)
            outcome.error = std::move(error);
        free_operation(static_cast<Derived*>(this), pending.handler());
        outcome.deliver(std::move(pending), mode);
    }

    void destroy() noexcept override
    {
        const auto pending = std::move(pending_);
        free_operation(static_cast<Derived*>(this), pending.handler());
    }

protected:
    work_outcome<R> outcome_;

private:
    pending_handler<Handler, Executor> pending_;
};

template <class Work, class Handler, class Executor>
class function_work final
    : public handled_work<function_work<Work, Handler, Executor>, typename work_traits<Work>::result, Handler, Executor>
{
    using traits = work_traits<Work>;
    using base = handled_work<function_work, typename traits::result, Handler, Executor>;

public:
    function_work(Handler&& handler, const Executor& executor, Work&& work)
        : base(std::move(handler), executor), work_(std::move(work))
    {
    }

    void run(const std::shared_ptr<work_queue>& queue, scheduled_task::time_point run_deadline) override
    {
        this->outcome_ = {};
        run_in_context(*context_, run_deadline,
                       [this] { this->outcome_.take([this]() -> decltype(auto) { return call(); }); });
        queue->finished(this, completion_mode::dispatch);
    }

    std::function<void(asio::cancellation_type)> stopper() override
    {
        return [context = context_](asio::cancellation_type type) {
            if ((type & (asio::cancellation_type::partial | asio::cancellation_type::terminal)) !=
                asio::cancellation_type::none)
                ask_to_stop(*context);
        };
    }

    void rearm() override { context_ = make_task_context(); }

private:
    decltype(auto) call()
    {
        return this->may_run_again() ? traits::call_again(work_) : traits::call(std::move(work_));
    }

    Work work_;
    std::shared_ptr<task_context> context_ = make_task_context();
};

template <class Work, class Handler, class Executor>
class coroutine_work final
    : public handled_work<coroutine_work<Work, Handler, Executor>, typename work_traits<Work>::result, Handler, Executor>
{
    using traits = work_traits<Work>;
    using result = typename traits::result;
    using base = handled_work<coroutine_work, result, Handler, Executor>;

    // Owns the item while the coroutine runs: a context that is destroyed destroys the coroutine and this.
    class owner
    {
    public:
        owner(coroutine_work* item, std::shared_ptr<work_queue> queue) : item_(item), queue_(std::move(queue)) {}
        owner(owner&& other) noexcept
            : item_(std::exchange(other.item_, nullptr)), queue_(std::move(other.queue_)), signal_(other.signal_)
        {
        }
        ~owner()
        {
            if (!item_)
                return;
            queue_->forgotten(item_);
            item_->destroy();
        }

        template <class... Value>
        void operator()(std::exception_ptr error, Value... value)
        {
            coroutine_work* item = std::exchange(item_, nullptr);
            item->outcome_.error = std::move(error);
            if constexpr (sizeof...(Value) != 0)
                (item->outcome_.value.emplace(std::move(value)), ...);
            queue_->finished(item, completion_mode::dispatch);
        }

    private:
        coroutine_work* item_;
        std::shared_ptr<work_queue> queue_;
        std::shared_ptr<asio::cancellation_signal> signal_ = item_->signal_; // outlives the coroutine
    };

public:
    coroutine_work(Handler&& handler, const Executor& executor, Work&& work)
        : base(std::move(handler), executor), work_(std::move(work)), strand_(executor)
    {
    }

    void run(const std::shared_ptr<work_queue>& queue, scheduled_task::time_point) override
    {
        this->outcome_ = {};
        std::optional<typename traits::returned> coroutine;
        try {
            coroutine.emplace(traits::call_again(work_));
        } catch (...) { // the callable threw before it returned its coroutine
            this->outcome_.error = std::current_exception();
            queue->finished(this, completion_mode::dispatch);
            return;
        }
        asio::co_spawn(strand_, std::move(*coroutine),
                       asio::bind_cancellation_slot(signal_->slot(), owner(this, queue)));
    }

    void rearm() override { signal_ = std::make_shared<asio::cancellation_signal>(); }

    std::function<void(asio::cancellation_type)> stopper() override
    {
        // A signal is touched only in the strand in which its coroutine runs.
        return [strand = strand_, signal = signal_](asio::cancellation_type type) {
            asio::post(strand, [signal, type] { signal->emit(type); });
        };
    }

private:
    Work work_;
    asio::strand<Executor> strand_;
    std::shared_ptr<asio::cancellation_signal> signal_ = std::make_shared<asio::cancellation_signal>();
};

} // namespace tandem::detail

#endif
