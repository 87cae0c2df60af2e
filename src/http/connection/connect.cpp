#include "http/connection/connect.hpp"

#include "http/connection/happy_eyeballs.hpp"
#include "http/connection/open_socket.hpp"
#include "http/connection/resolver.hpp"
#include "http/connection/socks.hpp"
#include "http/connection/tls.hpp"
#include "http/connection/tunnel.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

/// Between two attempts at a local socket.
constexpr std::chrono::milliseconds first_pause(10);
constexpr std::chrono::milliseconds longest_pause(160);

/// As failures name it.
std::string name_of(const origin& server)
{
    return server.host + " port " + std::to_string(server.port);
}

/// What came first is no record of TLS: of any version, for OpenSSL.
bool speaks_no_tls(const error_code& error)
{
    const auto number = static_cast<unsigned long>(error.value());
    return error.category() == asio::error::get_ssl_category() &&
           (ERR_GET_REASON(number) == SSL_R_WRONG_VERSION_NUMBER || ERR_GET_REASON(number) == SSL_R_HTTP_REQUEST);
}

/// One connection on its way, within the deadline that is set. Each step throws `failure`.
class connecting
{
public:
    connecting(detail::client_state& client, connection& made, transfer& by) : client_(client), made_(made), by_(by) {}

    asio::awaitable<void> run(const origin& at, const proxy* via)
    {
        if (!client_.options.unix_socket.empty()) {
            co_await open_local_socket();
        } else if (!via) {
            co_await open_socket_to(at, name_of(at));
        } else if (via->speaks == proxy::protocol::http) {
            co_await open_socket_to(*via);
            if (via->at.secure) {
                co_await encrypt(via->at, via);
            }
            if (!via->answers_for(at)) {
                const stopwatch watch(by_.times.connect);
                co_await open_tunnel(client_.options, made_, by_, at, *via);
            }
        } else {
            co_await pass_socks_to_any(at, *via);
        }
        if (at.secure) {
            co_await encrypt(at, nullptr);
        }
    }

    /// Whether a handshake failed that was to resume a session, so that another one without may do.
    bool failed_to_resume() const { return failed_to_resume_; }
    void resume_none() { may_resume_ = failed_to_resume_ = false; }

private:
    asio::awaitable<std::vector<tcp::endpoint>> look_up(const origin& at)
    {
        const stopwatch watch(by_.times.look_up);
        co_return co_await resolve(by_, at, client_.options.resolver);
    }

    /// Each failure names the proxy.
    asio::awaitable<void> open_socket_to(const proxy& via)
    {
        std::optional<failure> cause;
        try {
            co_await open_socket_to(via.at, via.name());
        } catch (const failure& failed) {
            cause = failed;
        }
        if (!cause) {
            co_return;
        }
        throw cause->detail().find(via.name()) == std::string::npos
            ? failure(cause->code(), "no connection to " + via.name() +
                                         (cause->detail().empty() ? "" : ", " + cause->detail()))
            : *cause;
    }

    asio::awaitable<void> open_socket_to(const origin& at, const std::string& whom)
    {
        const client_options& options = client_.options;
        const std::vector<tcp::endpoint> found = co_await look_up(at);
        const stopwatch watch(by_.times.connect);
        error_code error;
        made_.socket() = co_await connect_one(by_, made_.get_executor(), interleaved(found), options.local_addresses,
                                              options.connection_attempt_delay, error);
        by_.check();
        if (error) {
            throw failure(error, "cannot connect to " + whom);
        }
        made_.socket().set_option(tcp::no_delay(true), error);
        made_.socket().non_blocking(true, error);
    }

    asio::awaitable<void> open_local_socket()
    {
        const std::string& path = client_.options.unix_socket.native();
        const stopwatch watch(by_.times.connect);
        const asio::generic::stream_protocol::endpoint to{asio::local::stream_protocol::endpoint(path)};
        error_code error;
        open_socket(made_.socket(), to.protocol(), error);
        if (!error) {
            made_.socket().non_blocking(true, error);
        }
        // Where the server's backlog is full, Linux says EAGAIN, and nothing tells when there is a place. Asio's
        // connect takes that for a connection on its way.
        for (auto pause = first_pause; !error; pause = std::min(2 * pause, longest_pause)) {
            if (::connect(made_.socket().native_handle(), to.data(), static_cast<socklen_t>(to.size())) == 0) {
                co_return;
            }
            if (errno != EAGAIN && errno != EINTR) {
                error.assign(errno, boost::system::system_category());
            } else {
                co_await by_.wait_until(transfer::clock::now() + pause);
            }
        }
        by_.check();
        throw failure(error, "cannot connect to " + path);
    }

    asio::awaitable<void> pass_socks_to_any(const origin& at, const proxy& via)
    {
        std::vector<std::string> hosts;
        if (via.speaks == proxy::protocol::socks5) {
            const std::vector<tcp::endpoint> found = co_await look_up(at);
            for (const tcp::endpoint& one : interleaved(found)) {
                hosts.push_back(one.address().to_string());
            }
        } else {
            hosts.push_back(at.host);
        }
        std::optional<failure> refused;
        for (const std::string& host : hosts) {
            co_await open_socket_to(via);
            const stopwatch watch(by_.times.connect);
            refused = co_await pass_socks(made_, by_, host, at.port, via);
            if (!refused) {
                co_return;
            }
            made_.close();
        }
        throw failure(*refused);
    }

    /// With the proxy, where `proxied` is given.
    asio::awaitable<void> encrypt(const origin& with, const proxy* proxied)
    {
        tls_stream& tls = made_.add_tls(client_.tls.context());
        const bool resumes = client_.tls.prepare(tls.native_handle(), with, proxied != nullptr, may_resume_);
        const stopwatch watch(by_.times.handshake);
        error_code error;
        co_await tls.handshake(error);
        by_.check();
        if (!error) {
            co_return;
        }
        failed_to_resume_ = resumes;
        const std::string refused = verify_failure(tls.native_handle());
        if (!refused.empty()) {
            throw failure(errc::certificate_refused, proxied ? proxied->name() + ": " + refused : refused);
        }
        const std::string whom = proxied ? proxied->name() : name_of(with);
        if (speaks_no_tls(error)) {
            throw failure(error, whom + " does not speak TLS; is it an http:// " + (proxied ? "proxy?" : "URL?"));
        }
        throw failure(error, "no TLS connection to " + whom);
    }

    detail::client_state& client_;
    connection& made_;
    transfer& by_;
    bool may_resume_ = true;
    bool failed_to_resume_ = false;
};

} // namespace

asio::awaitable<void> connect(detail::client_state& client, connection& to, transfer& by, const origin& at,
                              const proxy* via)
{
    by.check();
    by.set_step_deadline(client.options.connect_timeout, errc::connect_timeout);
    transfer::interrupt_scope scope(by, [&to] { to.close(); });
    connecting steps(client, to, by);
    try {
        co_await steps.run(at, via);
        to.connected = true;
    } catch (const failure&) {
        if (!steps.failed_to_resume()) {
            throw;
        }
    }
    if (!to.connected) {
        to.reset();
        steps.resume_none();
        co_await steps.run(at, via);
        to.connected = true;
    }
}

} // namespace tandem::http
