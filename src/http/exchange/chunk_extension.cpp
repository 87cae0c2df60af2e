#include "http/exchange/chunk_extension.hpp"

#include <algorithm>
#include <string_view>

namespace tandem::http {

bool drop_chunk_extension(std::span<char> bytes)
{
    const std::string_view text(bytes.data(), bytes.size());
    const std::size_t begin = text.starts_with("\r\n") ? 2 : 0;
    const std::size_t end = text.find("\r\n", begin);
    const std::size_t digits_end = std::min(text.find_first_not_of("0123456789abcdefABCDEF", begin), text.size());
    if (end == text.npos || digits_end == begin || digits_end >= end ||
        std::string_view(" \t;").find(text[digits_end]) == text.npos) {
        return false;
    }
    const std::string_view extension = text.substr(digits_end, end - digits_end);
    if (std::any_of(extension.begin(), extension.end(),
                    [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; })) {
        return false;
    }
    std::move_backward(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                       bytes.begin() + static_cast<std::ptrdiff_t>(digits_end),
                       bytes.begin() + static_cast<std::ptrdiff_t>(end));
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), extension.size(), '0');
    return true;
}

} // namespace tandem::http
