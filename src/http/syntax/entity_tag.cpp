#include "http/syntax/entity_tag.hpp"

#include <algorithm>

namespace tandem::http {

bool is_strong_tag(std::string_view field) noexcept
{
    return field.size() >= 2 && field.front() == '"' && field.back() == '"' &&
           std::all_of(field.begin() + 1, field.end() - 1,
                       [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != 0x7f; });
}

} // namespace tandem::http
