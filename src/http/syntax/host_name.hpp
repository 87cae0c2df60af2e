// The name of a host as the DNS and the servers know it.
#ifndef TANDEM_SRC_HTTP_SYNTAX_HOST_NAME_HPP
#define TANDEM_SRC_HTTP_SYNTAX_HOST_NAME_HPP

#include <string>
#include <string_view>

namespace tandem::http {

/// Of a name in UTF-8, its form in ASCII (IDNA 2008 after UTS 46, where that refuses it in its transitional form, as curl
/// does). Throws `failure`.
std::string ascii_host_name(std::string_view name);

/// "host.", a name that no search domain is appended to, is "host" in certificates.
std::string_view without_end_dot(std::string_view name);

} // namespace tandem::http

#endif
