#ifndef TANDEM_SRC_HTTP_EXCHANGE_MESSAGE_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_MESSAGE_HPP

#include "http/client_state.hpp"
#include "http/connection/proxy_rules.hpp"
#include "http/exchange/question.hpp"

#include <string>

namespace tandem::http {

/// The header that asks `what`, of `via` where there is a proxy. What follows it is the body.
std::string request_text(const detail::client_state& client, const question& what, const proxy* via);

/// The bytes that ask the proxy `via` for a tunnel to `at`.
std::string connect_text(const client_options& options, const origin& at, const proxy& via);

} // namespace tandem::http

#endif
