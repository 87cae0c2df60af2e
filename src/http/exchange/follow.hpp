#ifndef TANDEM_SRC_HTTP_EXCHANGE_FOLLOW_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_FOLLOW_HPP

#include "http/exchange/exchange.hpp"

#include <boost/asio/awaitable.hpp>

namespace tandem::http {

/// How far it came, also when it throws.
struct trail
{
    unsigned status = 0;    ///< of the last answer
    unsigned redirects = 0; ///< followed
};

/// Asks, and goes from redirect to redirect: the first answer that is none is in `result`. `what.at` is where it came
/// from, also when it throws. Throws `failure`.
boost::asio::awaitable<void> follow(detail::client_state& client, transfer& by, question& what, answer& result,
                                    trail& so_far);

} // namespace tandem::http

#endif
