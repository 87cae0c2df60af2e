#ifndef TANDEM_SRC_HTTP_EXCHANGE_BASIC_AUTH_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_BASIC_AUTH_HPP

#include <tandem/http/options.hpp>

#include <string>

namespace tandem::http {

/// The value of an Authorization or Proxy-Authorization field: "Basic ..." (RFC 7617, in UTF-8 where the credentials
/// are).
std::string basic_authorization(const credentials& login);

} // namespace tandem::http

#endif
