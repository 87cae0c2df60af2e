#include "http/exchange/cookie_jar.hpp"

#include "http/syntax/decimal.hpp"
#include "http/syntax/http_date.hpp"
#include "http/syntax/lower_case.hpp"

#include <algorithm>
#include <utility>

namespace tandem::http {
namespace {

constexpr std::size_t most_cookies = 50;
constexpr std::size_t longest_cookie = 4096; // RFC 6265, section 6.1
constexpr std::size_t longest_value = 8192;  // of the field: servers take no longer header line

std::string_view without_blanks(std::string_view text)
{
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Takes what stands before the next semicolon, divided at its first '='.
std::pair<std::string_view, std::string_view> take_attribute(std::string_view& text)
{
    const std::string_view one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    return {without_blanks(one.substr(0, equals)), without_blanks(one.substr(std::min(equals + 1, one.size())))};
}

std::uint16_t port_unless_own(const origin& at)
{
    return at.port == (at.secure ? 443 : 80) ? 0 : at.port;
}

std::string_view path_of(const location& at)
{
    return std::string_view(at.target).substr(0, at.target.find('?'));
}

bool is_address(std::string_view host)
{
    const std::string_view last = host.substr(host.rfind('.') + 1);
    return host.find(':') != host.npos ||
           (!last.empty() && std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

bool is_below(std::string_view host, std::string_view domain)
{
    return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

/// "co.uk", "com.au", "or.jp", and some that are none.
bool may_be_public_suffix(std::string_view domain)
{
    const std::size_t dot = domain.find('.');
    return dot != domain.npos && dot <= 3 && domain.size() - dot - 1 == 2;
}

/// RFC 6265, section 5.1.4.
bool is_path_within(std::string_view path, std::string_view cookie_path)
{
    return path.starts_with(cookie_path) &&
           (path.size() == cookie_path.size() || cookie_path.ends_with('/') || path[cookie_path.size()] == '/');
}

/// Names that promise something of the cookie to the server (RFC 6265bis, section 4.1.3). It is secure only over https.
bool keeps_promise(std::string_view name, bool secure, std::string_view path, bool has_domain)
{
    const bool is_of_host = name.starts_with("__host-");
    return (!(is_of_host || name.starts_with("__secure-")) || secure) && (!is_of_host || (path == "/" && !has_domain));
}

std::optional<cookie_jar::time_point> end_by_age(std::string_view seconds, cookie_jar::time_point now)
{
    if (seconds.starts_with('-')) {
        return now;
    }
    constexpr std::uint64_t ten_years = 315'360'000;
    const auto number = parse_decimal(seconds);
    return number ? std::optional(now + std::chrono::seconds(std::min(*number, ten_years))) : std::nullopt;
}

/// Netscape's dates have hyphens where HTTP's have spaces.
std::optional<cookie_jar::time_point> end_by_date(std::string_view text, cookie_jar::time_point now)
{
    if (const auto date = parse_http_date(text, now)) {
        return date;
    }
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '-', ' ');
    return parse_http_date(spaced, now);
}

} // namespace

std::optional<cookie_jar::cookie> cookie_jar::parse(const location& at, std::string_view field, time_point now)
{
    const bool has_name = field.substr(0, field.find(';')).find('=') != field.npos;
    const auto [name, value] = take_attribute(field);
    if (!has_name || name.empty() || name.size() + value.size() > longest_cookie) {
        return std::nullopt;
    }
    cookie result{.name = std::string(name), .value = std::string(value), .domain = at.from.host};
    result.port = port_unless_own(at.from);
    result.came_secure = at.from.secure;
    const std::string_view path = path_of(at);
    result.path = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    std::optional<time_point> by_age;
    std::string domain;
    while (!field.empty()) {
        const auto [attribute, text] = take_attribute(field);
        const std::string which = lower_case(attribute);
        if (which == "domain" && !text.empty()) {
            domain = lower_case(text.substr(text.starts_with('.') ? 1 : 0));
        } else if (which == "path") {
            result.path = text.starts_with('/') ? text : path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
        } else if (which == "secure") {
            result.secure = true;
        } else if (which == "max-age") {
            by_age = end_by_age(text, now);
        } else if (which == "expires") {
            result.end = end_by_date(text, now);
        }
    }
    result.end = by_age ? by_age : result.end;
    if (!keeps_promise(lower_case(result.name), result.secure, result.path, !domain.empty())) {
        return std::nullopt;
    }
    if (!domain.empty() && domain != at.from.host) {
        if (is_address(at.from.host) || domain.find('.') == domain.npos || !is_below(at.from.host, domain)) {
            return std::nullopt;
        }
    }
    if (domain.find('.') != domain.npos && !is_address(domain) && !may_be_public_suffix(domain)) {
        result.domain = domain;
        result.host_only = false;
    }
    return result.secure && !at.from.secure ? std::nullopt : std::optional(std::move(result));
}

void cookie_jar::store(const location& at, std::string_view field, time_point now)
{
    std::optional<cookie> one = parse(at, field, now);
    if (!one) {
        return;
    }
    const auto same = std::find_if(cookies_.begin(), cookies_.end(), [&](const cookie& each) {
        return each.name == one->name && each.domain == one->domain && each.path == one->path &&
               each.port == one->port && each.host_only == one->host_only;
    });
    if (same != cookies_.end()) {
        if (same->secure && !at.from.secure) {
            return; // who is in between must not replace it
        }
        *same = std::move(*one);
    } else if (cookies_.size() < most_cookies) {
        cookies_.push_back(std::move(*one));
    }
}

std::string cookie_jar::value_for(const location& at, time_point now) const
{
    std::vector<const cookie*> fitting;
    for (const cookie& each : cookies_) {
        const bool of_host = each.domain == at.from.host || (!each.host_only && is_below(at.from.host, each.domain));
        if (of_host && each.port == port_unless_own(at.from) && is_path_within(path_of(at), each.path) &&
            (!(each.secure || each.came_secure) || at.from.secure) && (!each.end || *each.end > now)) {
            fitting.push_back(&each);
        }
    }
    // RFC 6265, section 5.4: the longest path first.
    std::stable_sort(fitting.begin(), fitting.end(),
                     [](const cookie* one, const cookie* other) { return one->path.size() > other->path.size(); });
    std::string result;
    for (const cookie* each : fitting) {
        const std::string text = each->name + '=' + each->value;
        if (result.size() + text.size() + 2 <= longest_value) {
            result += (result.empty() ? "" : "; ") + text;
        }
    }
    return result;
}

} // namespace tandem::http
