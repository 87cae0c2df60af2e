// The state of one async_map over contiguous elements on a thread pool: each thread takes some of them at a time and
// puts their results where they belong.
#ifndef TANDEM_DETAIL_THREAD_MAP_OPERATION_HPP
#define TANDEM_DETAIL_THREAD_MAP_OPERATION_HPP

#include <tandem/detail/map_operation.hpp>
#include <tandem/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>

namespace tandem::detail {

template <class R>
concept assigned_in_place = std::is_void_v<R> ||(std::is_default_constructible_v<R>&& std::is_move_assignable_v<R>);

/// Elements that can be read by several threads at once, and a function that is called and not awaited.
template <class Function, class Range>
concept runs_in_slices = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
                         !awaitable_result<typename map_operation<thread_pool, Function, Range>::result>::is_awaitable &&
                         assigned_in_place<typename map_operation<thread_pool, Function, Range>::result>;

/// Shared by the slices under way: each is one piece of work of the pool's, and followed by another one, so that other
/// work gets its turn in between.
template <class Pool, class Function, class Range, class Handler, class Clock = std::chrono::steady_clock>
class thread_map_state final
    : public map_state_base<thread_map_state<Pool, Function, Range, Handler, Clock>,
                            typename map_operation<Pool, Function, Range>::result, Handler, typename Pool::executor_type>
{
    using bound = typename map_operation<Pool, Function, Range>::bound;
    using result = typename map_operation<Pool, Function, Range>::result;
    using base = map_state_base<thread_map_state, result, Handler, typename Pool::executor_type>;
    friend base;
    static constexpr bool is_void = std::is_void_v<result>;
    // Bits of a std::vector<bool> cannot be set by several threads at once.
    using stored = std::conditional_t<is_void || std::is_same_v<result, bool>, char, result>;

public:
    thread_map_state(Pool& pool, Handler&& handler, Function&& function, Range&& range, std::size_t in_flight,
                     const run_options& run)
        : base(std::move(handler), pool.get_executor()), pool_(pool), run_(run), function_(std::move(function)),
          range_(std::move(range)), size_(std::ranges::size(range_)),
          slices_(std::min({in_flight ? in_flight : pool.size(), pool.size(), size_}))
    {
        if constexpr (!is_void)
            results_.resize(size_);
    }

    void start()
    {
        this->connect_cancellation();
        if (slices_.empty()) {
            const auto start = this->progress_.add();
            this->progress_.set_exhausted();
            this->end_call(start, completion_mode::immediate);
        } else {
            // The first begins others, too: whoever calls here may lose its processor to it.
            begin_slice(0);
            if (slices_.size() > 1 && !is_exhausted())
                try_begin_slice_once(1);
        }
    }

private:
    // So long that what a piece of work costs does not count, and so short that others need not wait.
    static constexpr std::chrono::microseconds slice_time{200};
    // Taking elements and looking at the clock are to cost little beside calling the function.
    static constexpr std::chrono::microseconds portion_time{10};

    // At the error: so that a loop of the simplest calls is a loop for the compiler, too.
    static constexpr std::size_t calls_between_looks = 64;

    struct slice
    {
        std::size_t portion = 1; // elements taken at once
        bool has_followers = false;
        std::atomic<bool> is_begun = false; // for the first time; but the first slice, which nobody else begins
    };

    struct slice_handler
    {
        std::shared_ptr<thread_map_state> state;
        std::size_t number;
        map_progress::call_id call;

        void set_canceller(canceller cancel) { state->progress_.set_canceller(call, std::move(cancel)); }

        void operator()(std::exception_ptr error, bool more)
        {
            if (error)
                state->progress_.fail(std::move(error));
            else if (more && !state->progress_.has_failed())
                state->try_begin_slice(number);
            state->end_call(call, completion_mode::dispatch);
        }
    };

    void cancel_unbegun() { this->progress_.cancel_unbegun(); }

    // The map waits for those slices only that have begun.
    void begin_slice(std::size_t number)
    {
        const map_progress::call_id call = this->progress_.add_unbegun();
        try {
            pool_.async_run([self = this->shared_from_this(), number, call] { return self->run_slice(number, call); }, run_,
                            slice_handler{this->shared_from_this(), number, call});
        } catch (...) {
            static_cast<void>(this->progress_.end(call)); // nobody waited for it
            throw;
        }
        this->progress_.handed_over(call);
    }

    // Where the map goes on without it, or ends.
    void try_begin_slice(std::size_t number)
    {
        try {
            begin_slice(number);
        } catch (...) {
            this->progress_.fail(std::current_exception());
        }
    }

    void try_begin_slice_once(std::size_t number)
    {
        if (!slices_[number].is_begun.exchange(true, std::memory_order_relaxed))
            try_begin_slice(number);
    }

    // Whether elements may be left.
    bool run_slice(std::size_t number, map_progress::call_id call)
    {
        if (!this->progress_.begin(call))
            return false; // others were quicker
        if (!std::exchange(slices_[number].has_followers, true))
            for (const std::size_t follower : {2 * number + 1, 2 * number + 2})
                if (follower < slices_.size() && !is_exhausted())
                    try_begin_slice_once(follower);
        const bool more = run_portions(number);
        if (is_exhausted())
            this->progress_.set_exhausted();
        return more;
    }

    bool is_exhausted() const noexcept { return next_.load(std::memory_order_relaxed) >= size_; }

    bool run_portions(std::size_t number)
    {
        std::size_t& portion = slices_[number].portion;
        const auto begin = Clock::now();
        for (auto before = begin;;) {
            const std::size_t left = size_ - std::min(next_.load(std::memory_order_relaxed), size_);
            // The last ones are shared out evenly.
            portion = std::clamp<std::size_t>(left / (2 * slices_.size()), 1, portion);
            const std::size_t first = next_.fetch_add(portion, std::memory_order_relaxed);
            if (first >= size_)
                return false;
            const std::size_t last = std::min(first + portion, size_);
            for (std::size_t i = first; i != last;) {
                if (this->progress_.has_failed())
                    return false;
                for (const std::size_t end = std::min(i + calls_between_looks, last); i != end; ++i)
                    call(i);
            }
            const auto now = Clock::now();
            if (now - begin >= slice_time)
                return true;
            const auto took = now - before;
            if (took < portion_time)
                portion *= took < portion_time / 16 ? 8 : 2;
            before = now;
        }
    }

    void call(std::size_t position)
    {
        if constexpr (is_void)
            call_with(std::ranges::data(range_)[position]);
        else
            results_[position] = call_with(std::ranges::data(range_)[position]);
    }

    template <class Element>
    decltype(auto) call_with(Element& element)
    {
        if constexpr (owns_elements<Range>)
            return call_bound(function_, use_up(element));
        else if constexpr (!is_bound_task<bound> && may_keep<Function, bound>())
            return call_bound(function_, std::as_const(element));
        else
            return call_bound(function_, bind_element(function_, element));
    }

    template <class Element>
    decltype(auto) use_up(Element& element)
    {
        if constexpr (is_bound_task<bound>)
            return bind_element(function_, std::move(element));
        else
            return std::move(element);
    }

    std::vector<result> take_results()
    {
        if constexpr (std::is_same_v<result, stored>)
            return std::move(results_);
        else
            return std::vector<result>(results_.begin(), results_.end());
    }

    Pool& pool_;
    const run_options run_; // of slices
    const Function function_;
    Range range_;
    const std::size_t size_;
    std::vector<stored> results_; // by position; each is written by one thread
    std::vector<slice> slices_;   // each is one thread's at a time
    alignas(64) std::atomic<std::size_t> next_ = 0; // element to be taken
};

class initiate_thread_map : public initiate_map<thread_pool>
{
public:
    explicit initiate_thread_map(thread_pool& pool) : initiate_map(pool), pool_(&pool) {}

    template <class Handler, class Function, class Range>
    void operator()(Handler&& handler, Function&& function, Range&& range, std::size_t in_flight,
                    const run_options& run) const
    {
        if constexpr (runs_in_slices<std::decay_t<Function>, std::decay_t<Range>>) {
            if (run.run_timeout.count() == 0 && run.queue_timeout.count() == 0) { // else each call has a time of its own
                using state = thread_map_state<thread_pool, std::decay_t<Function>, std::decay_t<Range>, std::decay_t<Handler>>;
                std::decay_t<Handler> owned(std::forward<Handler>(handler));
                std::make_shared<state>(*pool_, std::move(owned),
                                        std::decay_t<Function>(std::forward<Function>(function)),
                                        std::decay_t<Range>(std::forward<Range>(range)), in_flight, run)
                    ->start();
                return;
            }
        }
        initiate_map::operator()(std::forward<Handler>(handler), std::forward<Function>(function),
                                 std::forward<Range>(range), in_flight, run);
    }

private:
    thread_pool* pool_;
};

inline initiate_thread_map initiate_map_on(thread_pool& pool)
{
    return initiate_thread_map(pool);
}

} // namespace tandem::detail

#endif
