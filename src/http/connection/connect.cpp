#include "http/connection/connect.hpp"

#include "http/connection/happy_eyeballs.hpp"
#include "http/connection/resolver.hpp"
#include "http/connection/socks.hpp"
#include "http/connection/tls.hpp"
#include "http/connection/tunnel.hpp"

#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

/// One connection on its way, within the deadline that is set. Each step throws `failure`.
class connecting
{
public:
    connecting(detail::client_state& client, connection& made, transfer& by) : client_(client), made_(made), by_(by) {}

    asio::awaitable<void> run(const origin& at, const proxy* via)
    {
        if (!via) {
            co_await open_socket(at);
        } else if (via->speaks == proxy::protocol::http) {
            co_await open_socket(via->at);
            if (via->at.secure) {
                co_await encrypt(via->at, via);
            }
            if (!via->answers_for(at)) {
                co_await open_tunnel(client_.options, made_, by_, at, *via);
            }
        } else {
            co_await pass_socks_to_any(at, *via);
        }
        if (at.secure) {
            co_await encrypt(at, nullptr);
        }
    }

private:
    asio::awaitable<void> open_socket(const origin& to)
    {
        const std::vector<tcp::endpoint> found = co_await resolve(by_, to);
        error_code error;
        made_.socket() = co_await connect_one(by_, made_.get_executor(), interleaved(found),
                                              client_.options.connection_attempt_delay, error);
        by_.check();
        if (error) {
            throw failure(error, "cannot connect to " + to.host + " port " + std::to_string(to.port));
        }
        made_.socket().set_option(tcp::no_delay(true), error);
        made_.socket().non_blocking(true, error);
    }

    asio::awaitable<void> pass_socks_to_any(const origin& at, const proxy& via)
    {
        std::vector<std::string> hosts;
        if (via.speaks == proxy::protocol::socks5) {
            const std::vector<tcp::endpoint> found = co_await resolve(by_, at);
            for (const tcp::endpoint& one : interleaved(found)) {
                hosts.push_back(one.address().to_string());
            }
        } else {
            hosts.push_back(at.host);
        }
        std::optional<failure> refused;
        for (const std::string& host : hosts) {
            co_await open_socket(via.at);
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
        expect_host(tls.native_handle(), with.host);
        error_code error;
        co_await tls.handshake(error);
        by_.check();
        if (!error) {
            co_return;
        }
        const std::string refused = verify_failure(tls.native_handle());
        if (!refused.empty()) {
            throw failure(errc::certificate_refused, proxied ? proxied->name() + ": " + refused : refused);
        }
        throw failure(error, "no TLS connection to " + (proxied ? proxied->name() : with.host + " port " +
                                                                                        std::to_string(with.port)));
    }

    detail::client_state& client_;
    connection& made_;
    transfer& by_;
};

} // namespace

asio::awaitable<void> connect(detail::client_state& client, connection& to, transfer& by, const origin& at,
                              const proxy* via)
{
    by.check();
    by.set_step_deadline(client.options.connect_timeout, errc::connect_timeout);
    transfer::interrupt_scope scope(by, [&to] { to.close(); });
    connecting steps(client, to, by);
    co_await steps.run(at, via);
    to.connected = true;
}

} // namespace tandem::http
