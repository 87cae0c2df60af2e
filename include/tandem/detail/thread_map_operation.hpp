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
                         !work_traits<typename map_operation<thread_pool, Function, Range>::call>::is_coroutine &&
                         assigned_in_place<typename map_operation<thread_pool, Function, Range>::result>;

/// Shared by the slices under way: each is one piece of work of the pool's, and followed by another one, so that other
/// work gets its turn in between. The lock is not held while the pool, the function or a handler is called.
template <class Function, class Range, class Handler>
class thread_map_state : public std::enable_shared_from_this<thread_map_state<Function, Range, Handler>>
{
    using result = typename map_operation<thread_pool, Function, Range>::result;
    using executor = thread_pool::executor_type;
    static constexpr bool is_void = std::is_void_v<result>;
    // Bits of a std::vector<bool> cannot be set by several threads at once.
    using stored = std::conditional_t<is_void || std::is_same_v<result, bool>, char, result>;

public:
    thread_map_state(thread_pool& pool, Handler&& handler, Function&& function, Range&& range, std::size_t in_flight)
        : pool_(pool), pending_(std::in_place, std::move(handler), pool.get_executor()), function_(std::move(function)),
          range_(std::move(range)), size_(std::ranges::size(range_)),
          slices_(std::min({in_flight ? in_flight : pool.size(), pool.size(), size_}))
    {
        if constexpr (!is_void)
            results_.resize(size_);
    }

    void start()
    {
        if (auto slot = asio::get_associated_cancellation_slot(pending_->handler()); slot.is_connected())
            slot.assign([weak = this->weak_from_this()](asio::cancellation_type type) {
                if (const auto self = weak.lock())
                    self->cancel(type);
            });
        if (slices_.empty())
            slice_ended(completion_mode::immediate);
        else
            begin_slice(0); // which begins others: whoever calls here may lose its processor to the first of them
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
        canceller cancel;
        std::size_t portion = 1; // elements taken at once
        bool has_followers = false;
    };

    struct slice_handler
    {
        std::shared_ptr<thread_map_state> state;
        std::size_t number;

        void set_canceller(canceller c)
        {
            const std::lock_guard lock(state->mutex_);
            state->slices_[number].cancel = std::move(c);
        }

        void operator()(std::exception_ptr error, bool more)
        {
            {
                const std::lock_guard lock(state->mutex_);
                state->slices_[number].cancel = {};
            }
            if (error)
                state->fail(std::move(error));
            if (!error && more && !state->has_error())
                state->begin_slice(number);
            else
                state->slice_ended(completion_mode::dispatch);
        }
    };

    // Also after a failure: it may be of a stronger type.
    void cancel(asio::cancellation_type type)
    {
        set_error(std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)));
        cancel_slices(type);
    }

    // The first failure counts, and cancels the rest; the others follow from it.
    void fail(std::exception_ptr error)
    {
        if (set_error(std::move(error)))
            cancel_slices(asio::cancellation_type::partial);
    }

    bool has_error() const noexcept { return has_error_.load(std::memory_order_acquire); }

    bool set_error(std::exception_ptr error)
    {
        const std::lock_guard lock(mutex_);
        if (error_ || !pending_)
            return false;
        error_ = std::move(error);
        has_error_.store(true, std::memory_order_release);
        return true;
    }

    void cancel_slices(asio::cancellation_type type)
    {
        std::vector<canceller> under_way;
        {
            const std::lock_guard lock(mutex_);
            cancelled_ = cancelled_ | type;
            for (const slice& s : slices_)
                if (s.cancel)
                    under_way.push_back(s.cancel);
        }
        for (const canceller& cancel_slice : under_way)
            cancel_slice(type);
    }

    void begin_slice(std::size_t number)
    {
        pool_.async_run([self = this->shared_from_this(), number] { return self->run_slice(number); },
                        slice_handler{this->shared_from_this(), number});
        // Whoever cancels before the pool has the slice does not reach it, so it is looked after here.
        canceller cancel_slice;
        asio::cancellation_type cancelled;
        {
            const std::lock_guard lock(mutex_);
            cancelled = cancelled_;
            cancel_slice = slices_[number].cancel;
        }
        if (cancelled != asio::cancellation_type::none && cancel_slice)
            cancel_slice(cancelled);
    }

    // Whether elements may be left.
    bool run_slice(std::size_t number)
    {
        {
            const std::lock_guard lock(mutex_);
            if (!pending_)
                return false; // others were quicker
            ++running_;
        }
        struct running
        {
            thread_map_state& state;
            ~running()
            {
                const std::lock_guard lock(state.mutex_);
                --state.running_;
            }
        } const guard{*this};
        if (!std::exchange(slices_[number].has_followers, true))
            for (const std::size_t follower : {2 * number + 1, 2 * number + 2})
                if (follower < slices_.size() && !is_exhausted())
                    begin_slice(follower);
        return run_portions(number);
    }

    bool is_exhausted() const noexcept { return next_.load(std::memory_order_relaxed) >= size_; }

    bool run_portions(std::size_t number)
    {
        using clock = std::chrono::steady_clock;
        std::size_t& portion = slices_[number].portion;
        const auto begin = clock::now();
        for (auto before = begin;;) {
            const std::size_t left = size_ - std::min(next_.load(std::memory_order_relaxed), size_);
            // The last ones are shared out evenly.
            portion = std::clamp<std::size_t>(left / (2 * slices_.size()), 1, portion);
            const std::size_t first = next_.fetch_add(portion, std::memory_order_relaxed);
            if (first >= size_)
                return false;
            const std::size_t last = std::min(first + portion, size_);
            for (std::size_t i = first; i != last;) {
                if (has_error())
                    return false;
                for (const std::size_t end = std::min(i + calls_between_looks, last); i != end; ++i)
                    call(i);
            }
            const auto now = clock::now();
            if (now - begin >= slice_time)
                return true;
            if (now - before < portion_time)
                portion *= 2;
            before = now;
        }
    }

    void call(std::size_t position)
    {
        auto work = bind_call(function_, std::ranges::data(range_)[position]);
        if constexpr (is_void)
            std::move(work)();
        else
            results_[position] = std::move(work)();
    }

    // Those that have not begun are not waited for.
    void slice_ended(completion_mode mode)
    {
        std::optional<pending_handler<Handler, executor>> pending;
        std::exception_ptr failure;
        {
            const std::lock_guard lock(mutex_);
            if (!pending_ || running_ != 0 || (!error_ && !is_exhausted()))
                return;
            pending.emplace(std::move(*pending_));
            pending_.reset();
            failure = std::move(error_);
        }
        if constexpr (is_void) {
            std::move(*pending).complete(mode, std::move(failure));
        } else {
            std::vector<result> results;
            if (!failure) {
                if constexpr (std::is_same_v<result, stored>)
                    results = std::move(results_);
                else
                    results.assign(results_.begin(), results_.end());
            }
            std::move(*pending).complete(mode, std::move(failure), std::move(results));
        }
    }

    thread_pool& pool_;
    std::optional<pending_handler<Handler, executor>> pending_;
    const Function function_;
    Range range_;
    const std::size_t size_;
    std::vector<stored> results_; // by position; each is written by one thread
    std::atomic<bool> has_error_ = false;
    alignas(64) std::atomic<std::size_t> next_ = 0; // element to be taken
    alignas(64) std::mutex mutex_;
    std::vector<slice> slices_;
    std::size_t running_ = 0; // slices
    asio::cancellation_type cancelled_ = asio::cancellation_type::none;
    std::exception_ptr error_;
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
            if (run == default_run_options) { // else each call is a piece of work by itself
                using state = thread_map_state<std::decay_t<Function>, std::decay_t<Range>, std::decay_t<Handler>>;
                std::decay_t<Handler> owned(std::forward<Handler>(handler));
                std::make_shared<state>(*pool_, std::move(owned),
                                        std::decay_t<Function>(std::forward<Function>(function)),
                                        std::decay_t<Range>(std::forward<Range>(range)), in_flight)
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
