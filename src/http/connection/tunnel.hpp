#ifndef TANDEM_SRC_HTTP_CONNECTION_TUNNEL_HPP
#define TANDEM_SRC_HTTP_CONNECTION_TUNNEL_HPP

#include "http/connection/connection.hpp"
#include "http/connection/proxy_rules.hpp"
#include "http/transfer.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>

namespace tandem::http {

/// Over a connection to the proxy `via`: has it pass on all bytes to `at` from here on. Throws `failure`.
boost::asio::awaitable<void> open_tunnel(const client_options& options, connection& over, transfer& by,
                                         const origin& at, const proxy& via);

/// A proxy that did not do what it is for, named with its status.
failure proxy_failure(const proxy& via, const boost::beast::http::response_header<>& answer);

} // namespace tandem::http

#endif
