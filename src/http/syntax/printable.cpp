#include "http/syntax/printable.hpp"

#include <tandem/http/file_name.hpp>

#include <boost/nowide/utf/utf.hpp>

#include <algorithm>
#include <array>

namespace tandem::http {
namespace {

struct span_of_characters
{
    char32_t first;
    char32_t last;
};

constexpr std::array<span_of_characters, 10> deceptive{{
    {0x00, 0x1f},     // C0
    {0x7f, 0x9f},     // DEL, C1
    {0xad, 0xad},     // soft hyphen
    {0x61c, 0x61c},   // Arabic letter mark
    {0x180e, 0x180e}, // Mongolian vowel separator
    {0x200b, 0x200f}, // zero-width space and joiners, marks of direction
    {0x2028, 0x202e}, // separators of lines and paragraphs, embeddings and overrides of direction
    {0x2060, 0x206f}, // word joiner, invisible operators, isolates of direction
    {0xfeff, 0xfeff}, // byte order mark
    {0xfff9, 0xfffb}, // annotations
}};
constexpr span_of_characters tags{0xe0000, 0xe007f};

/// Calls `use` with each character, or its first byte where it is none, and whether it may be shown.
template <class Use>
void for_each_character_of(std::string_view text, const Use& use)
{
    namespace utf = boost::nowide::utf;
    for (const char *next = text.data(), *const end = next + text.size(); next != end;) {
        const char* const begin = next;
        const utf::code_point c = utf::utf_traits<char>::decode(next, end);
        const bool valid = c != utf::illegal && c != utf::incomplete;
        next = valid ? next : begin + 1;
        use(std::string_view(begin, static_cast<std::size_t>(next - begin)), valid, valid && is_deceptive(c));
    }
}

} // namespace

bool is_deceptive(char32_t character) noexcept
{
    if (character >= ' ' && character <= '~') {
        return false; // as most are
    }
    const auto holds = [character](const span_of_characters& one) {
        return character >= one.first && character <= one.last;
    };
    return std::any_of(deceptive.begin(), deceptive.end(), holds) || holds(tags);
}

std::string printable(std::string_view text)
{
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) {
        return std::string(text);
    }
    std::string result;
    for_each_character_of(text, [&](std::string_view bytes, bool valid, bool deceives) {
        result += valid && !deceives ? bytes : "?";
    });
    return result;
}

bool has_deceptive(std::string_view text)
{
    bool result = false;
    for_each_character_of(text, [&](std::string_view, bool, bool deceives) { result = result || deceives; });
    return result;
}

} // namespace tandem::http
