#include <tandem/http/file_name.hpp>

#include "http/file/safe_name.hpp"
#include "http/url.hpp"

namespace tandem::http {
namespace {

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

} // namespace

std::string file_name(std::string_view url)
{
    // The question has an answer also where a URL is not valid. A login is anywhere in that, and a name is seen by all.
    const std::string shown = without_login(url);
    std::string_view path = shown == url || is_valid_url(url) ? url : shown;
    path = path.substr(0, path.find('#'));
    path.remove_prefix(find_authority(path).second);
    path = path.substr(0, path.find('?'));
    return safe_name(decode(path.substr(path.rfind('/') + 1)));
}

} // namespace tandem::http
