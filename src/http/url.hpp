#ifndef TANDEM_SRC_HTTP_URL_HPP
#define TANDEM_SRC_HTTP_URL_HPP

#include <tandem/http/options.hpp>
#include <tandem/http/printable_url.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::http {

/// A scheme, a host and a port.
struct origin
{
    bool secure = false;
    std::string host{}; ///< lower case, in ASCII; an IPv6 address without brackets, with "%zone" where it has one
    std::uint16_t port = 0;

    auto operator<=>(const origin&) const = default;
};

/// A URL taken apart as a request needs it.
struct location
{
    std::string text{}; ///< the whole, without user info and fragment; with the zone, which the authority has not
    origin from{};
    std::string authority{};            ///< the Host field
    std::string target{};               ///< path and query, never empty
    std::optional<credentials> login{}; ///< decoded; in none of the others
    bool lacks_password = false;        ///< the login is a user's name alone
};

/// Where the authority begins and ends in an absolute URL or a reference; both 0 where there is none.
std::pair<std::size_t, std::size_t> find_authority(std::string_view text);

/// Percent-encodes what is not valid in a path or query, drops the fragment. Throws `failure`.
location parse_url(std::string_view text);

/// Whether `parse_url` takes it.
bool is_valid_url(std::string_view text);

/// What a redirect from `base` to `reference` names, encoded as it is given: a reference without a scheme is merged
/// with `base`, which removes its dot segments, a whole URL is taken as it is. Encodes and drops as `parse_url` does.
/// The login stays on the same origin, unless the reference has its own. Throws `failure`, also for https to http.
location redirect_url(const location& base, std::string_view reference);

/// The same without what `printable_url` leaves out, and with its control characters.
std::string without_login(std::string_view url);

} // namespace tandem::http

#endif
