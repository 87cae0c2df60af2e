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

header_reader::header_reader(connection& from, std::uint32_t max_size, bool no_body,
                             std::optional<response_parser>& parser)
    : from_(from), max_size_(max_size), no_body_(no_body), parser_(parser)
{
    parser_.reset();
}

bool header_reader::parse(error_code& error)
{
    for (;;) {
        if (!parser_ || parser_->is_header_done()) {
            parser_.emplace();
            parser_->header_limit(max_size_);
            parser_->body_limit(boost::none);
            parser_->skip(no_body_);
        }
        error = {};
        if (from_.buffer.size() == 0) {
            return false;
        }
        if (!begun_at_) {
            begun_at_ = std::chrono::steady_clock::now();
        }
        from_.buffer.consume(parser_->put(from_.buffer.data(), error));
        if (error == beast::http::error::need_more) {
            error = {};
            return false;
        }
        if (error) {
            return false;
        }
        if (!parser_->is_header_done()) {
            continue;
        }
        const unsigned status = parser_->get().result_int();
        if (status >= 200 || status == 101) {
            return true;
        }
        wants_body_ = wants_body_ || status == 100;
        if (++interim_ == interim_at_most) {
            error = beast::http::error::bad_status;
            return false;
        }
    }
}

bool header_reader::read_now(error_code& error)
{
    while (!parse(error)) {
        if (error) {
            return false;
        }
        // The parser's limit ends a header that never does, so the buffer grows no further than that.
        const std::size_t size = from_.read_now(from_.buffer.prepare(read_size), 1, error);
        from_.buffer.commit(size);
        received_ += size;
        if (error) {
            return false;
        }
    }
    return true;
}

asio::awaitable<void> header_reader::read(error_code& error, const std::function<void()>& before_read)
{
    while (!parse(error) && !error) {
        before_read();
        const std::size_t size = co_await from_.read_some(from_.buffer.prepare(read_size), error);
        from_.buffer.commit(size);
        received_ += size;
        if (error) {
            co_return;
        }
    }
}

} // namespace tandem::http
