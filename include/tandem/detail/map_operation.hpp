// The state of one async_map: which elements are under way, what has come back, how it ends.
#ifndef TANDEM_DETAIL_MAP_OPERATION_HPP
#define TANDEM_DETAIL_MAP_OPERATION_HPP

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/pending_handler.hpp>
#include <tandem/detail/scheduled_task.hpp>
#include <tandem/detail/turn.hpp>
#include <tandem/task.hpp>

#include <boost/asio/error.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace tandem::detail {

/// One call of the function, as a pool takes it: a bound task stays one, any other callable is bound to its argument.
template <class Function, class Element>
auto bind_call(const Function& function, Element&& element)
{
    using called = std::remove_cvref_t<std::invoke_result_t<const Function&, Element>>;
    if constexpr (is_bound_task<called>)
        return function(std::forward<Element>(element));
    else
        return [function, argument = std::decay_t<Element>(std::forward<Element>(element))]() mutable {
            return function(std::move(argument));
        };
}

template <class Called>
struct call_result
{
    using type = std::remove_cvref_t<std::invoke_result_t<Called>>;
};
template <auto F>
struct call_result<bound_task<F>>
{
    using type = typename bound_task<F>::result_type;
};

/// Results by position. Positions fill out of order, so they wait as optionals.
template <class R>
struct map_results
{
    using signature = void(std::exception_ptr, std::vector<R>);

    std::deque<std::optional<R>> values;

    template <class Pending>
    void deliver(Pending&& pending, completion_mode mode, std::exception_ptr error)
    {
        std::vector<R> results;
        if (!error) {
            results.reserve(values.size());
            for (auto& value : values)
                results.push_back(std::move(*value));
        }
        std::forward<Pending>(pending).complete(mode, std::move(error), std::move(results));
    }
};
template <>
struct map_results<void>
{
    using signature = void(std::exception_ptr);

    template <class Pending>
    void deliver(Pending&& pending, completion_mode mode, std::exception_ptr error)
    {
        std::forward<Pending>(pending).complete(mode, std::move(error));
    }
};

template <class Pool, class Function, class Range>
struct map_operation
{
    using element = std::ranges::range_reference_t<Range>;
    using call = decltype(bind_call(std::declval<const Function&>(), std::declval<element>()));
    using result = typename call_result<call>::type;
    using signature = typename map_results<result>::signature;
};

/// Shared by the calls under way. A strand would wait for the very threads that the calls occupy, so there is a lock. No code
/// of the user's runs under it, and no function of the pool's.
template <class Pool, class Function, class Range, class Handler>
class map_state : public std::enable_shared_from_this<map_state<Pool, Function, Range, Handler>>
{
    using result = typename map_operation<Pool, Function, Range>::result;
    using executor = typename Pool::executor_type;

public:
    map_state(Pool& pool, Handler&& handler, Function&& function, Range&& range, std::size_t in_flight,
              const run_options& run)
        : pool_(pool), pending_(std::in_place, std::move(handler), pool.get_executor()), function_(std::move(function)),
          range_(std::move(range)), next_(std::ranges::begin(range_)), in_flight_(in_flight), run_(run)
    {
    }

    void start()
    {
        if (auto slot = asio::get_associated_cancellation_slot(pending_->handler()); slot.is_connected())
            slot.assign([weak = this->weak_from_this()](asio::cancellation_type type) {
                if (const auto self = weak.lock())
                    self->cancel(type);
            });
        calls_under_way_ = 1; // this one, so that nothing completes before all first calls are begun
        call_more(in_flight_);
        call_ended(completion_mode::immediate);
    }

private:
    // Also after a failure: it may be of a stronger type.
    void cancel(asio::cancellation_type type)
    {
        set_error(std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)));
        cancel_calls(type);
    }

    // The first failure counts, and cancels the rest; the others follow from it.
    void fail(std::exception_ptr error)
    {
        if (set_error(std::move(error)))
            cancel_calls(asio::cancellation_type::partial);
    }

    bool set_error(std::exception_ptr error)
    {
        const std::lock_guard lock(mutex_);
        if (error_ || !pending_)
            return false;
        error_ = std::move(error);
        return true;
    }

    void cancel_calls(asio::cancellation_type type)
    {
        // The latest first: those that wait must be gone before one that runs makes room for them.
        std::vector<canceller> under_way;
        {
            const std::lock_guard lock(mutex_);
            cancelled_ = cancelled_ | type;
            for (auto it = under_way_.rbegin(); it != under_way_.rend(); ++it)
                if (it->second)
                    under_way.push_back(it->second);
        }
        for (const canceller& cancel_call : under_way)
            cancel_call(type);
    }

    // Whoever is called counts as under way, so the map does not end in here.
    void call_more(std::size_t count)
    {
        {
            const std::lock_guard lock(mutex_);
            if (!turn_.want(count))
                return;
        }
        while (goes_on())
            call_next();
    }

    bool goes_on()
    {
        const std::lock_guard lock(mutex_);
        return turn_.goes_on(error_ || is_exhausted_);
    }

    void call_next()
    {
        std::optional<typename map_operation<Pool, Function, Range>::call> work;
        std::size_t position = 0;
        try {
            is_exhausted_ = next_ == std::ranges::end(range_);
            if (is_exhausted_)
                return;
            work.emplace(bind_call(function_, *next_));
            ++next_;
            const std::lock_guard lock(mutex_);
            position = position_++;
            if constexpr (!std::is_void_v<result>)
                results_.values.emplace_back();
            under_way_.try_emplace(position);
            ++calls_under_way_;
        } catch (...) { // the range, or the function's conversion of the element
            fail(std::current_exception());
            return;
        }
        canceller cancel_call;
        pool_.async_run(std::move(*work), run_, call_handler{this->shared_from_this(), position, &cancel_call});
        // Whoever cancels before the pool has the call does not reach it, so it is looked after here.
        asio::cancellation_type cancelled;
        {
            const std::lock_guard lock(mutex_);
            cancelled = cancelled_;
        }
        if (cancelled != asio::cancellation_type::none)
            cancel_call(cancelled);
    }

    struct call_handler
    {
        std::shared_ptr<map_state> state;
        std::size_t position;
        canceller* initiated; // of call_next(); valid inside of the initiation

        void set_canceller(canceller c)
        {
            *initiated = c;
            const std::lock_guard lock(state->mutex_);
            state->under_way_.at(position) = std::move(c);
        }

        template <class... Value>
        void operator()(std::exception_ptr error, Value... value)
        {
            if constexpr (sizeof...(Value) != 0)
                if (!error)
                    (state->place_of(position).emplace(std::move(value)), ...);
            {
                const std::lock_guard lock(state->mutex_);
                state->under_way_.erase(position);
            }
            if (error)
                state->fail(std::move(error));
            else
                state->call_more(1);
            state->call_ended(completion_mode::dispatch);
        }
    };

    // Which stays where it is while others are added.
    auto& place_of(std::size_t position)
    {
        const std::lock_guard lock(mutex_);
        return results_.values[position];
    }

    void call_ended(completion_mode mode)
    {
        std::optional<pending_handler<Handler, executor>> pending;
        std::exception_ptr error;
        {
            const std::lock_guard lock(mutex_);
            if (--calls_under_way_ != 0)
                return;
            pending.emplace(std::move(*pending_));
            pending_.reset();
            error = error_;
        }
        results_.deliver(std::move(*pending), mode, std::move(error));
    }

    Pool& pool_;
    std::optional<pending_handler<Handler, executor>> pending_;
    Function function_;
    Range range_;
    std::ranges::iterator_t<Range> next_; // of whose turn it is
    bool is_exhausted_ = false;           // the same
    const std::size_t in_flight_;
    const run_options run_;

    std::mutex mutex_;
    turn turn_;
    std::map<std::size_t, canceller> under_way_; // by position
    std::size_t calls_under_way_ = 0;
    std::size_t position_ = 0;
    asio::cancellation_type cancelled_ = asio::cancellation_type::none;
    std::exception_ptr error_;
    map_results<result> results_;
};

template <class Pool>
class initiate_map
{
public:
    using executor_type = typename Pool::executor_type;

    explicit initiate_map(Pool& pool) : pool_(&pool) {}

    executor_type get_executor() const noexcept { return pool_->get_executor(); }

    template <class Handler, class Function, class Range>
    void operator()(Handler&& handler, Function&& function, Range&& range, std::size_t in_flight,
                    const run_options& run) const
    {
        using state = map_state<Pool, std::decay_t<Function>, std::decay_t<Range>, std::decay_t<Handler>>;
        std::decay_t<Handler> owned(std::forward<Handler>(handler));
        // Not in memory of the handler's allocator, which would have to be freed before the handler runs.
        std::make_shared<state>(*pool_, std::move(owned), std::decay_t<Function>(std::forward<Function>(function)),
                                std::decay_t<Range>(std::forward<Range>(range)),
                                in_flight ? in_flight : 4 * pool_->size(), run)
            ->start();
    }

private:
    Pool* pool_;
};

} // namespace tandem::detail

#endif
