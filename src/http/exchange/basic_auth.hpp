#ifndef TANDEM_SRC_HTTP_EXCHANGE_BASIC_AUTH_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_BASIC_AUTH_HPP

#include <tandem/http/options.hpp>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>

#include <string>
#include <string_view>

namespace tandem::http {

/// The value of an Authorization or Proxy-Authorization field: "Basic ..." (RFC 7617, in UTF-8 where the credentials
/// are).
std::string basic_authorization(const credentials& login);

/// Of a 401's WWW-Authenticate, or a 407's Proxy-Authenticate: that `who` takes no login by Basic, as what follows a
/// status; empty where it does, or does not say what it takes.
std::string describe_other_login(const boost::beast::http::fields& header, boost::beast::http::field name,
                                 std::string_view who);

} // namespace tandem::http

#endif
