#ifndef TANDEM_SRC_HTTP_SYNTAX_CONTENT_RANGE_HPP
#define TANDEM_SRC_HTTP_SYNTAX_CONTENT_RANGE_HPP

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace tandem::http {

/// A Content-Range field in bytes (RFC 9110, section 14.4).
struct content_range
{
    std::optional<std::pair<std::uint64_t, std::uint64_t>> part{}; ///< the first byte and the last; none: of a 416
    std::optional<std::uint64_t> total{};                          ///< of the whole file; none: not known

    bool operator==(const content_range&) const = default;
};

/// Nothing where it is not valid: also where the last byte comes before the first, or is not within the total.
std::optional<content_range> parse_content_range(std::string_view field);

} // namespace tandem::http

#endif
