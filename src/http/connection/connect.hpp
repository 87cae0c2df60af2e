#ifndef TANDEM_SRC_HTTP_CONNECTION_CONNECT_HPP
#define TANDEM_SRC_HTTP_CONNECTION_CONNECT_HPP

#include "http/client_state.hpp"
#include "http/connection/connection.hpp"
#include "http/connection/proxy_rules.hpp"
#include "http/transfer.hpp"

#include <boost/asio/awaitable.hpp>

namespace tandem::http {

/// Resolves, connects and shakes hands, through `via` where there is one: to the proxy itself where it answers for `at`,
/// else by its tunnel. Within `client_options::connect_timeout`. Throws `failure`.
boost::asio::awaitable<void> connect(detail::client_state& client, connection& to, transfer& by, const origin& at,
                                     const proxy* via);

} // namespace tandem::http

#endif
