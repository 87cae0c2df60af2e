#ifndef TANDEM_SRC_HTTP_SYNTAX_RETRY_AFTER_HPP
#define TANDEM_SRC_HTTP_SYNTAX_RETRY_AFTER_HPP

#include <chrono>
#include <optional>
#include <string_view>

namespace tandem::http {

/// How long a Retry-After field asks to wait from `now`, which is better the server's Date than the own clock; nothing
/// where it is not valid. Zero for a time that has passed, ten years for any that are more.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view field, std::chrono::sys_seconds now);

} // namespace tandem::http

#endif
