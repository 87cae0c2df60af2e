#include "http/connection/resolver.hpp"

#include "http/connection/lookups.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace tandem::http {
namespace {

std::vector<tcp::endpoint> with_port(const std::vector<asio::ip::address>& addresses, std::uint16_t port)
{
    std::vector<tcp::endpoint> result;
    for (const asio::ip::address& one : addresses) {
        result.emplace_back(one, port);
    }
    return result;
}

/// Asio makes 0 of the name of an interface that there is not.
bool names_interface(const asio::ip::address& address)
{
    return !address.is_v6() || !address.to_v6().is_link_local() || address.to_v6().scope_id() != 0;
}

} // namespace

asio::awaitable<std::vector<tcp::endpoint>> resolve(transfer& by, const origin& at, const host_resolver& own)
{
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(at.host, not_an_address);
    if (!not_an_address) {
        if (const std::size_t zone = at.host.find('%'); zone != at.host.npos && !names_interface(address)) {
            throw failure(errc::invalid_url, "there is no network interface \"" + at.host.substr(zone + 1) + '"');
        }
        co_return std::vector<tcp::endpoint>(1, tcp::endpoint(address, at.port));
    }
    const std::shared_ptr<lookups> all = lookups::get(asio::query(by.get_executor(), asio::execution::context));
    const auto one = std::make_shared<lookup>(at.host);
    const auto wake = std::make_shared<asio::steady_timer>(by.get_executor(), asio::steady_timer::time_point::max());
    // Left behind in any way, a coroutine destroyed with its context included, nobody wants it any more.
    struct abandonment
    {
        lookups& all;
        lookup& one;
        ~abandonment() { all.abandon(one); }
    } at_end{*all, *one};
    // Posted to this strand, so it cannot come before the wait has begun.
    auto done = [executor = by.get_executor(), wake] { asio::post(executor, [wake] { wake->cancel(); }); };
    if (own) {
        all->expect(one, std::move(done));
        try {
            own(at.host, [all, one](const error_code& error, std::vector<asio::ip::address> addresses) {
                all->finish(*one, error, std::move(addresses));
            });
        } catch (...) {
            throw current_as_failure(asio::error::host_not_found, "cannot find the host " + at.host);
        }
    } else {
        all->start(one, std::move(done));
    }
    {
        transfer::interrupt_scope scope(by, [&wake] { wake->cancel(); });
        error_code cancelled;
        co_await wake->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    by.check();
    if (one->no_thread) {
        throw failure(one->error, "cannot look up the host " + at.host + ": no thread can be started for it");
    }
    if (one->error || one->addresses.empty()) {
        throw failure(one->error ? one->error : error_code(asio::error::host_not_found),
                      "cannot find the host " + at.host);
    }
    co_return with_port(one->addresses, at.port);
}

} // namespace tandem::http
