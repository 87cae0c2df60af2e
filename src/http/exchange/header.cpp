#include "http/exchange/header.hpp"

#include "http/syntax/content_coding.hpp"
#include "http/syntax/lower_case.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view header_end = "\r\n\r\n";
constexpr std::size_t bare_status_line = std::string_view("HTTP/1.1 200").size();

/// "Transfer-Encoding: identity", which RFC 2616 had, and which says nothing.
bool is_identity(std::string_view line)
{
    const std::size_t colon = line.find(':');
    return colon != line.npos && lower_case(line.substr(0, colon)) == "transfer-encoding" &&
           listed_codings(line.substr(colon + 1)).empty();
}

/// Whether what Beast refuses can be read: a status line that ends with its code, without the blank that RFC 9112 has
/// after it also where there is no reason; a Transfer-Encoding that is none, beside another field that frames the body.
bool may_be_readable(const error_code& error, std::string_view begin)
{
    return (error == beast::http::error::bad_status && begin.size() > bare_status_line &&
            begin[bare_status_line] == '\r') ||
           error == beast::http::error::bad_transfer_encoding;
}

/// The same header, which is whole, as Beast reads it.
std::string readable(std::string_view header)
{
    std::string result;
    const std::size_t first_end = header.find(line_end);
    result = header.substr(0, first_end);
    result += first_end == bare_status_line ? " " : "";
    result += line_end;
    header.remove_prefix(first_end + line_end.size());
    while (!header.empty()) {
        const std::size_t size = header.find(line_end) + line_end.size();
        const std::string_view next = header.substr(size, 1);
        const bool folded = next == " " || next == "\t";
        if (folded || !is_identity(header.substr(0, size - line_end.size()))) {
            result += header.substr(0, size);
        }
        header.remove_prefix(size);
    }
    return result;
}

} // namespace

bool has_bare_line_end(std::string_view text)
{
    for (std::size_t i = text.find('\n'); i != text.npos; i = text.find('\n', i + 1)) {
        if (i == 0 || text[i - 1] != '\r') {
            return true;
        }
    }
    return false;
}

std::string describe_protocol_error(const error_code& error)
{
    using beast_error = beast::http::error;
    struct words
    {
        beast_error code;
        const char* text;
    };
    static constexpr words all[] = {
        {beast_error::bad_line_ending, "lines do not end in CR LF"},
        {beast_error::bad_version, "there is no HTTP header"},
        {beast_error::bad_status, "its status is none"},
        {beast_error::bad_reason, "its status line holds what it must not"},
        {beast_error::bad_field, "the name of a field in its header is none"},
        {beast_error::bad_value, "a field's value in its header is none"},
        {beast_error::bad_obs_fold, "a field's value in its header is none"},
        {beast_error::bad_content_length, "its Content-Length is no number, or another field contradicts it"},
        {beast_error::multiple_content_length, "its Content-Length is no number, or another field contradicts it"},
        {beast_error::bad_transfer_encoding,
         "its Transfer-Encoding contradicts another field: both a length and chunks, or chunks twice"},
        {beast_error::bad_chunk, "a chunk's size is none"},
        {beast_error::bad_chunk_extension, "a chunk's extension is none"},
    };
    const auto found = std::find_if(std::begin(all), std::end(all), [&](const words& one) { return error == one.code; });
    return found != std::end(all) ? found->text : error.message();
}

bool is_protocol_error(const error_code& error)
{
    return error.category() == beast::http::make_error_code(beast::http::error::bad_version).category();
}

bool is_no_answer(const error_code& error)
{
    return error == beast::http::error::bad_version || error == beast::http::error::bad_status;
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
        return failure(errc::malformed_response, describe_protocol_error(error));
    }
    return failure(error, "no answer");
}

header_reader::header_reader(connection& from, std::uint32_t max_size, bool no_body,
                             std::optional<response_parser>& parser)
    : from_(from), max_size_(max_size), no_body_(no_body), parser_(parser)
{
    restart();
}

void header_reader::restart()
{
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(max_size_ - passed_));
    parser_->body_limit(boost::none);
    parser_->skip(no_body_);
    taken_ = checked_ = 0;
    repairing_ = false;
}

/// `need_more` where `bytes` are not a whole header.
error_code header_reader::parse_one(std::string_view bytes)
{
    error_code error = beast::http::error::need_more;
    if (!repairing_) {
        taken_ += parser_->put(asio::buffer(bytes.data() + taken_, bytes.size() - taken_), error);
        repairing_ = may_be_readable(error, bytes);
    }
    if (repairing_) {
        error = parse_repaired(bytes, error);
    }
    if (error == beast::http::error::need_more) {
        error = check_unfinished(bytes);
    } else if (is_protocol_error(error) && !is_no_answer(error) &&
               has_bare_line_end(bytes.substr(0, bytes.find(header_end)))) {
        error = beast::http::error::bad_line_ending; // which Beast finds in what the line before it goes on with
    }
    const std::size_t used = error == beast::http::error::need_more ? bytes.size() : taken_;
    if ((!error || error == beast::http::error::need_more) && passed_ + used > max_size_) {
        return beast::http::error::header_limit;
    }
    return error;
}

/// Where the server waits for a request, no more comes.
error_code header_reader::check_unfinished(std::string_view bytes)
{
    constexpr std::string_view protocol = "HTTP/";
    if (!bytes.starts_with(protocol.substr(0, bytes.size()))) {
        return beast::http::error::bad_version;
    }
    if (has_bare_line_end(bytes.substr(checked_))) {
        return beast::http::error::bad_line_ending;
    }
    checked_ = bytes.size() - (bytes.ends_with('\r') ? 1 : 0); // its LF is to come
    return beast::http::error::need_more;
}

/// Once it is whole.
error_code header_reader::parse_repaired(std::string_view bytes, const error_code& error)
{
    const std::size_t end = bytes.find(header_end);
    if (end == bytes.npos) {
        return beast::http::error::need_more;
    }
    restart();
    repairing_ = true;
    taken_ = end + header_end.size();
    const std::string text = readable(bytes.substr(0, taken_));
    error_code again;
    parser_->put(asio::buffer(text), again);
    return again == beast::http::error::need_more ? error : again;
}

bool header_reader::parse(error_code& error)
{
    for (;;) {
        error = {};
        const auto held = from_.buffer.cdata();
        const std::string_view bytes(static_cast<const char*>(held.data()), held.size());
        if (bytes.size() == taken_) {
            return false;
        }
        if (!begun_at_) {
            begun_at_ = std::chrono::steady_clock::now();
        }
        error = parse_one(bytes);
        if (error == beast::http::error::need_more) {
            error = {};
            return false;
        }
        if (error) {
            return false;
        }
        const unsigned status = parser_->get().result_int();
        if (status < 100) {
            error = beast::http::error::bad_status; // RFC 9112, section 4: none has less
            return false;
        }
        from_.buffer.consume(taken_);
        if (status >= 200 || status == 101) {
            return true;
        }
        wants_body_ = wants_body_ || status == 100;
        interim_ = status;
        passed_ += taken_; // what it took is not left for the others
        restart();
    }
}

bool header_reader::read_now(error_code& error)
{
    while (!parse(error)) {
        if (error) {
            return false;
        }
        // A header that never ends is one that is too large, so the buffer grows no further than that.
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
