#include "http/file/safe_name.hpp"

#include <tandem/http/file_name.hpp>

#include <boost/nowide/utf/utf.hpp>

#include <algorithm>
#include <array>

namespace tandem::http {
namespace {

namespace utf = boost::nowide::utf;

constexpr std::size_t max_name = 240;
constexpr std::string_view default_name = "index.html";

/// What the downloader calls its own files beside a target.
constexpr std::array<std::string_view, 3> own_endings{".part", ".part.from", ".part.new"};

bool is_own(std::string_view name)
{
    return std::any_of(own_endings.begin(), own_endings.end(), [&](std::string_view ending) {
        return name.size() >= ending.size() &&
               std::equal(ending.begin(), ending.end(), name.end() - static_cast<std::ptrdiff_t>(ending.size()),
                          [](char e, char n) { return e == (n >= 'A' && n <= 'Z' ? n - 'A' + 'a' : n); });
    });
}

/// UTF-8, without separators and deceptive characters.
std::string cleaned(std::string_view raw)
{
    const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '/' && c != '\\'; };
    if (std::all_of(raw.begin(), raw.end(), is_plain)) {
        return std::string(raw);
    }
    std::string result;
    for (const char *next = raw.data(), *const end = next + raw.size(); next != end;) {
        const char* const begin = next;
        const utf::code_point c = utf::utf_traits<char>::decode(next, end);
        if (c == utf::illegal || c == utf::incomplete) {
            result += '_';
            next = begin + 1;
        } else if (c == '/' || c == '\\' || is_deceptive(c)) {
            result += '_';
        } else {
            result.append(begin, next);
        }
    }
    return result;
}

/// The first `size` bytes of `text`, less the rest of a UTF-8 character that would be cut.
std::string_view cut(std::string_view text, std::size_t size)
{
    if (text.size() <= size) {
        return text;
    }
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
        --size;
    }
    return text.substr(0, size);
}

std::string shorten(const std::string& name)
{
    if (name.size() <= max_name) {
        return name;
    }
    const std::size_t dot = name.rfind('.');
    const std::string extension = dot != name.npos && name.size() - dot <= 16 ? name.substr(dot) : std::string();
    return std::string(cut(name, max_name - extension.size())) + extension;
}

} // namespace

std::string safe_name(std::string_view raw)
{
    if (raw.empty() || raw == "." || raw == "..") {
        return std::string(default_name);
    }
    std::string name = cleaned(raw);
    if (name.front() == '.') {
        name.front() = '_';
    }
    name = shorten(name);
    if (is_own(name)) {
        if (name.size() == max_name) {
            name.pop_back();
        }
        name += '_';
    }
    return name;
}

} // namespace tandem::http
