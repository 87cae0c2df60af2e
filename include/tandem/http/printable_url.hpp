#ifndef TANDEM_HTTP_PRINTABLE_URL_HPP
#define TANDEM_HTTP_PRINTABLE_URL_HPP

#include <tandem/detail/same_build.hpp>

#include <string>
#include <string_view>

namespace tandem::http {

/// `url` as it may be shown: without user name and password, and with '?' for each control character, or other one that
/// deceives. Of an http or https URL the rest is as it was. Of what is none, all that may be a login is left out: what stands before the last
/// '@', and without one what stands behind a ':' that no port follows. Never throws for what `url` holds.
std::string printable_url(std::string_view url);

} // namespace tandem::http

#endif
