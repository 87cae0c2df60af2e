#ifndef TANDEM_SRC_HTTP_SYNTAX_DECIMAL_HPP
#define TANDEM_SRC_HTTP_SYNTAX_DECIMAL_HPP

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace tandem::http {

/// Of digits alone: no sign, no space. Nothing where it is not that, or does not fit.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

} // namespace tandem::http

#endif
