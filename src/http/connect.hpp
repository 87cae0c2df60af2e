#ifndef TANDEM_SRC_HTTP_CONNECT_HPP
#define TANDEM_SRC_HTTP_CONNECT_HPP

#include "http/connection.hpp"
#include "http/transfer.hpp"

#include <boost/asio/awaitable.hpp>

namespace tandem::http {

/// Resolves, connects and shakes hands, within the step deadline that the caller set. Throws `failure`.
boost::asio::awaitable<void> connect(connection& to, transfer& by, const origin& at);

} // namespace tandem::http

#endif
