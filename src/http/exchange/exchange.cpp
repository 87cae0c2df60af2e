#include "http/exchange/exchange.hpp"

#include "http/connection/connect.hpp"
#include "http/connection/tunnel.hpp"
#include "http/exchange/message.hpp"

#include <boost/beast/core/string.hpp>

#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t written_at_once = 64 * 1024;

/// The body must be framed in a way that shows its end: one length, or chunked and nothing else on top.
void check_framing(const answer& result)
{
    const std::string encoding = result.other_than("chunked", beast::http::field::transfer_encoding);
    if (!encoding.empty()) {
        throw failure(errc::unexpected_encoding, "Transfer-Encoding: " + encoding, result.status());
    }
    if (result.status() == 101) {
        throw failure(errc::malformed_response, "switching protocols, unasked", result.status());
    }
}

/// Connections to a proxy serve all plain origins.
route route_to(const origin& at, const proxy* via)
{
    if (!via) {
        return {at, std::nullopt};
    }
    return at.secure ? route{at, via->at} : route{via->at, std::nullopt};
}

/// Who waits in line for a connection is not at work yet.
asio::awaitable<connection_pool::lease> acquire(detail::client_state& client, transfer& by, route at)
{
    const transfer::total_pause waiting(by);
    co_return co_await client.pool->acquire(by, std::move(at));
}

/// One request over the connection as it is. `begun` once a byte of an answer came.
asio::awaitable<error_code> send_and_read(detail::client_state& client, transfer& by, const question& what,
                                          const std::string& text, connection& over, answer& result, bool& begun)
{
    transfer::interrupt_scope scope(by, [&over] { over.close(); });
    error_code error;
    // In pieces, so that a long body may take longer than the deadline of each.
    for (std::string_view left = text; !left.empty() && !error;) {
        by.set_step_deadline(what.options->idle_timeout, errc::idle_timeout);
        const std::string_view piece = left.substr(0, written_at_once);
        co_await over.write(piece, error);
        left.remove_prefix(piece.size());
    }
    by.set_step_deadline(what.options->idle_timeout, errc::idle_timeout);
    // The server may have answered and closed before it read all, so a failed write is not yet the answer.
    if (!error || is_early_end(error)) {
        error = co_await read_header(over, client.options.max_header_size, what.method == "HEAD", result.parser, begun);
    }
    co_return error;
}

} // namespace

std::string answer::reason() const
{
    return printable_url(std::string(parser->get().reason()));
}

std::optional<std::string_view> answer::field(beast::http::field name) const
{
    const auto& header = parser->get();
    const auto found = header.find(name);
    if (found == header.end()) {
        return std::nullopt;
    }
    return std::string_view(found->value().data(), found->value().size());
}

std::string answer::other_than(std::string_view allowed, beast::http::field name) const
{
    const auto [begin, end] = parser->get().equal_range(name);
    for (auto i = begin; i != end; ++i) {
        if (!beast::iequals(i->value(), {allowed.data(), allowed.size()})) {
            return i->value().empty() ? "\"\"" : printable_url({i->value().data(), i->value().size()});
        }
    }
    return {};
}

std::optional<std::uint64_t> answer::content_length() const
{
    const boost::optional<std::uint64_t> length = parser->content_length();
    return length ? std::optional(*length) : std::nullopt;
}

bool answer::encoded() const
{
    const std::optional<std::string_view> coding = field(beast::http::field::content_encoding);
    return coding && (beast::iequals({coding->data(), coding->size()}, "gzip") ||
                      beast::iequals({coding->data(), coding->size()}, "x-gzip"));
}

asio::awaitable<void> ask(detail::client_state& client, transfer& by, const question& what, answer& result)
{
    const proxy* const via = client.proxies.choose(what.at.from);
    const std::string text = request_text(client, what, via);
    connection_pool::lease from = co_await acquire(client, by, route_to(what.at.from, via));
    for (;;) {
        const bool reused = from->reused;
        if (!from->connected) {
            co_await connect(client, *from, by, what.at.from, via);
        }
        bool begun = false;
        const error_code error = co_await send_and_read(client, by, what, text, *from, result, begun);
        by.check();
        if (!error) {
            result.reused = reused;
            break;
        }
        // A server may close a kept connection at any time, also as a request is on its way.
        if (!reused || begun || !is_early_end(error) || !what.idempotent()) {
            throw header_failure(error);
        }
        from.replace();
    }
    by.clear_step_deadline();
    check_framing(result);
    if (via && !what.at.from.secure && result.status() == 407) {
        throw proxy_failure(*via, 407, result.reason());
    }
    result.received = 0;
    result.from = std::move(from);
}

} // namespace tandem::http
