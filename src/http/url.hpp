#ifndef TANDEM_SRC_HTTP_URL_HPP
#define TANDEM_SRC_HTTP_URL_HPP

#include <cstdint>
#include <string>
#include <string_view>

namespace tandem::http {

/// What connections may be shared for.
struct origin
{
    bool secure = false;
    std::string host{}; ///< lower case, an IPv6 address without brackets
    std::uint16_t port = 0;

    auto operator<=>(const origin&) const = default;
};

/// A URL taken apart as a request needs it.
struct location
{
    std::string text{}; ///< the whole, without fragment
    origin from{};
    std::string authority{}; ///< the Host field
    std::string target{};    ///< path and query, never empty
};

/// Percent-encodes what is not valid in a path or query, drops the fragment. Throws `failure`.
location parse_url(std::string_view text);

/// What a redirect from `base` to `reference` names. Throws `failure`, also for https to http.
location redirect_url(const location& base, std::string_view reference);

/// `text` as it may stand in a message: no credentials, no control characters.
std::string printable_url(std::string_view text);

} // namespace tandem::http

#endif
