#ifndef TANDEM_SRC_HTTP_CONNECTION_RESOLVER_HPP
#define TANDEM_SRC_HTTP_CONNECTION_RESOLVER_HPP

#include "http/transfer.hpp"
#include "http/url.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace tandem::http {

/// The addresses of a host, in the system's order; at least one. Throws `failure`.
///
/// A look-up blocks a thread, so it gets one of eight that all clients of a context share, started by the first of
/// them: one that is slow holds up nobody, where Asio's own resolver does them one at a time. It cannot be interrupted:
/// when `by` is stopped it is left to end on its own, for which the context's destructor waits.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> resolve(transfer& by, const origin& at);

} // namespace tandem::http

#endif
