#include "tandem_get/quantity.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace {

/// Of a number and what follows it; nothing where it begins with none, or with a negative one.
std::optional<double> take_number(std::string_view& text)
{
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0)) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<double> unit_of(std::string_view suffix)
{
    constexpr double kibi = 1024;
    if (suffix.empty()) {
        return 1;
    }
    if (suffix.size() > 1) {
        return std::nullopt;
    }
    switch (suffix.front()) {
    case 'k':
    case 'K':
        return kibi;
    case 'm':
    case 'M':
        return kibi * kibi;
    case 'g':
    case 'G':
        return kibi * kibi * kibi;
    case 't':
    case 'T':
        return kibi * kibi * kibi * kibi;
    default:
        return std::nullopt;
    }
}

} // namespace

std::uint64_t parse_size(const std::string& option, const std::string& text)
{
    constexpr double too_large = 9.2e18;
    std::string_view rest = text;
    const std::optional<double> number = take_number(rest);
    const std::optional<double> unit = unit_of(rest);
    if (!number || !unit || *number * *unit > too_large) {
        throw std::invalid_argument(option + " takes a number of bytes such as 500, 64K, 1.5M or 2G, not '" + text +
                                    "'");
    }
    return static_cast<std::uint64_t>(std::llround(*number * *unit));
}

std::chrono::milliseconds parse_seconds(const std::string& option, const std::string& text)
{
    constexpr double too_long = 1e9;
    std::string_view rest = text;
    const std::optional<double> number = take_number(rest);
    if (!number || !rest.empty() || *number > too_long) {
        throw std::invalid_argument(option + " takes a number of seconds such as 30 or 0.5, not '" + text + "'");
    }
    return std::chrono::milliseconds(std::llround(*number * 1000));
}
