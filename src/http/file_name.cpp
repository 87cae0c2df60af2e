#include <tandem/http/file_name.hpp>

#include "http/failure.hpp"
#include "http/url.hpp"

#include <algorithm>

namespace tandem::http {
namespace {

constexpr std::size_t max_name = 240;
constexpr std::string_view default_name = "index.html";

int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decode(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            result += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            result += text[i];
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

std::string file_name(std::string_view url)
{
    std::string_view path;
    std::string target;
    try {
        target = parse_url(url).target;
        path = target;
    } catch (const failure&) {
        // Not downloadable, but the question has an answer still.
        path = url.substr(0, url.find('#'));
    }
    path = path.substr(0, path.find('?'));
    std::string name = decode(path.substr(path.rfind('/') + 1));
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '_');
    if (name.empty() || name == "." || name == "..") {
        return std::string(default_name);
    }
    return shorten(name);
}

} // namespace tandem::http
