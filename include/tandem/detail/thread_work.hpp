// The two kinds of work that a thread pool runs: functions, and coroutines.
#ifndef TANDEM_DETAIL_THREAD_WORK_HPP
#define TANDEM_DETAIL_THREAD_WORK_HPP

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/operation_aborted.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/detail/work_queue.hpp>
#include <tandem/this_task.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
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

    /// What an earlier run gave.
    void forget() noexcept
    {
        error = nullptr;
        value.reset();
    }

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
    void deliver(Pending&& pending, failure_value<R>& none, const How&... how)
    {
        std::forward<Pending>(pending).complete(how..., std::move(error), value ? std::move(*value) : none.take());
    }
};
template <>
struct work_outcome<void>
{
    std::exception_ptr error;

    void forget() noexcept { error = nullptr; }

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
    void deliver(Pending&& pending, failure_value<void>&, const How&... how)
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
        auto none = std::move(none_);
        if (error)
            outcome.error = std::move(error);
        free_operation(static_cast<Derived*>(this), pending.handler());
        outcome.deliver(std::move(pending), none, mode);
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
    [[no_unique_address]] failure_value<R> none_;
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

    bool run(work_queue& /*queue*/) override
    {
        this->outcome_.forget();
        this->outcome_.take([this]() -> decltype(auto) { return call(); });
        return true;
    }

private:
    decltype(auto) call()
    {
        return this->may_run_again() ? traits::call_again(work_) : traits::call(std::move(work_));
    }

    Work work_;
};

template <class Work, class Handler, class Executor>
class coroutine_work final
    : public handled_work<coroutine_work<Work, Handler, Executor>, typename work_traits<Work>::result, Handler, Executor>
{
    using traits = work_traits<Work>;
    using result = typename traits::result;
    using base = handled_work<coroutine_work, result, Handler, Executor>;

    // What the coroutine has for itself: it may outlive the item.
    class control
    {
    public:
        explicit control(Work&& called) : work(std::move(called)) {}

        asio::cancellation_slot slot() noexcept { return signal_.slot(); }

        // In the strand, as the coroutine begins, with its slot connected. What it was asked before.
        asio::cancellation_type begin()
        {
            const std::lock_guard lock(mutex_);
            has_begun_ = true;
            return asked_;
        }

        // In the strand in which the coroutine runs: a signal is touched there only.
        void emit(asio::cancellation_type type)
        {
            {
                const std::lock_guard lock(mutex_);
                if (!has_begun_) {
                    asked_ = asked_ | type;
                    return;
                }
            }
            signal_.emit(type);
        }

        std::optional<Work> work; // what the coroutine has captured
        std::atomic<coroutine_work*> item = nullptr; // which the coroutine is to complete: whoever takes it does that

    private:
        asio::cancellation_signal signal_;
        std::mutex mutex_;
        bool has_begun_ = false;
        asio::cancellation_type asked_ = asio::cancellation_type::none; // before that
    };

    // One that was asked to stop before it began. In Boost 1.81 a coroutine that is cancelled before it was suspended once ends
    // the program.
    static typename traits::returned begin_late(std::shared_ptr<control> own, typename traits::returned coroutine,
                                                asio::cancellation_type early)
    {
        using executor = typename traits::returned::executor_type;
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable_t<executor>());
        own->emit(early);
        co_return co_await std::move(coroutine);
    }

    // The coroutine's end, in whichever way: what it waits for may be destroyed, and it with that.
    class owner
    {
    public:
        owner(std::shared_ptr<control> c, std::shared_ptr<work_queue> queue)
            : control_(std::move(c)), queue_(std::move(queue))
        {
        }
        owner(owner&&) noexcept = default;
        ~owner()
        {
            coroutine_work* const item = control_ ? control_->item.exchange(nullptr) : nullptr;
            if (!item)
                return;
            item->outcome_.error = operation_aborted();
            try {
                queue_->finished(item, completion_mode::post);
            } catch (const std::exception&) { // no memory to tell anybody
            }
        }

        template <class... Value>
        void operator()(std::exception_ptr error, Value... value)
        {
            coroutine_work* const item = control_->item.exchange(nullptr);
            if (!item)
                return;
            item->outcome_.error = std::move(error);
            if constexpr (sizeof...(Value) != 0)
                (item->outcome_.value.emplace(std::move(value)), ...);
            queue_->finished(item, completion_mode::dispatch);
        }

    private:
        std::shared_ptr<control> control_;
        std::shared_ptr<work_queue> queue_;
    };

public:
    coroutine_work(Handler&& handler, const Executor& executor, Work&& work)
        : base(std::move(handler), executor), strand_(executor), control_(std::make_shared<control>(std::move(work)))
    {
        this->is_coroutine = true;
    }
    ~coroutine_work() override
    {
        if (control_)
            control_->work.reset(); // before the handler runs
    }

    bool run(work_queue& queue) override
    {
        this->outcome_.forget();
        std::optional<typename traits::returned> coroutine;
        try {
            coroutine.emplace(traits::call_again(*control_->work));
        } catch (...) { // the callable threw before it returned its coroutine
            this->outcome_.error = std::current_exception();
            return true;
        }
        const auto strand = strand_;
        const auto own = control_;
        own->item = this; // from now on it may be gone
        try {
            asio::co_spawn(
                strand,
                [own, begun = std::move(*coroutine)]() mutable {
                    const auto early = own->begin();
                    return early == asio::cancellation_type::none ? std::move(begun)
                                                                  : begin_late(own, std::move(begun), early);
                },
                asio::bind_cancellation_slot(own->slot(), owner(own, queue.shared_from_this())));
        } catch (const std::exception&) { // what owned the coroutine has completed it
        }
        return false;
    }

    void rearm() override { control_ = std::make_shared<control>(std::move(*control_->work)); }

    stop_function stopper() override
    {
        return [strand = strand_, own = control_](asio::cancellation_type type) {
            asio::post(strand, [own, type] { own->emit(type); });
        };
    }

    bool abandon() noexcept override
    {
        if (!control_->item.exchange(nullptr))
            return false;
        control_.reset(); // the coroutine goes on with what it captured
        return true;
    }

private:
    asio::strand<Executor> strand_;
    std::shared_ptr<control> control_;
};

} // namespace tandem::detail

#endif
