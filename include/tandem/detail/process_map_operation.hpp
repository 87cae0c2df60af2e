// The state of one async_map on a process pool: elements travel many in one message, as many as are worth it.
#ifndef TANDEM_DETAIL_PROCESS_MAP_OPERATION_HPP
#define TANDEM_DETAIL_PROCESS_MAP_OPERATION_HPP

#include <tandem/detail/call_sequence.hpp>
#include <tandem/detail/large_arguments.hpp>
#include <tandem/detail/map_operation.hpp>
#include <tandem/detail/process_pool_core.hpp>
#include <tandem/process_pool.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>

namespace tandem::detail {

/// Results by position, which come in runs and in any order. Putting is thread-safe.
template <class R>
class collected_results
{
public:
    /// There will be so many, most likely.
    void expect(std::size_t count)
    {
        if constexpr (!std::is_same_v<R, bool>) // bits cannot be set by several threads at once
            results_.resize(count);
    }

    void put(std::size_t first, std::vector<R>&& values)
    {
        if (first + values.size() <= results_.size()) { // where no other thread writes
            std::move(values.begin(), values.end(), results_.begin() + static_cast<std::ptrdiff_t>(first));
            return;
        }
        const std::lock_guard lock(mutex_);
        further_.emplace_back(first, std::move(values));
    }

    /// All, which are so many, when nothing more is put.
    std::vector<R> take(std::size_t count)
    {
        results_.resize(count);
        for (auto& [first, values] : further_) {
            std::move(values.begin(), values.end(), results_.begin() + static_cast<std::ptrdiff_t>(first));
            values = std::vector<R>();
        }
        return std::move(results_);
    }

private:
    std::vector<R> results_;
    std::mutex mutex_;
    std::vector<std::pair<std::size_t, std::vector<R>>> further_; // by the position of their first
};
template <>
class collected_results<void>
{
};

/// Shared by the messages under way. The pool itself calls in here under its own lock: see split().
template <class Executor, class Function, class Range, class Handler>
class process_map_state final
    : public serial_map_state<process_map_state<Executor, Function, Range, Handler>,
                              typename map_operation<basic_process_pool<Executor>, Function, Range>::result, Function,
                              Range, Handler, Executor>
{
    using operation = map_operation<basic_process_pool<Executor>, Function, Range>;
    using bound_call = typename operation::bound;
    using result = typename operation::result;
    using base = serial_map_state<process_map_state, result, Function, Range, Handler, Executor>;
    friend base;
    friend map_state_base<process_map_state, result, Handler, Executor>;
    static constexpr bool is_void = std::is_void_v<result>;

public:
    process_map_state(std::shared_ptr<process_pool_core> core, const Executor& executor, Handler&& handler,
                      Function&& function, Range&& range, std::size_t in_flight, const run_options& run)
        : base(std::move(handler), executor, std::move(function), std::move(range)), executor_(executor),
          core_(std::move(core)), run_(run),
          messages_(std::min(in_flight ? in_flight : std::size_t(-1), messages_for_each_worker * core_->size())),
          most_calls_(in_flight ? in_flight / messages_ : std::size_t(-1))
    {
        if constexpr (!is_void && std::ranges::sized_range<Range>)
            results_.expect(std::ranges::size(this->elements_.range()));
    }

    void start() { this->start_calls(messages_); }

private:
    // Enough that none waits while results are collected.
    static constexpr std::size_t messages_for_each_worker = 12;
    // Larger elements gain nothing by travelling together.
    static constexpr std::size_t largest_message = 32 * 1024;

    class message_operation final : public task_operation
    {
    public:
        message_operation(std::shared_ptr<process_map_state> owner, std::size_t first)
            : task_operation(bound_call::entry()), state_(std::move(owner)), first_(first)
        {
            id = state_->core_->next_id();
            set(state_->run_);
            is_sequence = true;
            cancellable = true;
            items = 0;
            encoded_.resize(message_head_size);
        }

        void add(const bound_call& work)
        {
            std::unique_ptr<large_writer> large;
            large_arguments runs(*state_->core_, large);
            call_sequence::add(encoded_, [&](byte_buffer& out) { work.encode_arguments(out, &runs); });
            if (large)
                set_large(std::move(large)); // there was none before: it is the message's last element
            message = encoded_;
            ++items;
        }

        /// The map waits for it from now on.
        void join_map()
        {
            // So small that it needs no memory. Called as long as the map is there.
            const auto cancel = [core = state_->core_.get(), task = id](asio::cancellation_type type) {
                core->cancel(task, type);
            };
            call_ = state_->progress_.add(cancel, id);
        }

        /// It is not submitted after all. The map does not end in here: see call_more().
        void leave_map() noexcept { static_cast<void>(state_->progress_.end(call_)); }

        /// The pool takes it over.
        void submit()
        {
            const auto owner = state_; // it may complete meanwhile
            const map_progress::call_id number = call_;
            try {
                owner->core_->submit(this);
            } catch (...) { // it is destroyed
                owner->progress_.fail(std::current_exception());
                static_cast<void>(owner->progress_.end(number)); // another one is under way: see call_more()
                return;
            }
            owner->progress_.handed_over(number);
        }

        /// Called under the pool's lock: no code of the user's runs in here.
        task_operation* split(std::uint32_t begun) override
        {
            auto rest = part(begun, items);
            shorten(0, begun);
            if (auto large = take_large()) // only the last element may have any
                rest->set_large(std::move(large));
            return rest.release();
        }

        /// The same.
        task_operation* split_first(std::uint32_t count) override
        {
            auto first = part(0, count);
            shorten(count, items);
            return first.release();
        }

        void complete(completion_mode mode, const asio::any_io_executor&, task_result outcome) override
        {
            const std::unique_ptr<message_operation> self(this);
            state_->progress_.note_begun();
            std::exception_ptr error = outcome.error;
            if (!error) {
                try {
                    state_->take(first_, items, outcome.value, outcome.large.get());
                } catch (...) {
                    error = this->result_failure();
                }
            }
            outcome.large.reset(); // not while the handler runs
            const bool is_last_part = !parts_ || --*parts_ == 0;
            state_->call_done(call_, mode, std::move(error), is_last_part ? 1 : 0);
        }

        void destroy() noexcept override { delete this; }

    private:
        // Some of its calls once more, as an operation of its own.
        std::unique_ptr<message_operation> part(std::uint32_t begin, std::uint32_t end)
        {
            auto made = std::make_unique<message_operation>(state_, first_ + begin);
            call_sequence calls(message.subspan(message_head_size));
            for (std::uint32_t i = 0; i != end; ++i)
                if (const auto arguments = calls.next(); i >= begin)
                    call_sequence::add(made->encoded_, [&](byte_buffer& out) {
                        out.insert(out.end(), arguments->begin(), arguments->end());
                    });
            made->message = made->encoded_;
            made->items = end - begin;
            if (!parts_)
                parts_ = std::make_shared<std::atomic<std::uint32_t>>(1);
            made->parts_ = parts_;
            made->join_map();
            ++*parts_;
            return made;
        }

        // It has these of its calls left.
        void shorten(std::uint32_t begin, std::uint32_t end) noexcept
        {
            const auto arguments = message.subspan(message_head_size);
            call_sequence calls(arguments);
            for (std::uint32_t i = 0; i != begin; ++i)
                calls.next();
            const std::size_t before = calls.next_begin();
            for (std::uint32_t i = begin; i != end; ++i)
                calls.next();
            message = message.subspan(before).first(message_head_size + calls.position() - before);
            first_ += begin;
            items = end - begin;
        }

        std::shared_ptr<process_map_state> state_;
        std::size_t first_;
        map_progress::call_id call_ = 0;
        std::shared_ptr<std::atomic<std::uint32_t>> parts_; // where it was split: so many of it have not ended
        byte_buffer encoded_;
    };

    // Decided by the thread whose turn it is: nothing is sent meanwhile. As taking elements, that is done where the pool
    // works, and not where the signal is emitted.
    void cancel_unbegun()
    {
        const auto call = this->progress_.add_unless_completed();
        if (!call)
            return;
        try {
            asio::post(executor_, [self = this->shared_from_this(), number = *call] {
                self->progress_.ask_for_total();
                self->call_done(number, completion_mode::dispatch, nullptr, 0);
            });
        } catch (...) {
            this->end_call(*call, completion_mode::post);
            throw;
        }
    }

    void abort_unbegun()
    {
        try {
            const auto tasks = this->progress_.tasks_unless_begun();
            if (tasks && core_->cancel_unbegun(*tasks))
                this->progress_.fail(operation_aborted());
        } catch (const std::bad_alloc&) { // then it goes on
        }
    }

    void call_next()
    {
        if (this->progress_.takes_total())
            return abort_unbegun();
        std::unique_ptr<message_operation> message;
        try {
            if (!this->elements_.find_next())
                return;
            const std::size_t most =
                std::min<std::size_t>(most_calls_, core_->calls_at_once(bound_call::entry()));
            message = std::make_unique<message_operation>(this->shared_from_this(), this->elements_.position());
            do
                this->elements_.take([&](const bound_call& next) { message->add(next); });
            while (this->elements_.find_next() && message->items != most && message->arguments_size() < largest_message);
            if (this->progress_.has_failed())
                return; // meanwhile
            message->join_map();
        } catch (...) { // the range, the function's conversion of the element, or its encoding
            this->progress_.fail(std::current_exception());
            return;
        }
        message->others_follow = !this->elements_.is_exhausted();
        // Together they may be over a limit that each of them keeps.
        message_operation* last = nullptr;
        if (message->items > 1 && message->arguments_size() > core_->max_message_size()) {
            try {
                last = static_cast<message_operation*>(message->split(message->items - 1));
            } catch (...) {
                this->progress_.fail(std::current_exception());
                message->leave_map();
                return;
            }
        }
        message.release()->submit();
        if (last)
            last->submit();
    }

    void take(std::size_t first, std::uint32_t count, std::span<const std::byte> encoded, large_reader* large)
    {
        call_sequence sequence(encoded);
        if constexpr (is_void) {
            for (std::uint32_t i = 0; i != count; ++i)
                if (!sequence.next())
                    throw std::length_error("there are too few results");
        } else {
            std::vector<result> values;
            values.reserve(count);
            while (const auto value = sequence.next())
                values.push_back(decode_value<result>(*value, large));
            if (values.size() != count)
                throw std::length_error("there are too few results, or too many");
            results_.put(first, std::move(values));
        }
    }

    std::vector<result> take_results() { return results_.take(this->elements_.position()); }

    const Executor executor_;
    const std::shared_ptr<process_pool_core> core_;
    const run_options run_;
    const std::size_t messages_;   // at once
    const std::size_t most_calls_; // in each
    collected_results<result> results_; // with a lock of its own
};

template <class Executor>
class initiate_process_map : public process_pool_initiation<Executor>
{
public:
    using process_pool_initiation<Executor>::process_pool_initiation;

    template <class Handler, class Function, class Range>
    void operator()(Handler&& handler, Function&& function, Range&& range, std::size_t in_flight,
                    const run_options& run) const
    {
        using state = process_map_state<Executor, std::decay_t<Function>, std::decay_t<Range>, std::decay_t<Handler>>;
        std::decay_t<Handler> owned(std::forward<Handler>(handler));
        if (!this->core()->has_context()) {
            using result =
                typename map_operation<basic_process_pool<Executor>, std::decay_t<Function>, std::decay_t<Range>>::result;
            if constexpr (std::is_void_v<result>)
                return fail_without_context(std::move(owned));
            else
                return fail_without_context<std::vector<result>>(std::move(owned));
        }
        // Not in memory of the handler's allocator, which would have to be freed before the handler runs.
        std::make_shared<state>(this->core(), this->get_executor(), std::move(owned),
                                std::decay_t<Function>(std::forward<Function>(function)),
                                std::decay_t<Range>(std::forward<Range>(range)), in_flight, run)
            ->start();
    }
};

template <class Pool>
initiate_map<Pool> initiate_map_on(Pool& pool)
{
    return initiate_map<Pool>(pool);
}
template <class Executor>
initiate_process_map<Executor> initiate_map_on(basic_process_pool<Executor>& pool)
{
    return initiate_process_map<Executor>(pool);
}

} // namespace tandem::detail

#endif
