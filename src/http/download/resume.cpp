#include "http/download/resume.hpp"

#include "http/syntax/entity_tag.hpp"
#include "http/syntax/http_date.hpp"
#include "http/syntax/printable.hpp"
#include "http/url.hpp"

#include <boost/beast/http/field.hpp>

#include <chrono>

namespace tandem::http {

using boost::beast::http::field;

std::string validator_of(const answer& from, bool dates)
{
    if (const auto tag = from.field(field::etag)) {
        return is_strong_tag(*tag) ? std::string(*tag) : std::string();
    }
    const auto text = from.field(field::last_modified);
    const auto date = from.field(field::date);
    if (!dates || !text || !date || !from.other_than(*text, field::last_modified).empty()) {
        return {};
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto changed = parse_http_date(*text, now);
    const auto answered = parse_http_date(*date, now);
    return changed && answered && *answered - *changed >= std::chrono::minutes(1) ? std::string(*text) : std::string();
}

void ask_for(question& what, const wanted_range& part)
{
    // To the end without a number, as plain servers and caches know it best.
    std::string range = "bytes=" + std::to_string(part.first) + '-';
    if (part.last + 1 != part.total) {
        range += std::to_string(part.last);
    }
    what.extra.push_back({"Range", std::move(range)});
    what.extra.push_back({"If-Range", part.validator});
    what.asks_gzip = false; // a part of what was encoded on the way is not a part of the file
}

std::optional<content_range> range_of(const answer& from)
{
    const std::string_view text = from.field(field::content_range).value_or(std::string_view());
    return from.other_than(text, field::content_range).empty() ? parse_content_range(text) : std::nullopt;
}

std::optional<std::string> mismatch(const answer& from, const wanted_range& part)
{
    const std::optional<content_range> range = range_of(from);
    if (!range || !range->part || range->part->first != part.first || range->part->second != part.last ||
        range->total != part.total) {
        return "asked for " + std::to_string(part.first) + '-' + std::to_string(part.last) + '/' +
               std::to_string(part.total) + ", the Content-Range is \"" +
               printable(from.field(field::content_range).value_or(std::string_view())) + '"';
    }
    // A server that had a tag for the whole must give it for a part (RFC 9110, section 15.3.7). A date it may leave
    // out, but then nothing shows that it has looked at ours.
    const bool same = is_strong_tag(part.validator)
                          ? from.field(field::etag) == part.validator
                          : !from.field(field::etag) && from.field(field::last_modified) == part.validator;
    if (!same) {
        return "the part is not shown to be of the same version of the file";
    }
    if (const std::string encoding = from.encoding().value_or(std::string()); encoding != part.encoding) {
        return "the part is encoded as \"" + encoding + "\", what is there as \"" + part.encoding + '"';
    }
    if (const auto length = from.content_length(); length && *length != part.last - part.first + 1) {
        return "the Content-Length is not the Content-Range's";
    }
    return std::nullopt;
}

} // namespace tandem::http
