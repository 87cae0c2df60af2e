#include "http/url.hpp"

#include "http/failure.hpp"
#include "http/syntax/host_name.hpp"
#include "http/syntax/lower_case.hpp"
#include "http/syntax/printable.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace urls = boost::urls;

namespace tandem::http {
namespace {

constexpr bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Not valid in a path or query. A table: each character of each URL is looked up.
bool is_unsafe(char c)
{
    static constexpr auto table = [] {
        std::array<bool, 256> result{};
        for (std::size_t i = 0x80; i != result.size(); ++i) {
            result[i] = true;
        }
        for (const char each : std::string_view(" \"<>\\^`{|}[]")) {
            result[static_cast<unsigned char>(each)] = true;
        }
        return result;
    }();
    return table[static_cast<unsigned char>(c)];
}

bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

int hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

bool is_escape(std::string_view text)
{
    return text.size() >= 3 && text[0] == '%' && is_hex(text[1]) && is_hex(text[2]);
}

std::string percent_decoded(std::string_view text)
{
    std::string result;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (is_escape(text)) {
            result += static_cast<char>(hex_digit(text[1]) * 16 + hex_digit(text[2]));
            text.remove_prefix(2);
        } else {
            result += text.front();
        }
    }
    return result;
}

void encode_unsafe(std::string_view text, std::string& to)
{
    for (;;) {
        const auto unsafe = std::find_if(text.begin(), text.end(), [&](const char& c) {
            return is_unsafe(c) || (c == '%' && !is_escape({&c, static_cast<std::size_t>(text.end() - &c)}));
        });
        to.append(text.begin(), unsafe);
        if (unsafe == text.end()) {
            return;
        }
        constexpr char digits[] = "0123456789ABCDEF";
        to += '%';
        to += digits[static_cast<unsigned char>(*unsafe) >> 4];
        to += digits[static_cast<unsigned char>(*unsafe) & 15];
        text = std::string_view(unsafe + 1, text.end());
    }
}

/// A URL as Boost.URL, to which RFC 6874 is unknown, can parse it.
struct prepared
{
    std::string text{};
    std::string zone{}; ///< of an IPv6 address: through which network interface it is reached
};

/// "fe80::1%25eth0", and "fe80::1%eth0", as curl takes it too.
void prepare_address(std::string_view address, prepared& to)
{
    const std::size_t percent = address.find('%');
    to.text += address.substr(0, percent);
    if (percent == address.npos) {
        return;
    }
    std::string_view zone = address.substr(percent + 1);
    if (zone.size() > 2 && zone.starts_with("25")) {
        zone.remove_prefix(2);
    }
    const auto is_of_zone = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-._~").find(c) != std::string_view::npos;
    };
    if (zone.empty() || !std::all_of(zone.begin(), zone.end(), is_of_zone)) {
        throw failure(errc::invalid_url, "what follows the address's % is no network interface");
    }
    to.zone = zone;
}

void prepare_authority(std::string_view authority, prepared& to)
{
    const std::size_t host = authority.rfind('@') + 1; // 0 where there is none
    to.text += authority.substr(0, host);
    authority.remove_prefix(host);
    if (const std::size_t end = authority.find(']'); authority.starts_with('[') && end != authority.npos) {
        prepare_address(authority.substr(0, end), to);
        to.text += authority.substr(end);
        return;
    }
    const std::string_view name = authority.substr(0, authority.find(':'));
    const bool as_it_is = std::none_of(name.begin(), name.end(), [](char c) { return c == '%' || static_cast<unsigned char>(c) >= 0x80; });
    to.text += as_it_is ? std::string(name) : ascii_host_name(percent_decoded(name));
    to.text += authority.substr(name.size());
}

/// People and servers write spaces and non-ASCII into URLs: everything after the authority is encoded where it must be.
prepared prepare(std::string_view text)
{
    if (std::any_of(text.begin(), text.end(), is_control)) {
        throw failure(errc::invalid_url, "it holds a control character");
    }
    text = text.substr(0, text.find('#'));
    const auto [authority, path] = find_authority(text);
    prepared result;
    result.text.reserve(text.size());
    result.text = text.substr(0, authority);
    prepare_authority(text.substr(authority, path - authority), result);
    encode_unsafe(text.substr(path), result.text);
    return result;
}

std::uint16_t port_of(const urls::url_view& url, bool secure)
{
    const std::string_view text = url.port();
    if (text.empty()) {
        return secure ? 443 : 80;
    }
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) {
        throw failure(errc::invalid_url, "the port is not between 1 and 65535");
    }
    return port;
}

location take_apart(const urls::url_view& url, const std::string& zone)
{
    if (url.scheme_id() != urls::scheme::http && url.scheme_id() != urls::scheme::https) {
        // What stands before "user:password@host" is no scheme, but looks like one.
        throw failure(errc::unsupported_scheme,
                      url.has_authority() ? "the scheme is \"" + std::string(url.scheme()) + "\"" : std::string());
    }
    location result;
    if (url.has_userinfo() && !url.encoded_userinfo().empty()) {
        result.login = credentials{std::string(url.user()), std::string(url.password())};
        result.lacks_password = !url.has_password();
    }
    result.from.secure = url.scheme_id() == urls::scheme::https;
    result.from.port = port_of(url, result.from.secure);

    std::string host(url.encoded_host().data(), url.encoded_host().size());
    std::transform(host.begin(), host.end(), host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (host.empty() || host.find('%') != host.npos || url.host_type() == urls::host_type::ipvfuture) {
        throw failure(errc::invalid_url, "the host is missing or not valid");
    }
    const std::string port =
        result.from.port == (result.from.secure ? 443 : 80) ? std::string() : ':' + std::to_string(result.from.port);
    result.authority = host + port;
    result.from.host = host.front() == '[' ? host.substr(1, host.size() - 2) : host;
    if (!zone.empty()) {
        result.from.host += '%' + zone;
    }

    result.target.assign(url.encoded_target().data(), url.encoded_target().size());
    if (result.target.empty() || result.target.front() == '?') {
        result.target.insert(0, 1, '/');
    }
    if (result.target.front() != '/') {
        // Boost.URL 1.81 lets a path begin right behind a port's digits.
        throw failure(errc::invalid_url, "the port is not a number");
    }
    result.text.reserve(8 + host.size() + 3 + zone.size() + port.size() + result.target.size());
    result.text = result.from.secure ? "https://" : "http://";
    if (zone.empty()) {
        result.text += result.authority;
    } else {
        result.text += host.substr(0, host.size() - 1) + "%25" + zone + ']' + port;
    }
    result.text += result.target;
    return result;
}

std::string zone_of(const std::string& host)
{
    const std::size_t percent = host.find('%');
    return percent == host.npos ? std::string() : host.substr(percent + 1);
}

/// Whether it can be taken for nothing else. A fragment is not: where one hides an '@', or all behind a colon, a '#' of
/// a password may have begun it; nor is a colon without a port that an '@' follows.
bool is_url(std::string_view text)
{
    const std::size_t fragment = std::min(text.find('#'), text.size());
    const auto [begin, end] = find_authority(text);
    const bool without_port = text.substr(begin, end - begin).ends_with(':');
    if (text.find('@', without_port ? end : fragment) != text.npos ||
        (end == fragment && fragment != text.size() && text.substr(begin, end - begin).find(':') != text.npos)) {
        return false;
    }
    return is_valid_url(text);
}

bool is_scheme_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
}

/// Behind "http://", and behind what that may have been before somebody mistyped it.
std::size_t find_login_begin(std::string_view text)
{
    const std::size_t authority = find_authority(text).first;
    const std::string_view before = text.substr(0, authority);
    if (authority != 0 && std::all_of(before.begin(), before.end() - std::min<std::ptrdiff_t>(std::ssize(before), 3),
                                      is_scheme_character)) {
        return authority;
    }
    std::size_t rest = 0;
    for (const std::string_view scheme : {"https:", "http:"}) {
        if (lower_case(text.substr(0, scheme.size())) == scheme) {
            rest = scheme.size();
            break;
        }
    }
    return std::min(text.find_first_not_of('/', rest), text.size());
}

/// Behind a colon that no port follows, where a password may stand whose '@' is missing; the text's size where there is
/// none.
std::size_t find_open_password(std::string_view text)
{
    const std::size_t begin = find_login_begin(text);
    const std::string_view authority = text.substr(begin, text.find_first_of("/?#", begin) - begin);
    if (authority.starts_with('[') && authority.find_first_not_of("0123456789abcdefABCDEF:.[]%") == authority.npos) {
        return text.size(); // an IPv6 address that is none
    }
    for (std::size_t colon = text.find(':', begin); colon != text.npos; colon = text.find(':', colon + 1)) {
        const std::size_t port_end = std::min(text.find_first_not_of("0123456789", colon + 1), text.size());
        if (port_end != text.size() && text[port_end] != '/' && text[port_end] != '?') {
            return colon + 1;
        }
    }
    return text.size();
}

/// What `printable_url` leaves out.
std::pair<std::size_t, std::size_t> find_login(std::string_view text)
{
    const std::size_t last = text.rfind('@');
    if (last == text.npos) {
        const std::size_t open = find_open_password(text);
        return {open, open == text.size() || is_url(text) ? open : text.size()};
    }
    const auto [begin, end] = find_authority(text);
    if (is_url(text)) {
        const std::size_t at = text.substr(begin, end - begin).rfind('@');
        return {begin, at == text.npos ? begin : begin + at + 1};
    }
    const std::size_t login = find_login_begin(text);
    const std::string_view rest = text.substr(last + 1);
    return {login <= last ? login : 0, find_open_password(rest) == rest.size() ? last + 1 : text.size()};
}

std::string_view text_of(const urls::pct_string_view& encoded)
{
    return {encoded.data(), encoded.size()};
}

/// RFC 3986, section 5.2.4. `path` is empty or begins with a slash.
std::string remove_dot_segments(std::string_view path)
{
    std::string result;
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/', 1));
        path.remove_prefix(segment.size());
        if (segment != "/." && segment != "/..") {
            result += segment;
            continue;
        }
        if (segment == "/..") {
            result.erase(std::min(result.rfind('/'), result.size()));
        }
        if (path.empty()) {
            result += '/';
        }
    }
    return result;
}

/// RFC 3986, section 5.2.2, of a reference without a scheme, in its bytes: urls::resolve decodes them.
std::string merge(const location& base, const urls::url_view& reference)
{
    const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
    const std::string_view path = text_of(reference.encoded_path());
    std::string result = base.from.secure ? "https://" : "http://";
    result += reference.has_authority() ? text_of(reference.encoded_authority()) : base.authority;
    if (reference.has_authority() || path.starts_with('/')) {
        result += remove_dot_segments(path);
    } else if (!path.empty()) {
        result += remove_dot_segments(std::string(base_path.substr(0, base_path.rfind('/') + 1)) += path);
    } else {
        result += reference.has_query() ? base_path : base.target;
    }
    if (reference.has_query()) {
        result += '?';
        result += text_of(reference.encoded_query());
    }
    return result;
}

} // namespace

std::pair<std::size_t, std::size_t> find_authority(std::string_view text)
{
    // By hand, as find_first_of() takes ten times as long.
    const auto find = [text](std::size_t begin, auto is_one) {
        return static_cast<std::size_t>(std::find_if(text.begin() + begin, text.end(), is_one) - text.begin());
    };
    const auto ends_authority = [](char c) { return c == '/' || c == '?' || c == '#'; };
    std::size_t begin = 0;
    if (text.starts_with("//")) {
        begin = 2;
    } else if (const std::size_t colon = find(0, [&](char c) { return c == ':' || ends_authority(c); });
               text.substr(colon).starts_with("://")) {
        begin = colon + 3;
    } else {
        return {0, 0};
    }
    return {begin, find(begin, ends_authority)};
}

location parse_url(std::string_view text)
{
    const prepared whole = prepare(text);
    const auto url = urls::parse_uri(whole.text);
    if (!url) {
        throw failure(errc::invalid_url);
    }
    return take_apart(*url, whole.zone);
}

bool is_valid_url(std::string_view text)
{
    try {
        parse_url(text);
        return true;
    } catch (const failure&) {
        return false;
    }
}

namespace {

failure bad_redirect(std::string_view reference, const std::string& why)
{
    return failure(errc::bad_redirect,
                   "the Location is \"" + printable_url(reference) + '"' + (why.empty() ? "" : ", ") + why);
}

location resolve(const location& base, std::string_view reference)
{
    prepared whole = prepare(reference);
    if (const auto relative = urls::parse_relative_ref(whole.text)) {
        if (!relative->has_authority()) {
            whole.zone = zone_of(base.from.host);
        }
        whole.text = merge(base, *relative);
    }
    const auto url = urls::parse_uri(whole.text);
    if (!url) {
        throw bad_redirect(reference, {});
    }
    return take_apart(*url, whole.zone);
}

} // namespace

location redirect_url(const location& base, std::string_view reference)
{
    location result;
    try {
        result = resolve(base, reference);
    } catch (const failure& cause) {
        if (cause.code() == errc::invalid_url || cause.code() == errc::unsupported_scheme) {
            throw bad_redirect(reference, cause.detail()); // the user's URL is right
        }
        throw;
    }
    if (base.from.secure && !result.from.secure) {
        throw failure(errc::insecure_redirect, "to " + result.text);
    }
    if (!result.login && result.from == base.from) {
        result.login = base.login;
        result.lacks_password = base.lacks_password;
    }
    return result;
}

std::string without_login(std::string_view url)
{
    const auto [begin, end] = find_login(url);
    std::string result(url.substr(0, begin));
    result += end == url.size() && begin != end ? "..." : "";
    result += url.substr(end);
    return result;
}

std::string printable_url(std::string_view url)
{
    return printable(without_login(url));
}

} // namespace tandem::http
