#include "http/syntax/retry_after.hpp"

#include "http/syntax/http_date.hpp"

#include <algorithm>

namespace tandem::http {

std::optional<std::chrono::seconds> parse_retry_after(std::string_view field, std::chrono::sys_seconds now)
{
    constexpr std::chrono::seconds most = std::chrono::years(10);
    if (field.find_first_not_of("0123456789") != field.npos || field.empty()) {
        const auto date = parse_http_date(field, now);
        return date ? std::optional(std::clamp(*date - now, std::chrono::seconds(0), most)) : std::nullopt;
    }
    std::chrono::seconds result(0);
    for (const char digit : field) {
        result = std::min(result * 10 + std::chrono::seconds(digit - '0'), most);
    }
    return result;
}

} // namespace tandem::http
