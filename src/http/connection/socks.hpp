// SOCKS 5 (RFC 1928) from the client's side.
#ifndef TANDEM_SRC_HTTP_CONNECTION_SOCKS_HPP
#define TANDEM_SRC_HTTP_CONNECTION_SOCKS_HPP

#include "http/connection/connection.hpp"
#include "http/connection/proxy_rules.hpp"
#include "http/failure.hpp"
#include "http/transfer.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace tandem::http {

/// Over a new connection to the proxy `via`: has it connect to `host`, a name or an address, and pass on all bytes from
/// then on. What it says of that host is returned, nothing where it is connected; all else is thrown.
boost::asio::awaitable<std::optional<failure>> pass_socks(connection& over, transfer& by, const std::string& host,
                                                          std::uint16_t port, const proxy& via);

} // namespace tandem::http

#endif
