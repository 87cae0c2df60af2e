#include "http/connect.hpp"

#include "http/tls.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

struct lookup
{
    explicit lookup(const transfer::executor_type& executor) : resolver(executor), done(executor) {}

    tcp::resolver resolver;
    asio::steady_timer done;
    error_code error = asio::error::operation_aborted;
    std::vector<tcp::endpoint> endpoints{};
};

/// A name look-up cannot be interrupted, so nobody waits for it: who stops leaves it to end on its own.
asio::awaitable<std::vector<tcp::endpoint>> resolve(transfer& by, const origin& at)
{
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(at.host, not_an_address);
    if (!not_an_address) {
        co_return std::vector<tcp::endpoint>{tcp::endpoint(address, at.port)};
    }
    auto state = std::make_shared<lookup>(by.get_executor());
    state->done.expires_at(asio::steady_timer::time_point::max());
    const auto interrupt = [state] {
        state->resolver.cancel();
        state->done.cancel();
    };
    transfer::interrupt_scope scope(by, interrupt);
    state->resolver.async_resolve(
        at.host, std::to_string(at.port), tcp::resolver::numeric_service,
        asio::bind_executor(by.get_executor(), [state](error_code error, const tcp::resolver::results_type& results) {
            state->error = error;
            state->endpoints.assign(results.begin(), results.end());
            state->done.cancel();
        }));
    error_code cancelled;
    co_await state->done.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    by.check();
    if (state->error) {
        throw failure(state->error, "cannot find the host " + at.host);
    }
    co_return std::move(state->endpoints);
}

asio::awaitable<void> shake_hands(connection& to, transfer& by, const origin& at)
{
    expect_host(to.tls()->native_handle(), at.host);
    error_code error;
    co_await to.tls()->async_handshake(asio::ssl::stream_base::client,
                                       asio::redirect_error(asio::use_awaitable, error));
    by.check();
    if (error) {
        const std::string refused = verify_failure(to.tls()->native_handle());
        if (!refused.empty()) {
            throw failure(errc::certificate_refused, refused);
        }
        throw failure(error, "no TLS connection to " + at.host + " port " + std::to_string(at.port));
    }
}

} // namespace

asio::awaitable<void> connect(connection& to, transfer& by, const origin& at)
{
    by.check();
    const std::vector<tcp::endpoint> endpoints = co_await resolve(by, at);
    {
        transfer::interrupt_scope scope(by, [&to] { to.close(); });
        error_code error;
        co_await asio::async_connect(to.socket(), endpoints, asio::redirect_error(asio::use_awaitable, error));
        by.check();
        if (error) {
            throw failure(error, "cannot connect to " + at.host + " port " + std::to_string(at.port));
        }
        to.socket().set_option(tcp::no_delay(true), error);
        if (to.tls()) {
            co_await shake_hands(to, by, at);
        }
    }
    to.connected = true;
}

} // namespace tandem::http
