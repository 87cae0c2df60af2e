// Work on a thread that asks for nothing: no cancellation, no limit, no priority. Asio's own queue is enough for it.
#ifndef TANDEM_DETAIL_PLAIN_WORK_HPP
#define TANDEM_DETAIL_PLAIN_WORK_HPP

#include <tandem/detail/operation_aborted.hpp>
#include <tandem/detail/thread_work.hpp>

#include <boost/asio/execution/allocator.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// Whether it may be plain; that it also has default options is known at run time. Asio moves what is posted to it before it
/// is called, and does not bear that this throws.
template <class Work, class Handler>
bool may_be_plain(const Handler& handler)
{
    constexpr bool is_moved_safely = std::is_nothrow_move_constructible_v<Work> &&
                                     std::is_nothrow_move_constructible_v<failure_value<typename work_traits<Work>::result>>;
    if constexpr (work_traits<Work>::is_coroutine || !is_moved_safely)
        return false;
    else
        return !wants_cancellation(handler);
}

/// A function object to be posted.
template <class Work, class Handler, class Executor>
class plain_work
{
    using traits = work_traits<Work>;
    using result = typename traits::result;

public:
    using allocator_type = asio::associated_allocator_t<Handler>;

    /// `queue` lives as long as the executor's context runs anything.
    plain_work(Handler&& handler, const Executor& executor, Work&& work, work_queue& queue)
        : waiting_(std::move(handler), executor), executor_(executor), work_(std::move(work)), queue_(&queue)
    {
    }

    allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(waiting_.handler()); }

    void operator()()
    {
        work_outcome<result> outcome;
        const auto turn = queue_->run_plain([&] {
            outcome.take([this]() -> decltype(auto) { return traits::call(std::move(*work_)); });
            work_.reset(); // before the handler runs
        });
        switch (turn) {
        case plain_turn::now:
            break;
        case plain_turn::in_order:
            if (work_item* const item = make_item(outcome.error)) {
                queue_->submit_begun(item);
                return;
            }
            break;
        case plain_turn::never:
            work_.reset();
            outcome.error = operation_aborted();
            break;
        }
        outcome.deliver(std::move(waiting_), none_, completion_mode::dispatch, executor_);
    }

private:
    // Nothing, with the error, where there is no memory for it.
    work_item* make_item(std::exception_ptr& error) noexcept
    {
        try {
            return allocate_operation<function_work<Work, Handler, Executor>>(waiting_.handler(), executor_,
                                                                              std::move(*work_));
        } catch (...) {
            error = std::current_exception();
            queue_->forget_plain(true);
            work_.reset();
            return nullptr;
        }
    }

    waiting_handler<Handler, Executor> waiting_;
    Executor executor_;
    std::optional<Work> work_;
    [[no_unique_address]] failure_value<result> none_;
    work_queue* queue_;
};

/// What Asio calls to begin work on threads.
template <class Executor>
class initiate_thread_run
{
public:
    using executor_type = Executor;

    initiate_thread_run(const executor_type& executor, const std::shared_ptr<work_queue>* queue)
        : executor_(executor), queue_(queue)
    {
    }

    executor_type get_executor() const noexcept { return executor_; }

    template <class Handler, class Work>
    void operator()(Handler&& handler, Work&& work) const
    {
        run(std::forward<Handler>(handler), std::forward<Work>(work), nullptr);
    }
    template <class Handler, class Work>
    void operator()(Handler&& handler, Work&& work, const run_options& options) const
    {
        run(std::forward<Handler>(handler), std::forward<Work>(work),
            options == default_run_options ? nullptr : &options);
    }

private:
    template <class Handler, class Work>
    void run(Handler&& handler, Work&& work, const run_options* options) const
    {
        using work_type = std::decay_t<Work>;
        using handler_type = std::decay_t<Handler>;
        using item_type = std::conditional_t<work_traits<work_type>::is_coroutine,
                                             coroutine_work<work_type, handler_type, executor_type>,
                                             function_work<work_type, handler_type, executor_type>>;
        handler_type owned(std::forward<Handler>(handler));
        work_queue& queue = **queue_;
        if (!options && may_be_plain<work_type>(owned) && queue.submit_plain()) {
            try {
                if constexpr (!work_traits<work_type>::is_coroutine)
                    post(plain_work<work_type, handler_type, executor_type>(std::move(owned), executor_,
                                                                            work_type(std::forward<Work>(work)), queue));
            } catch (...) {
                queue.forget_plain(false);
                throw;
            }
            return;
        }
        auto* item = allocate_operation<item_type>(owned, executor_, work_type(std::forward<Work>(work)));
        item->id = queue.next_id();
        if (options)
            item->set(*options);
        try {
            item->stoppable = connect_canceller(item->handler(), *queue_, item->id);
        } catch (...) {
            item->destroy();
            throw;
        }
        queue.submit(item);
    }

    // As asio::post, which moves it once more.
    template <class Function>
    void post(Function&& function) const
    {
        asio::prefer(asio::require(executor_, asio::execution::blocking.never),
                     asio::execution::allocator(function.get_allocator()))
            .execute(std::move(function));
    }

    executor_type executor_;
    const std::shared_ptr<work_queue>* queue_; // the pool's: changing a count that all threads share takes time
};

} // namespace tandem::detail

#endif
