// The state of one async_map on a process pool: elements travel many in one message, as many as are worth it.
#ifndef TANDEM_DETAIL_PROCESS_MAP_OPERATION_HPP
#define TANDEM_DETAIL_PROCESS_MAP_OPERATION_HPP

#include <tandem/detail/call_sequence.hpp>
#include <tandem/detail/large_arguments.hpp>
#include <tandem/detail/map_operation.hpp>
#include <tandem/detail/process_pool_core.hpp>
#include <tandem/process_pool.hpp>

#include <algorithm>
#include <set>

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

/// Shared by the messages under way. No code of the user's runs under the lock, and no function of the pool's, which itself
/// calls in here under its own.
template <class Executor, class Function, class Range, class Handler>
class process_map_state : public std::enable_shared_from_this<process_map_state<Executor, Function, Range, Handler>>
{
    using bound_call = std::remove_cvref_t<decltype(bind_call(std::declval<const Function&>(),
                                                              std::declval<std::ranges::range_reference_t<Range>>()))>;
    using result = typename call_result<bound_call>::type;
    static constexpr bool is_void = std::is_void_v<result>;

    static_assert(
        is_bound_task<bound_call>,
        "tandem: a process_pool runs tasks only, since a callable cannot travel to another process. Write "
        "async_map(cpu, tandem::task<f>, range) with f a function or a captureless lambda of one parameter, or "
        "map the callable on a thread_pool.");

public:
    process_map_state(std::shared_ptr<process_pool_core> core, const Executor& executor, Handler&& handler,
                      Function&& function, Range&& range, std::size_t in_flight, const run_options& run)
        : core_(std::move(core)), pending_(std::in_place, std::move(handler), executor), function_(std::move(function)),
          range_(std::move(range)), next_(std::ranges::begin(range_)), run_(run),
          messages_(std::min(in_flight ? in_flight : std::size_t(-1), messages_for_each_worker * core_->size())),
          most_calls_(in_flight ? in_flight / messages_ : std::size_t(-1))
    {
        if constexpr (!is_void && std::ranges::sized_range<Range>)
            results_.expect(std::ranges::size(range_));
    }

    void start()
    {
        if (auto slot = asio::get_associated_cancellation_slot(pending_->handler()); slot.is_connected())
            slot.assign([weak = this->weak_from_this()](asio::cancellation_type type) {
                if (const auto self = weak.lock())
                    self->cancel(type);
            });
        under_way_ = 1; // this one, so that nothing completes before the first messages are sent
        send_more(messages_);
        message_ended(completion_mode::immediate);
    }

private:
    // Enough that none waits while results are collected.
    static constexpr std::size_t messages_for_each_worker = 4;
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
            large_arguments runs(*state_->core_, large);
            call_sequence::add(encoded_, [&](byte_buffer& out) { work.encode_arguments(out, &runs); });
            message = encoded_;
            ++items;
        }

        task_operation* split(std::uint32_t begun) override
        {
            call_sequence calls(message.subspan(message_head_size));
            for (std::uint32_t i = 0; i != begun; ++i)
                calls.next();
            const std::size_t kept = calls.position();
            auto rest = std::make_unique<message_operation>(state_, first_ + begun);
            while (const auto arguments = calls.next())
                call_sequence::add(rest->encoded_, [&](byte_buffer& out) {
                    out.insert(out.end(), arguments->begin(), arguments->end());
                });
            rest->message = rest->encoded_;
            message = message.first(message_head_size + kept);
            rest->large = std::move(large); // only the last element may have any
            rest->items = items - begun;
            items = begun;
            state_->add(*rest);
            return rest.release();
        }

        void complete(completion_mode mode, const asio::any_io_executor&, task_result outcome) override
        {
            const std::unique_ptr<message_operation> self(this);
            std::exception_ptr error = outcome.error;
            if (!error) {
                try {
                    state_->take(first_, items, outcome.value, outcome.large.get());
                } catch (...) {
                    error = codec_failure(errc::decode_failed, "its result: " + what_was_thrown());
                }
            }
            outcome.large.reset(); // not while the handler runs
            state_->message_done(id, mode, std::move(error));
        }

        void destroy() noexcept override { delete this; }

    private:
        std::shared_ptr<process_map_state> state_;
        std::size_t first_;
        byte_buffer encoded_;
    };

    // Also after a failure: it may be of a stronger type.
    void cancel(asio::cancellation_type type)
    {
        set_error(std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted)));
        cancel_messages(type);
    }

    // The first failure counts, and cancels the rest; the others follow from it.
    void fail(std::exception_ptr error)
    {
        if (set_error(std::move(error)))
            cancel_messages(asio::cancellation_type::partial);
    }

    bool set_error(std::exception_ptr error)
    {
        const std::lock_guard lock(mutex_);
        if (error_ || !pending_)
            return false;
        error_ = std::move(error);
        return true;
    }

    void cancel_messages(asio::cancellation_type type)
    {
        // The latest first: those that wait must be gone before one that runs makes room for them.
        std::vector<std::uint64_t> ids;
        {
            const std::lock_guard lock(mutex_);
            cancelled_ = cancelled_ | type;
            ids.assign(ids_.rbegin(), ids_.rend());
        }
        for (const std::uint64_t id : ids)
            core_->cancel(id, type);
    }

    // Whoever is called counts as under way, so the map does not end in here.
    void send_more(std::size_t count)
    {
        {
            const std::lock_guard lock(mutex_);
            if (!turn_.want(count))
                return;
        }
        while (goes_on())
            send_next();
    }

    bool goes_on()
    {
        const std::lock_guard lock(mutex_);
        return turn_.goes_on(error_ || is_exhausted_);
    }

    void send_next()
    {
        std::unique_ptr<message_operation> message;
        try {
            is_exhausted_ = next_ == std::ranges::end(range_);
            if (is_exhausted_)
                return;
            const std::size_t most =
                std::min<std::size_t>(most_calls_, core_->calls_at_once(bound_call::entry(), run_));
            message = std::make_unique<message_operation>(this->shared_from_this(), position_);
            do {
                message->add(bind_call(function_, *next_));
                ++next_;
                ++position_;
                is_exhausted_ = next_ == std::ranges::end(range_);
            } while (!is_exhausted_ && message->items != most && message->arguments_size() < largest_message);
            add(*message);
        } catch (...) { // the range, the function's conversion of the element, or its encoding
            fail(std::current_exception());
            return;
        }
        // Together they may be over a limit that each of them keeps.
        if (message->items > 1 && message->arguments_size() > core_->max_message_size()) {
            task_operation* const last = message->split(message->items - 1);
            submit(message.release());
            submit(last);
        } else {
            submit(message.release());
        }
    }

    void submit(task_operation* message)
    {
        const std::uint64_t id = message->id;
        core_->submit(message);
        // Whoever cancels before the pool has the message does not reach it, so it is looked after here.
        asio::cancellation_type cancelled;
        {
            const std::lock_guard lock(mutex_);
            cancelled = cancelled_;
        }
        if (cancelled != asio::cancellation_type::none)
            core_->cancel(id, cancelled);
    }

    void add(const message_operation& rest)
    {
        const std::lock_guard lock(mutex_);
        ids_.insert(rest.id);
        ++under_way_;
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

    void message_done(std::uint64_t id, completion_mode mode, std::exception_ptr error)
    {
        {
            const std::lock_guard lock(mutex_);
            ids_.erase(id);
        }
        if (error)
            fail(std::move(error));
        else
            send_more(1);
        message_ended(mode);
    }

    void message_ended(completion_mode mode)
    {
        std::optional<pending_handler<Handler, Executor>> pending;
        std::exception_ptr error;
        {
            const std::lock_guard lock(mutex_);
            if (--under_way_ != 0)
                return;
            pending.emplace(std::move(*pending_));
            pending_.reset();
            error = error_;
        }
        if constexpr (is_void) {
            std::move(*pending).complete(mode, std::move(error));
        } else {
            std::vector<result> results = error ? std::vector<result>() : results_.take(position_);
            std::move(*pending).complete(mode, std::move(error), std::move(results));
        }
    }

    const std::shared_ptr<process_pool_core> core_;
    std::optional<pending_handler<Handler, Executor>> pending_;
    Function function_;
    Range range_;
    std::ranges::iterator_t<Range> next_; // of whose turn it is, as the two below
    std::size_t position_ = 0;
    bool is_exhausted_ = false;
    const run_options run_;
    const std::size_t messages_;   // at once
    const std::size_t most_calls_; // in each

    std::mutex mutex_;
    turn turn_;
    std::set<std::uint64_t> ids_; // of the messages under way
    std::size_t under_way_ = 0;
    asio::cancellation_type cancelled_ = asio::cancellation_type::none;
    std::exception_ptr error_;
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
