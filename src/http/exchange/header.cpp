#include "http/exchange/header.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr int interim_at_most = 16;

} // namespace

bool is_protocol_error(const error_code& error)
{
    return error.category() == beast::http::make_error_code(beast::http::error::bad_version).category();
}

bool is_early_end(const error_code& error)
{
    return error == beast::http::error::end_of_stream || error == beast::http::error::partial_message ||
           error == asio::error::eof || error == asio::error::connection_reset || error == asio::error::broken_pipe ||
           error == asio::ssl::error::stream_truncated;
}

failure header_failure(const error_code& error)
{
    if (error == beast::http::error::header_limit) {
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

asio::awaitable<error_code> read_header(connection& from, std::uint32_t max_size, bool no_body,
                                        std::optional<response_parser>& parser, bool& begun)
{
    auto& buffer = from.buffer;
    parser.reset();
    for (int interim = 0; interim < interim_at_most;) {
        if (!parser || parser->is_header_done()) {
            parser.emplace();
            parser->header_limit(max_size);
            parser->body_limit(boost::none);
            parser->skip(no_body);
        }
        error_code error = beast::http::error::need_more;
        if (buffer.size() > 0) {
            begun = true;
            buffer.consume(parser->put(buffer.data(), error));
        }
        if (error == beast::http::error::need_more) {
            // The parser's limit ends a header that never does, so the buffer grows no further than that.
            const std::size_t size = co_await from.read_some(buffer.prepare(read_size), error);
            buffer.commit(size);
            if (error) {
                co_return error;
            }
        } else if (error) {
            co_return error;
        } else if (parser->is_header_done()) {
            const unsigned status = parser->get().result_int();
            if (status >= 200 || status == 101) {
                co_return error;
            }
            ++interim;
        }
    }
    co_return error_code(beast::http::error::bad_status);
}

} // namespace tandem::http
