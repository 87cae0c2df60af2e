#ifndef TANDEM_HTTP_THEN_HPP
#define TANDEM_HTTP_THEN_HPP

/// Compute on what was downloaded. The only header of tandem::http that needs tandem's pools: link tandem::tandem too.

#include <tandem/cancellation_source.hpp>
#include <tandem/detail/canceller.hpp>
#include <tandem/detail/pending_handler.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/http/downloader.hpp>
#include <tandem/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace tandem::http {
namespace detail {

template <class Work>
using work_on_path = std::invoke_result_t<Work&, std::string>;
template <class Work>
using work_result = typename work_on_path<Work>::result_type;

/// What both steps share. A source cancels whichever of them runs, and what is begun after that: the handler's slot is
/// not for them, as they do not run where it may be emitted.
template <class Handler, class Executor, class Pool, class Work>
struct download_then
{
    using result_type = work_result<Work>;

    download_then(Handler&& handler, const Executor& executor, Pool& to, Work&& on_path)
        : pending(std::in_place, std::move(handler), executor), pool(to), work(std::move(on_path))
    {
    }

    std::optional<tandem::detail::pending_handler<Handler, Executor>> pending; ///< until it completes
    Pool& pool;
    std::optional<Work> work; ///< until it was called
    cancellation_source source{};
    tandem::detail::failure_value<result_type> failed{};
};

/// Completes it. Of the user's objects nothing is left in it when the handler runs. Its memory may be: whoever began the step
/// that has ended may have yet to return.
template <class Operation, class... Args>
void complete_then(std::shared_ptr<Operation> operation, Args... args)
{
    auto pending = std::move(*operation->pending);
    operation->pending.reset();
    operation->work.reset();
    operation.reset();
    std::move(pending).complete(tandem::detail::completion_mode::dispatch, std::move(args)...);
}

template <class Operation>
void fail_then(std::shared_ptr<Operation> operation, std::exception_ptr error)
{
    if constexpr (std::is_void_v<typename Operation::result_type>) {
        complete_then(std::move(operation), std::move(error));
    } else {
        auto failed = operation->failed.take();
        complete_then(std::move(operation), std::move(error), std::move(failed));
    }
}

/// The handler of the second step.
template <class Operation, class Executor>
struct after_work
{
    using executor_type = Executor;

    executor_type get_executor() const noexcept { return executor; }

    template <class... Result>
    void operator()(std::exception_ptr error, Result... result)
    {
        complete_then(std::move(operation), std::move(error), std::move(result)...);
    }

    std::shared_ptr<Operation> operation;
    Executor executor;
};

/// The handler of the first one.
template <class Operation, class Executor>
struct after_download
{
    using executor_type = Executor;

    executor_type get_executor() const noexcept { return executor; }

    void operator()(std::exception_ptr error, download_report report)
    {
        if (!error) {
            try {
                auto bound = (*operation->work)(report.path.string());
                operation->work.reset();
                operation->pool.async_run(
                    std::move(bound),
                    cancellable(operation->source, after_work<Operation, Executor>{operation, executor}));
                return;
            } catch (...) {
                error = std::current_exception();
            }
        }
        fail_then(std::move(operation), std::move(error));
    }

    std::shared_ptr<Operation> operation;
    Executor executor;
};

template <class Executor, class Pool, class Work>
struct initiate_download_then
{
    using executor_type = Executor;

    executor_type get_executor() const noexcept { return downloads.get_executor(); }

    template <class Handler>
    void operator()(Handler&& handler, std::string url, std::filesystem::path target, download_options options,
                    Pool* pool, Work work) const
    {
        using handler_type = std::decay_t<Handler>;
        using operation_type = download_then<handler_type, Executor, Pool, Work>;
        handler_type owned(std::forward<Handler>(handler));
        // Not in memory of the handler's allocator, which would have to be freed before the handler runs.
        const auto operation =
            std::make_shared<operation_type>(std::move(owned), get_executor(), *pool, std::move(work));
        tandem::detail::connect_canceller(operation->pending->handler(),
                                          [source = operation->source](boost::asio::cancellation_type type) {
                                              if (type != boost::asio::cancellation_type::none) {
                                                  source.cancel(type);
                                              }
                                          });
        downloads.async_download(
            std::move(url), std::move(target), std::move(options),
            cancellable(operation->source, after_download<operation_type, Executor>{operation, get_executor()}));
    }

    basic_downloader<Executor> downloads;
};

} // namespace detail

/// Downloads `url` into `target`, then runs `work` on the file in `pool`, a process_pool or a thread_pool. `work` is
/// `tandem::task<f>`, of a function of the path, or any callable that makes a bound_task of the path (a `std::string`):
///
///     http::download_options options;
///     std::size_t lines = co_await async_download_then(from, url, "a.txt", options, cpu, tandem::task<count_lines>);
///
/// With gcc 12 the options need a name, as here: it destroys braced ones, `{}` too, within a `co_await` expression twice.
///
/// Lifetimes: all is copied but the pool, which must outlive the operation. The downloader need not.
///
/// Handler signature: `void(std::exception_ptr, R)` where R is the task's result, `void(std::exception_ptr)` where it
/// has none.
///
/// Executor: completes through the handler's associated executor, else the downloader's, never within the initiating
/// call.
///
/// Per-operation cancellation (by a slot whose signal is emitted where the handler runs, or by cancellable() from
/// anywhere): of every type, passed to whichever step runs, which says what it does, and to the second one as it begins
/// where it was cancelled before.
///
/// Errors: those of `basic_downloader::async_download`, and of the pool's `async_run`; what `work` throws.
template <class Executor, class Pool, class Work, class Token = tandem::detail::default_token_t<Executor>>
requires(tandem::detail::is_bound_task<detail::work_on_path<std::decay_t<Work>>>) auto async_download_then(
    const basic_downloader<Executor>& downloads, std::string url, std::filesystem::path target,
    download_options options, Pool& pool, Work&& work, Token&& token = tandem::detail::default_token<Executor>())
{
    using work_type = std::decay_t<Work>;
    using signature = typename tandem::detail::run_signature<detail::work_result<work_type>>::type;
    return boost::asio::async_initiate<Token, signature>(
        detail::initiate_download_then<Executor, Pool, work_type>{downloads}, token, std::move(url), std::move(target),
        std::move(options), &pool, work_type(std::forward<Work>(work)));
}

} // namespace tandem::http

#endif
