#ifndef TANDEM_HTTP_THEN_HPP
#define TANDEM_HTTP_THEN_HPP

/// Compute on what was downloaded. The only header of tandem::http that needs tandem's pools: link tandem::tandem too.

#include <tandem/http/downloader.hpp>
#include <tandem/task.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>

namespace tandem::http {
namespace detail {

template <class Work>
using work_on_path = std::invoke_result_t<Work&, std::string>;

template <class Executor, class Pool, class Work>
boost::asio::awaitable<typename work_on_path<Work>::result_type, Executor>
download_then(basic_downloader<Executor> from, std::string url, std::filesystem::path target, download_options options,
              Pool* pool, Work work)
{
    namespace asio = boost::asio;
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    const download_report report =
        co_await from.async_download(std::move(url), std::move(target), std::move(options), asio::deferred);
    co_return co_await pool->async_run(work(report.path.string()), asio::deferred);
}

} // namespace detail

/// Downloads `url` into `target`, then runs `work` on the file in `pool`, a process_pool or a thread_pool. `work` is
/// `tandem::task<f>`, of a function of the path, or any callable that makes a bound_task of the path (a `std::string`):
///
///     std::size_t lines = co_await async_download_then(from, url, "a.txt", {}, cpu, tandem::task<count_lines>);
///
/// Lifetimes: all is copied but the pool, which must outlive the operation. The downloader need not.
///
/// Handler signature: `void(std::exception_ptr, R)` where R is the task's result, `void(std::exception_ptr)` where it
/// has none.
///
/// Executor: completes through the handler's associated executor, else the downloader's, never within the initiating
/// call.
///
/// Per-operation cancellation: of every type, passed to whichever step runs, which says what it does. Between the two
/// it ends the operation with `asio::error::operation_aborted`; the file is there then.
///
/// Errors: those of `basic_downloader::async_download`, and of the pool's `async_run`.
template <class Executor, class Pool, class Work, class Token = tandem::detail::default_token_t<Executor>>
requires(tandem::detail::is_bound_task<detail::work_on_path<std::decay_t<Work>>>) auto async_download_then(
    const basic_downloader<Executor>& from, std::string url, std::filesystem::path target, download_options options,
    Pool& pool, Work&& work, Token&& token = tandem::detail::default_token<Executor>())
{
    return boost::asio::co_spawn(
        from.get_executor(),
        detail::download_then<Executor, Pool, std::decay_t<Work>>(from, std::move(url), std::move(target),
                                                                  std::move(options), &pool, std::forward<Work>(work)),
        std::forward<Token>(token));
}

} // namespace tandem::http

#endif
