#ifndef TANDEM_SRC_HTTP_CONNECTION_RESOLVER_HPP
#define TANDEM_SRC_HTTP_CONNECTION_RESOLVER_HPP

#include "http/transfer.hpp"
#include "http/url.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace tandem::http {

/// The addresses of a host, in the system's order; at least one. Throws `failure`.
///
/// By `own` where it is one, else by the system. What `own` throws is a `failure` too, but for `std::bad_alloc`. When
/// `by` is stopped, the look-up is left to itself; see `lookups`.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> resolve(transfer& by, const origin& at,
                                                                            const host_resolver& own);

} // namespace tandem::http

#endif
