#include "http/syntax/content_disposition.hpp"

#include <boost/url/grammar/ci_string.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <utility>

namespace tandem::http {
namespace {

namespace urls = boost::urls;

constexpr std::string_view optional_whitespace = " \t";

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(optional_whitespace);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(optional_whitespace) - first + 1);
}

/// Takes a quoted-string from the front of `text`; nothing where it does not end.
std::optional<std::string> take_quoted(std::string_view& text)
{
    std::string result;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return result;
        }
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
        }
        result += text[i];
    }
    return std::nullopt;
}

std::string latin1_as_utf8(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            result += c;
        } else {
            result += static_cast<char>(0xc0 | (byte >> 6));
            result += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return result;
}

/// "UTF-8'en'a%20name"
std::optional<std::string> decode_extended(std::string_view value)
{
    const std::size_t first = value.find('\'');
    const std::size_t second = first == value.npos ? value.npos : value.find('\'', first + 1);
    if (second == value.npos) {
        return std::nullopt;
    }
    const std::string_view charset = value.substr(0, first);
    const auto encoded = urls::make_pct_string_view(value.substr(second + 1));
    if (!encoded) {
        return std::nullopt;
    }
    std::string decoded = encoded->decode();
    if (urls::grammar::ci_is_equal(charset, "utf-8")) {
        return decoded;
    }
    return urls::grammar::ci_is_equal(charset, "iso-8859-1") ? std::optional(latin1_as_utf8(decoded)) : std::nullopt;
}

} // namespace

std::optional<std::string> disposition_name(std::string_view field)
{
    std::optional<std::string> plain;
    std::optional<std::string> extended;
    field.remove_prefix(std::min(field.find(';'), field.size()));
    while (!field.empty()) {
        field.remove_prefix(1); // the semicolon
        const std::size_t end_of_name = field.find_first_of("=;");
        const std::string_view name = trimmed(field.substr(0, end_of_name));
        field.remove_prefix(std::min(end_of_name, field.size()));
        if (field.empty() || field.front() == ';') {
            continue; // a parameter without a value
        }
        field.remove_prefix(1);
        field.remove_prefix(std::min(field.find_first_not_of(optional_whitespace), field.size()));
        std::optional<std::string> value;
        if (field.starts_with('"')) {
            value = take_quoted(field);
            if (!value) {
                break;
            }
            field.remove_prefix(std::min(field.find(';'), field.size()));
        } else {
            // Not only a token: servers forget the quotes round spaces.
            const std::size_t end = std::min(field.find(';'), field.size());
            value = std::string(trimmed(field.substr(0, end)));
            field.remove_prefix(end);
        }
        if (urls::grammar::ci_is_equal(name, "filename") && !plain) {
            plain = std::move(value);
        } else if (urls::grammar::ci_is_equal(name, "filename*") && !extended) {
            extended = decode_extended(*value);
        }
    }
    if (extended && !extended->empty()) {
        return extended;
    }
    return plain && !plain->empty() ? plain : std::nullopt;
}

} // namespace tandem::http
