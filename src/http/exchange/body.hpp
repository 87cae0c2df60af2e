#ifndef TANDEM_SRC_HTTP_EXCHANGE_BODY_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_BODY_HPP

#include "http/exchange/exchange.hpp"
#include "http/exchange/sink.hpp"

#include <boost/asio/awaitable.hpp>

namespace tandem::http {

/// Throws `failure` where the header shows already that the body is not wanted: its encoding, its size. For who
/// wants to know before a file is opened; `read_body` looks itself.
void check_body(const transfer_options& options, const answer& from);

/// Reads the whole body in pieces, decoded, gives the connection back if it may be used again. `from.received` counts.
/// What `to` throws goes through. Throws `failure` unless every byte promised came, and none else. Within the client's
/// rate and the options' limits. Where there is `emptied` it is awaited after each piece.
boost::asio::awaitable<void> read_body(detail::client_state& client, transfer& by, const transfer_options& options,
                                       answer& from, const sink& to, const drain& emptied = no_drain);

/// Reads past a body that nobody wants, if it is short, so that its connection can be used again. Throws nothing; what
/// stopped `by` meanwhile, its next check says.
boost::asio::awaitable<void> skip_body(detail::client_state& client, transfer& by, answer& from);

} // namespace tandem::http

#endif
