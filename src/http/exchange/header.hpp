#ifndef TANDEM_SRC_HTTP_EXCHANGE_HEADER_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_HEADER_HPP

#include "http/connection/connection.hpp"
#include "http/exchange/sink_body.hpp"
#include "http/failure.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::http {

using response_parser = boost::beast::http::response_parser<sink_body>;

/// Finds the header of a final response in what comes over a connection. The interim ones (100, 102, 103, ...) before
/// it are passed over. 101 counts as final. All of them together have at most `max_size` bytes.
class header_reader
{
public:
    /// The header is in `parser` in the end. All must outlive it.
    header_reader(connection& from, std::uint32_t max_size, bool no_body, std::optional<response_parser>& parser);

    /// Parses what the connection's buffer holds, and leaves in it what follows the header. True once that is there.
    bool parse(boost::system::error_code& error);

    /// The same with what has come, without waiting.
    bool read_now(boost::system::error_code& error);

    /// Reads until it is there. `before_read` is called before each read that may have to wait.
    boost::asio::awaitable<void> read(boost::system::error_code& error, const std::function<void()>& before_read);

    /// A byte of an answer came, and when.
    bool begun() const noexcept { return begun_at_.has_value(); }
    std::optional<std::chrono::steady_clock::time_point> begun_at() const noexcept { return begun_at_; }

    /// Bytes that were read here.
    std::uint64_t received() const noexcept { return received_; }

    /// The server wants the request's body (100).
    bool wants_body() const noexcept { return wants_body_; }

    /// The status of the last interim answer; 0 where none came.
    unsigned interim() const noexcept { return interim_; }

private:
    void restart();
    boost::system::error_code parse_one(std::string_view bytes);
    boost::system::error_code check_unfinished(std::string_view bytes);
    boost::system::error_code parse_repaired(std::string_view bytes, const boost::system::error_code& error);

    connection& from_;
    const std::uint32_t max_size_;
    const bool no_body_;
    std::optional<response_parser>& parser_;
    unsigned interim_ = 0;
    std::size_t passed_ = 0; ///< bytes of interim answers
    std::size_t taken_ = 0;  ///< of the connection's buffer, by the parser
    std::size_t checked_ = 0; ///< of the same, for the ends of its lines
    bool repairing_ = false;
    std::uint64_t received_ = 0;
    std::optional<std::chrono::steady_clock::time_point> begun_at_{};
    bool wants_body_ = false;
};

/// The connection ended where more had to come.
bool is_early_end(const boost::system::error_code& error);

/// Whether a line of `text` ends in LF alone: then no more will make HTTP of it.
bool has_bare_line_end(std::string_view text);

/// Of what is_protocol_error() is true for.
std::string describe_protocol_error(const boost::system::error_code& error);

/// What came is not HTTP.
bool is_protocol_error(const boost::system::error_code& error);

/// What came does not even begin as HTTP does.
bool is_no_answer(const boost::system::error_code& error);

/// What an error of a header_reader means.
failure header_failure(const boost::system::error_code& error);

} // namespace tandem::http

#endif
