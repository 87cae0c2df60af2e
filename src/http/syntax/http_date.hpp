#ifndef TANDEM_SRC_HTTP_SYNTAX_HTTP_DATE_HPP
#define TANDEM_SRC_HTTP_SYNTAX_HTTP_DATE_HPP

#include <chrono>
#include <optional>
#include <string_view>

namespace tandem::http {

/// Of any of the three formats of RFC 9110, section 5.6.7; nothing where it is none. A year of two digits is the one
/// that is at most 50 years after `now`. The name of the weekday must be one, but is not compared with the date.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now);

} // namespace tandem::http

#endif
