#ifndef TANDEM_HTTP_CLIENT_HPP
#define TANDEM_HTTP_CLIENT_HPP

#include <tandem/detail/asio_compat.hpp>
#include <tandem/http/detail/operation.hpp>
#include <tandem/http/request.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace tandem::http {

template <class Executor>
class basic_downloader;

/// Requests over http and https, sharing kept connections.
///
/// On any executor: a single-threaded `io_context`, a `thread_pool`, a strand. It has no work of its own: nothing runs
/// while no operation does. Threads of its own it has for name look-ups alone, which cannot be done without waiting, and
/// as long as they last.
///
/// Lifetime: the executor's context must outlive the client. The client may end before its operations: they go on, and
/// the kept connections are closed after the last.
///
/// Fork: around it, call the context's `notify_fork`, as Asio has it. The child takes over look-ups, but no kept
/// connections. An operation that is connected goes on in both processes, over one connection: cancel it in one of them.
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
    /// `ca_file` or `netrc_file` cannot be read, and what `configure_tls` throws. Without those two of TLS, the system's
    /// store is loaded at the first https URL.
    basic_client(Executor executor, const client_options& options)
        : executor_(std::move(executor)), state_(detail::make_client_state(executor_, options))
    {
    }

    /// The same with default options.
    explicit basic_client(Executor executor) : basic_client(std::move(executor), client_options()) {}

    /// On the executor of `context`, which may be a tandem::thread_pool.
    template <class Context>
        requires std::is_convertible_v<Context&, boost::asio::execution_context&> &&
                     std::constructible_from<Executor, typename Context::executor_type>
    basic_client(Context& context, const client_options& options)
        : basic_client(Executor(context.get_executor()), options)
    {
    }

    /// The same with default options.
    template <class Context>
        requires std::is_convertible_v<Context&, boost::asio::execution_context&> &&
                     std::constructible_from<Executor, typename Context::executor_type>
    explicit basic_client(Context& context) : basic_client(Executor(context.get_executor()))
    {
    }

    /// The same client, whose executor is of another type: it shares the connections and the limits. So that
    /// `asio::use_awaitable_t<>::as_default_on(client)` is one with that default token.
    template <class Other>
        requires(!std::same_as<Other, Executor> && std::convertible_to<const Other&, Executor>)
    basic_client(const basic_client<Other>& other) : executor_(other.executor_), state_(other.state_)
    {
    }

    executor_type get_executor() const noexcept { return executor_; }

    /// Sends a request and reads the whole answer, into memory where `request::sink` does not take it.
    ///
    /// Follows redirects, to http and https only, never from https to http; 303, and 301 and 302 of a POST, are
    /// followed by a GET. An answer of any status is a success: 404 is one. A request on a kept connection that the
    /// server had closed before the first byte of its answer is sent once more on a new one, where its method may be
    /// sent twice (GET, HEAD, PUT, DELETE, OPTIONS).
    ///
    /// With gcc 12 give the request a name: it destroys a braced one (`request{...}`) within a `co_await` expression twice.
    ///
    ///     request what;
    ///     what.url = "https://host/path";
    ///     const response answer = co_await client.async_request(what);
    ///
    /// Lifetimes: the arguments are copied. The client need not outlive the operation, the context must.
    ///
    /// Handler signature: `void(std::exception_ptr, response)`. The default token is the executor's, else
    /// `asio::deferred`.
    ///
    /// Executor: runs on a strand of the client's; completes through the handler's associated executor, else the
    /// client's, never within the initiating call.
    ///
    /// Per-operation cancellation (by a slot whose signal is emitted where the handler runs, or by cancellable() from
    /// anywhere): `total`, `partial` and `terminal` do the same. The connection is closed, and the operation completes
    /// with `asio::error::operation_aborted`. Whether the server saw the request is not known then.
    ///
    /// Errors: a `download_error`, which names the URL and the cause, or what a function of the request threw. Out of
    /// memory is `std::bad_alloc`.
    ///
    /// Thread safety: may be called from any thread.
    template <
        boost::asio::completion_token_for<detail::request_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_request(request what, Token&& token = tandem::detail::default_token<Executor>()) const
    {
        return boost::asio::async_initiate<Token, detail::request_signature>(
            detail::initiate<Executor, response, request>{executor_, state_}, token, std::move(what));
    }

    /// Asks for `url` by GET, with the defaults of `request`. All else as in async_request. There are no braces to write
    /// here; where options are wanted, see there for gcc 12.
    template <
        boost::asio::completion_token_for<detail::request_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_get(std::string url, Token&& token = tandem::detail::default_token<Executor>()) const
    {
        request what;
        what.url = std::move(url);
        return async_request(std::move(what), std::forward<Token>(token));
    }

    /// Asks for the header of `url` by HEAD, with the defaults of `request`. All else as in async_request.
    template <
        boost::asio::completion_token_for<detail::request_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_head(std::string url, Token&& token = tandem::detail::default_token<Executor>()) const
    {
        request what;
        what.url = std::move(url);
        what.method = "HEAD";
        return async_request(std::move(what), std::forward<Token>(token));
    }

    /// Sends `body`, which is of the media type `content_type`, to `url` by POST, with the defaults of `request`. All else
    /// as in async_request.
    template <
        boost::asio::completion_token_for<detail::request_signature> Token = tandem::detail::default_token_t<Executor>>
    auto async_post(std::string url, std::string body, std::string content_type,
                    Token&& token = tandem::detail::default_token<Executor>()) const
    {
        request what;
        what.url = std::move(url);
        what.method = "POST";
        what.body = std::move(body);
        what.options.headers.push_back({"Content-Type", std::move(content_type)});
        return async_request(std::move(what), std::forward<Token>(token));
    }

private:
    template <class Other>
    friend class basic_client;
    friend class basic_downloader<Executor>;

    Executor executor_;
    std::shared_ptr<detail::client_state> state_;
};

using client = basic_client<>;

} // namespace tandem::http

#endif
