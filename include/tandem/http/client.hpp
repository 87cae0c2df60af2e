#ifndef TANDEM_HTTP_CLIENT_HPP
#define TANDEM_HTTP_CLIENT_HPP

#include <tandem/detail/asio_compat.hpp>
#include <tandem/http/detail/download_operation.hpp>
#include <tandem/http/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace tandem::http {

/// Downloads over http and https, sharing kept connections among all its downloads.
///
/// On any executor: a single-threaded `io_context`, a `thread_pool`, a strand. It has no thread of its own and no work
/// of its own: nothing runs while no download does.
///
/// Lifetime: the executor's context must outlive the client. The client may end before its downloads: they go on, and
/// the kept connections are closed after the last.
///
/// Copies share the connections and the limits.
///
/// Thread safety: distinct and shared objects are safe, but for construction, assignment and destruction.
template <class Executor = boost::asio::any_io_executor>
class basic_client
{
public:
    using executor_type = Executor;

    template <class Other>
    struct rebind_executor
    {
        using other = basic_client<Other>;
    };

    /// Throws `std::invalid_argument` where an option is out of its bounds, `boost::system::system_error` where
    /// `ca_file` cannot be loaded. The system's store is loaded at the first https URL.
    explicit basic_client(Executor executor, const client_options& options = {})
        : executor_(std::move(executor)), state_(detail::make_client_state(executor_, options))
    {
    }

    /// On the executor of `context`.
    template <class Context>
    requires std::derived_from<Context, boost::asio::execution_context> &&
        std::constructible_from<Executor, typename Context::executor_type>
    explicit basic_client(Context& context, const client_options& options = {})
        : basic_client(Executor(context.get_executor()), options)
    {
    }

    executor_type get_executor() const noexcept { return executor_; }

    /// Downloads `url` into the file `target`: complete under that name, or an error and nothing under that name.
    ///
    /// The body is streamed into `<target>.part`, in memory that does not grow with it, and renamed over `target` in
    /// one step once every byte that the response promised is there, and no more. On any failure the .part is removed,
    /// and a `target` from before is left as it was. A body without a promised length is complete when the server ends
    /// the connection: over TLS with its close notification, else it is an error. Writing blocks the calling thread of
    /// the executor for as long as the system takes a buffer of 64 KiB.
    ///
    /// Follows redirects, to http and https only, never from https to http. Only 2xx delivers a file (206 does not, as
    /// no part was asked for). An encoded body is refused: identity is asked for. A request on a kept connection that
    /// the server had closed before the first byte of its response is sent once more on a new one.
    ///
    /// Preconditions: the folder of `target` exists. What is not valid in a URL's path or query (spaces, non-ASCII) is
    /// percent-encoded first.
    ///
    /// Lifetimes: the arguments are copied. The client need not outlive the operation, the context must.
    ///
    /// Handler signature: `void(std::exception_ptr, download_report)`. The default token is the executor's, else
    /// `asio::deferred`.
    ///
    /// Executor: runs on a strand of the client's; completes through the handler's associated executor, else the
    /// client's, never within the initiating call.
    ///
    /// Per-operation cancellation: `total`, `partial` and `terminal` do the same, and may be emitted from any thread,
    /// though not at once with the completion: the connection is closed, the .part removed, and the operation completes
    /// with `asio::error::operation_aborted`. Once the file has its final name it completes as it would have.
    ///
    /// Errors: always a `download_error`, which names the URL and the cause. Out of memory is `std::bad_alloc`.
    ///
    /// Thread safety: may be called from any thread.
    template <
        boost::asio::completion_token_for<detail::download_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_download(std::string url, std::filesystem::path target, download_options options,
                        Token&& token = tandem::detail::default_token<Executor>()) const
    {
        return boost::asio::async_initiate<Token, detail::download_signature>(
            detail::initiate_download<Executor>{executor_, state_}, token, std::move(url), std::move(target), options);
    }

    /// The same with the default options.
    template <
        boost::asio::completion_token_for<detail::download_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_download(std::string url, std::filesystem::path target,
                        Token&& token = tandem::detail::default_token<Executor>()) const
    {
        return async_download(std::move(url), std::move(target), download_options{}, std::forward<Token>(token));
    }

private:
    Executor executor_;
    std::shared_ptr<detail::client_state> state_;
};

using client = basic_client<>;

} // namespace tandem::http

#endif
