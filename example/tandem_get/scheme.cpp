#include "tandem_get/scheme.hpp"

#include "tandem_get/text.hpp"

#include <tandem/http/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace http = tandem::http;

namespace {

bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::string_view after_scheme = "://";

/// Before "://"; empty where there is none.
std::string scheme_of(std::string_view url)
{
    const std::size_t end = url.find(after_scheme);
    std::string result(url.substr(0, end == url.npos ? 0 : end));
    const auto belongs = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; };
    if (!std::all_of(result.begin(), result.end(), belongs)) {
        return "";
    }
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool may_be_http(std::string_view url)
{
    const std::string scheme = scheme_of(url);
    if (scheme.empty()) {
        return lacks_scheme(url);
    }
    const std::string_view rest = url.substr(scheme.size() + after_scheme.size());
    return (scheme == "http" || scheme == "https") && rest.find_first_of("/?#") != 0 && !rest.empty();
}

/// There was neither a TLS connection, nor a certificate that was refused, nor an answer: it may be another protocol's
/// port, or nobody's.
bool is_no_https(const boost::system::error_code& code)
{
    if (code == asio::error::host_not_found || code == asio::error::host_not_found_try_again) {
        return false; // nor by http
    }
    return code.category() != http::error_category() || code == http::errc::connect_timeout;
}

asio::awaitable<bool> answers_by_https(const http::client& client, const std::string& url)
{
    http::request probe;
    probe.url = url;
    probe.method = "HEAD";
    probe.options.max_redirects = 0;
    bool result = true;
    try {
        co_await client.async_request(std::move(probe), asio::use_awaitable);
    } catch (const http::download_error& error) {
        result = !is_no_https(error.code());
    }
    co_return result;
}

} // namespace

bool lacks_scheme(std::string_view url)
{
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    std::size_t end = 0;
    if (authority.starts_with('[')) {
        end = authority.find(']');
        if (end == std::string_view::npos) {
            return false;
        }
        ++end;
    } else {
        end = std::min(authority.find(':'), authority.size());
    }
    const std::string_view host = authority.substr(0, end);
    const std::string_view port = authority.substr(end);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    constexpr std::size_t longest_port = std::string_view(":65535").size();
    const bool port_is_one = port.size() > 1 && port.size() <= longest_port && port.front() == ':' && std::all_of(port.begin() + 1, port.end(), is_digit);
    if (host.empty() || !(port.empty() || port_is_one)) {
        return false;
    }
    if (host.front() == '[') {
        return true;
    }
    if (host == "http" || host == "https") {
        return false; // of which the colon is missing
    }
    // One word alone is more likely a mistake.
    return std::all_of(host.begin(), host.end(), is_host_character) &&
           (port_is_one || host == "localhost" || host.find('.') != std::string_view::npos || authority.size() < url.size());
}

bool may_be_url(std::string_view word)
{
    return !scheme_of(word).empty() || lacks_scheme(word);
}

void check_mirrors(const http::list_item& item)
{
    for (const std::string& mirror : item.mirrors) {
        if (!may_be_http(mirror)) {
            throw std::invalid_argument("mirror= takes an http or https URL, not '" + without_login(mirror) + "'");
        }
    }
}

asio::awaitable<bool> complete_scheme(const http::client& client, http::list_item& item, bool https_only)
{
    for (std::string& mirror : item.mirrors) {
        if (lacks_scheme(mirror)) {
            mirror.insert(0, "https://");
        }
    }
    bool is_http = false;
    if (lacks_scheme(item.url)) {
        const std::string secure = "https://" + item.url;
        is_http = !https_only;
        if (is_http) {
            const bool answers = co_await answers_by_https(client, secure);
            is_http = !answers;
        }
        item.url = is_http ? "http://" + item.url : secure;
    }
    co_return is_http;
}
