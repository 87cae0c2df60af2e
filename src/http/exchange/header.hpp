#ifndef TANDEM_SRC_HTTP_EXCHANGE_HEADER_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_HEADER_HPP

#include "http/connection/connection.hpp"
#include "http/exchange/sink_body.hpp"
#include "http/failure.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <optional>

namespace tandem::http {

using response_parser = boost::beast::http::response_parser<sink_body>;

/// Reads the header of a final response; the interim ones (100, 102, 103, ...) before it are passed over. 101 counts as
/// final. `begun` once a byte of an answer came. What follows the header is left in the connection's buffer.
boost::asio::awaitable<boost::system::error_code> read_header(connection& from, std::uint32_t max_size, bool no_body,
                                                              std::optional<response_parser>& parser, bool& begun);

/// The connection ended where more had to come.
bool is_early_end(const boost::system::error_code& error);

/// What came is not HTTP.
bool is_protocol_error(const boost::system::error_code& error);

/// What an error of `read_header` means.
failure header_failure(const boost::system::error_code& error);

} // namespace tandem::http

#endif
