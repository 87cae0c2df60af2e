// What is shown of a URL with a password in it, however it is mangled. An input is edits of such a URL: pairs of a
// place and a byte. The byte is put there; a zero takes away what stands there instead, a second time not. The
// password's own bytes stay together.
#include "target.hpp"

#include "http/failure.hpp"
#include "http/syntax/lower_case.hpp"
#include "http/url.hpp"

#include <tandem/http/error.hpp>
#include <tandem/http/file_name.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace tandem::fuzz {
namespace {

namespace http = tandem::http;

constexpr std::string_view password = "hUsH";
constexpr std::string_view original = "http://user:hUsH@host.example:8080/path/file@2x.txt?query=a:b#part";

std::string edited(bytes edits)
{
    std::string result(original);
    bool erased = false;
    for (; edits.size() >= 2; edits = edits.subspan(2)) {
        const std::size_t place = std::to_integer<std::size_t>(edits[0]) % result.size();
        const std::size_t secret = result.find(password);
        if (place > secret && place < secret + password.size())
            continue;
        const char byte = static_cast<char>(edits[1]);
        if (byte != 0)
            result.insert(place, 1, byte);
        else if (place != secret && !erased) {
            result.erase(place, 1);
            erased = true;
        }
    }
    return result;
}

/// The password has become what a server is asked for, or the server.
bool is_public(const std::string& url)
{
    try {
        return http::lower_case(http::parse_url(url).text).find(http::lower_case(password)) != std::string::npos;
    } catch (const http::failure&) {
        return false;
    }
}

bool is_plain(std::string_view text)
{
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void check_hidden(const std::string& text, const char* what)
{
    check(text.find(password) == text.npos, what);
}

void check_url(const std::string& url)
{
    check(is_plain(http::printable_url(url)), "what is printed is fit for a terminal");
    if (is_public(url))
        return;
    check_hidden(http::printable_url(url), "no password is printed");
    check_hidden(http::file_name(url), "no password is in a file's name");
    try {
        http::parse_url(url);
    } catch (const http::failure& e) {
        check_hidden(e.detail(), "no password is in a failure");
        try {
            std::rethrow_exception(http::current_as_download_error(url, 0));
        } catch (const http::download_error& error) {
            check_hidden(error.what(), "no password is in an error");
            check_hidden(error.url(), "no password is in an error's URL");
        }
    }
}

} // namespace
} // namespace tandem::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace tandem::fuzz;
    check_url(edited(std::as_bytes(std::span(data, size))));
    return 0;
}
