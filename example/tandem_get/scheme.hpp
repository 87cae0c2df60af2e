#ifndef EXAMPLE_TANDEM_GET_SCHEME_HPP
#define EXAMPLE_TANDEM_GET_SCHEME_HPP

#include <tandem/http/client.hpp>
#include <tandem/http/download_list.hpp>

#include <boost/asio/awaitable.hpp>

#include <string_view>

/// Whether it is a URL but for its scheme: "host/file", "example.org", "localhost:8080", "[::1]/file".
bool lacks_scheme(std::string_view url);

/// Whether it is an absolute URL, whatever its scheme, or one without: anything else is no URL for sure.
bool may_be_url(std::string_view word);

/// Throws `std::invalid_argument` for a mirror that can be none.
void check_mirrors(const tandem::http::list_item& item);

/// Gives the item's URLs a scheme where they have none. It is https; for the first one http where nothing at all answers
/// by https, unless that is all that is allowed. Returns whether it has become http so.
boost::asio::awaitable<bool> complete_scheme(const tandem::http::client& client, tandem::http::list_item& item,
                                             bool https_only);

#endif
