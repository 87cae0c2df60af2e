// The state of one async_map.
//
//   map_state_base     what all maps have: a handler that is completed once, failure and cancellation
//   map_elements       what is left of a range whose elements are taken one after the other
//   serial_map_state   of maps that take them so: one thread at a time makes the calls that are wanted
//   map_state          on threads: one piece of work for each element
#ifndef TANDEM_DETAIL_MAP_OPERATION_HPP
#define TANDEM_DETAIL_MAP_OPERATION_HPP

#include <tandem/detail/canceller.hpp>
#include <tandem/detail/map_progress.hpp>
#include <tandem/detail/operation_aborted.hpp>
#include <tandem/detail/pending_handler.hpp>
#include <tandem/detail/scheduled_task.hpp>
#include <tandem/task.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace tandem::detail {

/// Whether the range holds its elements, as a container does: then each may be moved out of it. A view does not, nor does
/// a handle to elements that others have as well: a constant one gives them to be changed.
template <class Range>
concept owns_elements = !std::ranges::view<Range> && std::ranges::range<const Range> &&
                        std::is_same_v<std::ranges::range_reference_t<Range>, std::ranges::range_value_t<Range>&> &&
                        std::is_same_v<std::ranges::range_reference_t<const Range>, const std::ranges::range_value_t<Range>&>;

/// What is made a call of.
template <class Range>
using map_element =
    std::conditional_t<owns_elements<Range>, std::ranges::range_value_t<Range>&&, std::ranges::range_reference_t<Range>>;

/// What waits for its turn: a bound task, or where the function gives none, its argument.
template <class Function, class Element>
auto bind_element(const Function& function, Element&& element)
{
    using argument = std::decay_t<Element>;
    if constexpr (is_bound_task<std::remove_cvref_t<std::invoke_result_t<const Function&, argument>>>)
        return function(std::forward<Element>(element));
    else
        return argument(std::forward<Element>(element));
}

/// Calls the function, which is shared by all calls, with what bind_element() gave.
template <class Function, class Bound>
decltype(auto) call_bound(const Function& function, Bound&& bound)
{
    if constexpr (is_bound_task<std::remove_cvref_t<Bound>>)
        return std::forward<Bound>(bound)();
    else
        return std::invoke(function, std::forward<Bound>(bound));
}

/// Whether that gives the same with what is kept as with what is used up.
template <class Function, class Bound>
consteval bool may_keep()
{
    if constexpr (is_bound_task<Bound>)
        return std::is_invocable_v<const Bound&>;
    else if constexpr (std::is_invocable_v<const Function&, const Bound&>)
        return std::is_same_v<std::invoke_result_t<const Function&, const Bound&>, std::invoke_result_t<const Function&, Bound>>;
    else
        return false;
}

template <class R>
struct map_signature
{
    using type = void(std::exception_ptr, std::vector<R>);
};
template <>
struct map_signature<void>
{
    using type = void(std::exception_ptr);
};

template <class Pool, class Function, class Range>
struct map_operation
{
    using bound = decltype(bind_element(std::declval<const Function&>(), std::declval<map_element<Range>>()));
    using result = std::remove_cvref_t<decltype(call_bound(std::declval<const Function&>(), std::declval<bound>()))>;
    using signature = typename map_signature<result>::type;
};

/// Shared by the calls under way. All that needs a lock is in map_progress, and none is held while anything in here runs.
/// `Derived` has start(), which begins the first calls; cancel_unbegun(), which aborts the map where no element has begun;
/// and `std::vector<R> take_results()`, where R is not void.
template <class Derived, class R, class Handler, class Executor>
class map_state_base : public std::enable_shared_from_this<Derived>
{
public:
    map_state_base(Handler&& handler, const Executor& executor) : pending_(std::in_place, std::move(handler), executor)
    {
    }

protected:
    void connect_cancellation()
    {
        connect_canceller(pending_->handler(), [weak = this->weak_from_this()](asio::cancellation_type type) {
            if (const auto self = weak.lock())
                self->cancel(type);
        });
    }

    // The last one completes the map.
    void end_call(map_progress::call_id call, completion_mode mode)
    {
        if (!progress_.end(call))
            return;
        auto pending = std::move(*pending_);
        pending_.reset();
        std::exception_ptr error = progress_.take_error();
        if constexpr (std::is_void_v<R>) {
            std::move(pending).complete(mode, std::move(error));
        } else {
            std::vector<R> results;
            try {
                if (!error)
                    results = derived().take_results();
            } catch (...) { // they are moved by the user's code
                error = std::current_exception();
            }
            std::move(pending).complete(mode, std::move(error), std::move(results));
        }
    }

    Derived& derived() noexcept { return static_cast<Derived&>(*this); }

    map_progress progress_;

private:
    void cancel(asio::cancellation_type type)
    {
        using asio::cancellation_type;
        if ((type & (cancellation_type::partial | cancellation_type::terminal)) != cancellation_type::none)
            progress_.cancel(type);
        else if (type != cancellation_type::none)
            derived().cancel_unbegun();
    }

    std::optional<pending_handler<Handler, Executor>> pending_; // until the map completes
};

/// What is left of a range, and the function that is called with it. Of the thread whose turn it is.
template <class Function, class Range>
class map_elements
{
public:
    map_elements(Function&& function, Range&& range)
        : function_(std::move(function)), range_(std::move(range)), next_(std::ranges::begin(range_))
    {
    }

    /// How many were taken.
    std::size_t position() const noexcept { return position_; }

    bool is_exhausted() const noexcept { return is_exhausted_; }

    /// Whether there is a next one.
    bool find_next()
    {
        is_exhausted_ = next_ == std::ranges::end(range_);
        return !is_exhausted_;
    }

    /// Passes what is bound to the next one to `use`, before the range goes on.
    template <class Use>
    void take(Use use)
    {
        use(bind_element(function_, static_cast<map_element<Range>>(*next_)));
        ++next_;
        ++position_;
    }

    const Range& range() const noexcept { return range_; }

    /// Of any thread.
    const Function& function() const noexcept { return function_; }

private:
    const Function function_;
    Range range_;
    std::ranges::iterator_t<Range> next_;
    std::size_t position_ = 0;
    bool is_exhausted_ = false;
};

/// `Derived` has `void call_next()`, which makes one call, or finds the range's end, or fails.
template <class Derived, class R, class Function, class Range, class Handler, class Executor>
class serial_map_state : public map_state_base<Derived, R, Handler, Executor>
{
    using base = map_state_base<Derived, R, Handler, Executor>;

public:
    serial_map_state(Handler&& handler, const Executor& executor, Function&& function, Range&& range)
        : base(std::move(handler), executor), elements_(std::move(function), std::move(range))
    {
    }

protected:
    void start_calls(std::size_t count)
    {
        this->connect_cancellation();
        const auto start = this->progress_.add(); // so that nothing completes before all first calls are begun
        call_more(count);
        this->end_call(start, completion_mode::immediate);
    }

    // A call's outcome has been taken, and leaves room for so many more calls.
    void call_done(map_progress::call_id call, completion_mode mode, std::exception_ptr error, std::size_t room)
    {
        if (error)
            this->progress_.fail(std::move(error));
        else
            call_more(room);
        this->end_call(call, mode);
    }

    map_elements<Function, Range> elements_;

private:
    // Whoever is called counts as under way, so the map does not end in here.
    void call_more(std::size_t count)
    {
        if (!this->progress_.want(count))
            return;
        while (this->progress_.goes_on(elements_.is_exhausted()))
            this->derived().call_next();
    }
};

/// Results by position. Positions fill out of order, so they wait as optionals.
template <class R>
class map_results
{
public:
    void add()
    {
        const std::lock_guard lock(mutex_);
        values_.emplace_back();
    }

    /// Stays where it is while others are added.
    std::optional<R>& operator[](std::size_t position)
    {
        const std::lock_guard lock(mutex_);
        return values_[position];
    }

    std::vector<R> take()
    {
        std::vector<R> results;
        results.reserve(values_.size());
        for (auto& value : values_)
            results.push_back(std::move(*value));
        return results;
    }

private:
    std::mutex mutex_; // only empty places are made under it
    std::deque<std::optional<R>> values_;
};
template <>
class map_results<void>
{
public:
    void add() {}
};

template <class Pool, class Function, class Range, class Handler>
class map_state final
    : public serial_map_state<map_state<Pool, Function, Range, Handler>,
                              typename map_operation<Pool, Function, Range>::result, Function, Range, Handler,
                              typename Pool::executor_type>
{
    using operation = map_operation<Pool, Function, Range>;
    using result = typename operation::result;
    using base = serial_map_state<map_state, result, Function, Range, Handler, typename Pool::executor_type>;
    friend base;
    friend map_state_base<map_state, result, Handler, typename Pool::executor_type>;
    using bound = typename operation::bound;

public:
    map_state(Pool& pool, Handler&& handler, Function&& function, Range&& range, std::size_t in_flight,
              const run_options& run)
        : base(std::move(handler), pool.get_executor(), std::move(function), std::move(range)), pool_(pool),
          in_flight_(in_flight), run_(run)
    {
    }

    void start() { this->start_calls(in_flight_); }

private:
    class element_call
    {
    public:
        element_call(map_state& state, bound&& argument) : state_(&state), bound_(std::move(argument)) {}

        decltype(auto) operator()()
        {
            if (!state_->progress_.begin_element())
                std::rethrow_exception(operation_aborted());
            const Function& function = state_->elements_.function();
            if constexpr (may_keep<Function, bound>())
                if (state_->run_.retries != 0)
                    return call_bound(function, std::as_const(bound_));
            return call_bound(function, std::move(bound_));
        }

    private:
        map_state* state_; // which its handler keeps
        bound bound_;
    };

    void cancel_unbegun() { this->progress_.cancel_unbegun(); }

    void call_next()
    {
        std::optional<element_call> work;
        std::size_t position = 0;
        map_progress::call_id call = 0;
        try {
            if (!this->elements_.find_next())
                return;
            position = this->elements_.position();
            this->elements_.take([&](bound&& next) { work.emplace(*this, std::move(next)); });
            if (this->progress_.has_failed())
                return; // meanwhile
            results_.add();
            call = this->progress_.add();
        } catch (...) { // the range, or the function's conversion of the element
            this->progress_.fail(std::current_exception());
            return;
        }
        try {
            pool_.async_run(std::move(*work), run_, call_handler{this->shared_from_this(), position, call});
        } catch (...) {
            this->progress_.fail(std::current_exception());
            static_cast<void>(this->progress_.end(call)); // another one is under way: see call_more()
            return;
        }
        this->progress_.handed_over(call);
    }

    struct call_handler
    {
        std::shared_ptr<map_state> state;
        std::size_t position;
        map_progress::call_id call;

        void set_canceller(canceller cancel) { state->progress_.set_canceller(call, std::move(cancel)); }

        template <class... Value>
        void operator()(std::exception_ptr error, Value... value)
        {
            if constexpr (sizeof...(Value) != 0) {
                try {
                    if (!error)
                        (state->results_[position].emplace(std::move(value)), ...);
                } catch (...) { // it is moved by the user's code
                    error = std::current_exception();
                }
            }
            state->call_done(call, completion_mode::dispatch, std::move(error), 1);
        }
    };

    std::vector<result> take_results() { return results_.take(); }

    Pool& pool_;
    const std::size_t in_flight_;
    const run_options run_;
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
