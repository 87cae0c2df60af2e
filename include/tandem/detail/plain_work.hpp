// Work on a thread that asks for nothing: no cancellation, no limit, no priority. Asio's own queue is enough for it.
#ifndef TANDEM_DETAIL_PLAIN_WORK_HPP
#define TANDEM_DETAIL_PLAIN_WORK_HPP

#include <tandem/detail/thread_work.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// Whether it may be plain; that it also has default options is known at run time.
template <class Work, class Handler>
bool may_be_plain(const Handler& handler)
{
    if constexpr (work_traits<Work>::is_coroutine)
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
            queue_->submit_begun(allocate_operation<function_work<Work, Handler, Executor>>(
                waiting_.handler(), executor_, std::move(*work_)));
            return;
        case plain_turn::never:
            work_.reset();
            outcome.error = std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
            break;
        }
        outcome.deliver(std::move(waiting_), completion_mode::dispatch, executor_);
    }

private:
    waiting_handler<Handler, Executor> waiting_;
    Executor executor_;
    std::optional<Work> work_;
    work_queue* queue_;
};

} // namespace tandem::detail

#endif
