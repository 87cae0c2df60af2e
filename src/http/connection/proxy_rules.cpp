#include "http/connection/proxy_rules.hpp"

#include "http/failure.hpp"
#include "http/syntax/decimal.hpp"
#include "http/syntax/host_name.hpp"
#include "http/syntax/lower_case.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

constexpr const char* for_http = "the proxy for http URLs";
constexpr const char* for_https = "the proxy for https URLs";

struct known_scheme
{
    std::string_view name;
    proxy::protocol speaks;
    bool secure;
    std::uint16_t port;
};

constexpr known_scheme known_schemes[] = {
    {"http", proxy::protocol::http, false, 80},
    {"https", proxy::protocol::http, true, 443},
    {"socks5", proxy::protocol::socks5, false, 1080},
    {"socks5h", proxy::protocol::socks5h, false, 1080},
};

/// Throws `failure` with what is wrong; not with the text: there may be a password in it.
std::optional<proxy> parse_proxy(const std::string& text)
{
    if (text.empty()) {
        return std::nullopt;
    }
    const std::size_t colon = text.find("://");
    const std::string name = colon == text.npos ? "http" : lower_case(text.substr(0, colon));
    const auto scheme = std::find_if(std::begin(known_schemes), std::end(known_schemes),
                                     [&](const known_scheme& one) { return one.name == name; });
    if (scheme == std::end(known_schemes)) {
        throw failure(errc::invalid_option, "its scheme is not http, https, socks5 or socks5h");
    }
    const std::string rest = "//" + (colon == text.npos ? text : text.substr(colon + 3));
    const std::size_t end = find_authority(rest).second;
    if (end + 1 < rest.size() || (end < rest.size() && rest[end] != '/')) {
        throw failure(errc::invalid_option, "it has more than a host and a port");
    }
    proxy result;
    try {
        const location whole = parse_url("http:" + rest);
        result.login = whole.login;
        result.at = whole.from;
        if (parse_url("https:" + rest).from.port != whole.from.port) { // it has none of its own
            result.at.port = scheme->port;
        }
    } catch (const failure& cause) {
        throw failure(errc::invalid_option,
                      cause.detail().empty() ? "it is not a URL (what is special in a user name or password must be "
                                               "percent-encoded)"
                                             : cause.detail());
    }
    result.at.secure = scheme->secure;
    result.speaks = scheme->speaks;
    return result;
}

/// An IPv4 address that is written as an IPv6 one is that.
std::optional<asio::ip::address> parse_address(const std::string& text)
{
    boost::system::error_code error;
    const asio::ip::address address = asio::ip::make_address(text, error);
    if (error) {
        return std::nullopt;
    }
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address;
}

bool is_in(const std::string& host, const std::string& domain)
{
    return host == domain ||
           (host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

} // namespace

/// A host, a domain, an address or a network, with a port or without.
std::optional<proxy_rules::exception> proxy_rules::parse_exception(std::string_view item)
{
    std::string host;
    std::string_view port;
    if (const std::size_t end = item.find(']'); item.starts_with('[') && end != item.npos) {
        host = item.substr(1, end - 1);
        port = item.substr(end + 1);
        if (port.starts_with('/')) {
            host += port;
            port = {};
        }
    } else if (const std::size_t colon = item.find(':'); colon != item.npos && colon == item.rfind(':')) {
        host = item.substr(0, colon);
        port = item.substr(colon);
    } else {
        host = item;
    }
    exception result;
    if (!port.empty()) {
        const auto number = port.front() == ':' ? parse_decimal(port.substr(1)) : std::nullopt;
        if (!number || *number == 0 || *number > UINT16_MAX) {
            return std::nullopt;
        }
        result.port = static_cast<std::uint16_t>(*number);
    }
    if (const auto address = parse_address(host)) {
        result.addresses = address->is_v4() ? network(asio::ip::network_v4(address->to_v4(), 32))
                                            : network(asio::ip::network_v6(address->to_v6(), 128));
        return result;
    }
    if (host.find('/') != host.npos) {
        boost::system::error_code error;
        if (const asio::ip::network_v4 v4 = asio::ip::make_network_v4(host, error); !error) {
            result.addresses = v4.canonical();
        } else if (const asio::ip::network_v6 v6 = asio::ip::make_network_v6(host, error); !error) {
            result.addresses = v6.canonical();
        }
        return result.addresses ? std::optional(std::move(result)) : std::nullopt;
    }
    result.domain = without_end_dot(lower_case(host));
    if (result.domain.starts_with('*')) {
        result.domain.erase(0, 1);
    }
    if (result.domain.starts_with('.')) {
        result.domain.erase(0, 1);
    }
    return result.domain.empty() ? std::nullopt : std::optional(std::move(result));
}

proxy_rules::proxy_rules(const proxy_options& options)
    : http_(options.http, for_http), https_(options.https, for_https)
{
    constexpr std::string_view between = ", \t";
    std::string_view rest = options.no_proxy;
    while (true) {
        rest.remove_prefix(std::min(rest.find_first_not_of(between), rest.size()));
        if (rest.empty()) {
            break;
        }
        const std::string_view item = rest.substr(0, rest.find_first_of(between));
        rest.remove_prefix(item.size());
        if (item == "*") {
            never_ = true;
        } else if (auto parsed = parse_exception(item)) {
            exceptions_.push_back(std::move(*parsed));
        }
    }
}

void proxy_options::validate() const
{
    for (const proxy_rules::setting& one :
         {proxy_rules::setting(http, for_http), proxy_rules::setting(https, for_https)}) {
        if (!one.fault.empty()) {
            throw std::invalid_argument(one.fault);
        }
    }
}

proxy_rules::setting::setting(const std::string& text, const char* name)
{
    try {
        parsed = parse_proxy(text);
    } catch (const failure& cause) {
        fault = std::string(name) + " is none such as http://host:3128 or socks5h://host: " + cause.detail();
    }
}

const proxy* proxy_rules::choose(const origin& target) const
{
    const setting& candidate = target.secure ? https_ : http_;
    if ((!candidate.parsed && candidate.fault.empty()) || reached_without(target)) {
        return nullptr;
    }
    if (!candidate.fault.empty()) {
        throw failure(errc::invalid_option, candidate.fault);
    }
    return &*candidate.parsed;
}

bool proxy_rules::reached_without(const origin& target) const
{
    if (never_ || exceptions_.empty()) {
        return never_;
    }
    const std::optional<asio::ip::address> address = parse_address(target.host);
    const std::string host(without_end_dot(lower_case(target.host)));
    return std::any_of(exceptions_.begin(), exceptions_.end(), [&](const exception& e) {
        if (e.port && *e.port != target.port) {
            return false;
        }
        if (!e.addresses) {
            return !address && is_in(host, e.domain);
        }
        if (const auto* v4 = std::get_if<asio::ip::network_v4>(&*e.addresses)) {
            return address && address->is_v4() &&
                   asio::ip::network_v4(address->to_v4(), v4->prefix_length()).canonical() == *v4;
        }
        const auto& v6 = std::get<asio::ip::network_v6>(*e.addresses);
        if (!address || !address->is_v6()) {
            return false;
        }
        asio::ip::address_v6 unscoped = address->to_v6();
        unscoped.scope_id(0);
        return asio::ip::network_v6(unscoped, v6.prefix_length()).canonical() == v6;
    });
}

} // namespace tandem::http
