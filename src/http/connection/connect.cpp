#include "http/connection/connect.hpp"

#include "http/connection/happy_eyeballs.hpp"
#include "http/connection/resolver.hpp"
#include "http/connection/tls.hpp"
#include "http/connection/tunnel.hpp"

#include <string>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

asio::awaitable<void> connect_socket(const client_options& options, connection& to, transfer& by, const origin& at)
{
    std::vector<tcp::endpoint> found;
    {
        const stopwatch watch(by.times.look_up);
        found = co_await resolve(by, at);
    }
    const stopwatch watch(by.times.connect);
    error_code error;
    to.socket() =
        co_await connect_one(by, to.get_executor(), interleaved(found), options.connection_attempt_delay, error);
    by.check();
    if (error) {
        throw failure(error, "cannot connect to " + at.host + " port " + std::to_string(at.port));
    }
    to.socket().set_option(tcp::no_delay(true), error);
    to.socket().non_blocking(true, error);
}

asio::awaitable<void> shake_hands(connection& to, transfer& by, const origin& at)
{
    expect_host(to.tls()->native_handle(), at.host);
    const stopwatch watch(by.times.handshake);
    error_code error;
    co_await to.tls()->handshake(error);
    by.check();
    if (error) {
        const std::string refused = verify_failure(to.tls()->native_handle());
        if (!refused.empty()) {
            throw failure(errc::certificate_refused, refused);
        }
        throw failure(error, "no TLS connection to " + at.host + " port " + std::to_string(at.port));
    }
    to.encrypted = true;
}

} // namespace

asio::awaitable<void> connect(detail::client_state& client, connection& to, transfer& by, const origin& at,
                              const proxy* via)
{
    by.check();
    by.set_step_deadline(client.options.connect_timeout, errc::connect_timeout);
    co_await connect_socket(client.options, to, by, via ? via->at : at);
    {
        transfer::interrupt_scope scope(by, [&to] { to.close(); });
        if (to.tls()) {
            if (via) {
                const stopwatch watch(by.times.connect);
                co_await open_tunnel(client.options, to, by, at, *via);
            }
            co_await shake_hands(to, by, at);
        }
    }
    to.connected = true;
}

} // namespace tandem::http
