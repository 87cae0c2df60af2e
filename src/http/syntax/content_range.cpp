#include "http/syntax/content_range.hpp"

#include "http/syntax/decimal.hpp"

#include <boost/url/grammar/ci_string.hpp>

namespace tandem::http {

std::optional<content_range> parse_content_range(std::string_view field)
{
    constexpr std::string_view unit = "bytes ";
    if (!boost::urls::grammar::ci_is_equal(field.substr(0, unit.size()), unit)) {
        return std::nullopt;
    }
    field.remove_prefix(unit.size());
    const std::size_t slash = field.find('/');
    if (slash == field.npos) {
        return std::nullopt;
    }
    const std::string_view part = field.substr(0, slash);
    const std::string_view total = field.substr(slash + 1);

    content_range result;
    if (total != "*") {
        result.total = parse_decimal(total);
        if (!result.total) {
            return std::nullopt;
        }
    }
    if (part == "*") {
        return result.total ? std::optional(result) : std::nullopt;
    }
    const std::size_t dash = part.find('-');
    const auto first = parse_decimal(part.substr(0, dash));
    const auto last = dash == part.npos ? std::nullopt : parse_decimal(part.substr(dash + 1));
    if (!first || !last || *last < *first || (result.total && *last >= *result.total)) {
        return std::nullopt;
    }
    result.part.emplace(*first, *last);
    return result;
}

} // namespace tandem::http
