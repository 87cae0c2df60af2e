#include "http/exchange.hpp"

#include "http/connect.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t buffer_size = 64 * 1024;
constexpr std::size_t skip_at_most = 64 * 1024;
constexpr int interim_at_most = 16;

bool is_protocol_error(const error_code& error)
{
    return error.category() == beast::http::make_error_code(beast::http::error::bad_version).category();
}

/// The connection ended where more had to come.
bool is_early_end(const error_code& error)
{
    return error == beast::http::error::end_of_stream || error == beast::http::error::partial_message ||
           error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe ||
           error == asio::ssl::error::stream_truncated;
}

failure header_failure(const error_code& error)
{
    if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
        return failure(errc::header_too_large);
    }
    if (is_early_end(error)) {
        return failure(errc::connection_closed);
    }
    if (is_protocol_error(error)) {
        return failure(errc::malformed_response, error.message());
    }
    return failure(error, "no answer");
}

failure body_failure(const error_code& error, unsigned status, std::uint64_t received,
                     boost::optional<std::uint64_t> promised)
{
    std::string so_far = std::to_string(received);
    if (promised) {
        so_far += " of " + std::to_string(*promised);
    }
    so_far += " bytes received";
    if (is_early_end(error)) {
        return failure(errc::truncated_body, so_far, status);
    }
    if (is_protocol_error(error)) {
        return failure(errc::malformed_response, so_far + ", " + error.message(), status);
    }
    return failure(error, so_far, status);
}

beast::http::request<beast::http::empty_body> make_request(const client_options& options, const location& what)
{
    beast::http::request<beast::http::empty_body> result(beast::http::verb::get, what.target, 11);
    result.set(beast::http::field::host, what.authority);
    if (!options.user_agent.empty()) {
        result.set(beast::http::field::user_agent, options.user_agent);
    }
    result.set(beast::http::field::accept, "*/*");
    result.set(beast::http::field::accept_encoding, "identity");
    return result;
}

/// One header, with the interim responses (100, 103, ...) before it passed over. `begun` once a byte of it came.
asio::awaitable<error_code> read_header(connection& from, const client_options& options, response& result, bool& begun)
{
    for (int i = 0; i < interim_at_most; ++i) {
        result.parser.emplace();
        result.parser->header_limit(options.max_header_size);
        result.parser->body_limit(boost::none);
        error_code error;
        co_await beast::http::async_read_header(from, from.buffer, *result.parser,
                                                asio::redirect_error(asio::use_awaitable, error));
        begun = begun || result.parser->got_some() || from.buffer.size() > 0;
        if (error || result.status() >= 200 || result.status() == 101) {
            co_return error;
        }
    }
    co_return error_code(beast::http::error::bad_status);
}

/// The body must be framed in a way that shows its end: one length, or chunked and nothing else on top.
void check_framing(const response& result)
{
    const std::string encoding = result.other_than("chunked", beast::http::field::transfer_encoding);
    if (!encoding.empty()) {
        throw failure(errc::unexpected_encoding, "Transfer-Encoding: " + encoding, result.status());
    }
    if (result.status() == 101) {
        throw failure(errc::malformed_response, "switching protocols, unasked", result.status());
    }
}

} // namespace

std::string response::other_than(std::string_view allowed, beast::http::field name) const
{
    const auto [begin, end] = parser->get().equal_range(name);
    for (auto i = begin; i != end; ++i) {
        if (!beast::iequals(i->value(), {allowed.data(), allowed.size()})) {
            return i->value().empty() ? "\"\"" : printable_url({i->value().data(), i->value().size()});
        }
    }
    return {};
}

asio::awaitable<void> request(connection_pool& pool, transfer& by, const client_options& options,
                              std::chrono::milliseconds idle_timeout, const location& what, response& result)
{
    connection_pool::lease from = co_await pool.acquire(by, what.from);
    const auto message = make_request(options, what);
    for (;;) {
        const bool reused = from->reused;
        if (!from->connected) {
            by.set_step_deadline(options.connect_timeout, errc::connect_timeout);
            co_await connect(*from, by, what.from);
        }
        from->buffer.max_size(options.max_header_size + buffer_size);
        from->buffer.reserve(std::min(buffer_size, from->buffer.max_size()));
        error_code error;
        bool begun = false;
        {
            connection* const to = &*from;
            transfer::interrupt_scope scope(by, [to] { to->close(); });
            by.set_step_deadline(idle_timeout, errc::idle_timeout);
            co_await beast::http::async_write(*to, message, asio::redirect_error(asio::use_awaitable, error));
            // The server may have answered and closed before it read all, so a failed write is not yet the answer.
            if (!error || is_early_end(error)) {
                error = co_await read_header(*to, options, result, begun);
            }
        }
        by.check();
        if (!error) {
            result.reused = reused;
            break;
        }
        if (!reused || begun) {
            throw header_failure(error);
        }
        from.replace();
    }
    by.clear_step_deadline();
    check_framing(result);
    result.from = std::move(from);
}

asio::awaitable<void> read_body(transfer& by, std::chrono::milliseconds idle_timeout, response& from,
                                const std::function<void(std::span<const char>)>& sink)
{
    auto& parser = *from.parser;
    connection* const stream = &*from.from;
    transfer::interrupt_scope scope(by, [stream] { stream->close(); });
    const boost::optional<std::uint64_t> promised = parser.content_length();
    std::vector<char> piece(
        static_cast<std::size_t>(std::min<std::uint64_t>(promised.value_or(buffer_size), buffer_size)));
    std::uint64_t received = 0;

    auto& body = parser.get().body();
    body.more = true;
    body.data = piece.data();
    body.size = piece.size();
    while (!parser.is_done()) {
        error_code error;
        by.set_step_deadline(idle_timeout, errc::idle_timeout);
        co_await beast::http::async_read_some(*stream, stream->buffer, parser,
                                              asio::redirect_error(asio::use_awaitable, error));
        by.check();
        if (error == beast::http::error::need_buffer) {
            error = {};
        }
        if (error || body.size == 0 || parser.is_done()) {
            const std::size_t filled = piece.size() - body.size;
            received += filled;
            if (error) {
                throw body_failure(error, from.status(), received, promised);
            }
            sink(std::span<const char>(piece.data(), filled));
            body.data = piece.data();
            body.size = piece.size();
        }
    }
    by.clear_step_deadline();
    if (stream->buffer.size() > 0) {
        throw failure(errc::body_too_long, std::to_string(received) + " bytes were promised", from.status());
    }
    if (parser.keep_alive()) {
        from.from.give_back();
    }
}

asio::awaitable<void> skip_body(transfer& by, response& from)
{
    if (!from.parser->keep_alive() || from.parser->content_length().value_or(0) > skip_at_most) {
        co_return;
    }
    std::size_t skipped = 0;
    const auto count = [&skipped](std::span<const char> bytes) {
        skipped += bytes.size();
        if (skipped > skip_at_most) {
            throw failure(errc::body_too_large);
        }
    };
    const std::function<void(std::span<const char>)> sink = count;
    try {
        co_await read_body(by, std::chrono::seconds(2), from, sink);
    } catch (const failure&) {
        // Its connection is closed, and that is all.
        by.forgive(errc::idle_timeout);
    }
    by.clear_step_deadline();
}

} // namespace tandem::http
