#include "http/connection/proxy_rules.hpp"

#include "http/failure.hpp"
#include "http/syntax/decimal.hpp"
#include "http/syntax/lower_case.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace urls = boost::urls;

namespace tandem::http {
namespace {

[[noreturn]] void refuse(const char* option, const std::string& why)
{
    // Not the value: there may be a password in it.
    throw failure(errc::invalid_url, std::string(option) + " is no proxy such as http://host:3128: " + why);
}

std::optional<proxy> parse_proxy(const std::string& text, const char* option)
{
    if (text.empty()) {
        return std::nullopt;
    }
    const std::string complete = text.find("://") == text.npos ? "http://" + text : text;
    const auto parsed = urls::parse_uri(complete);
    if (!parsed) {
        refuse(option, "it is not a URL (what is special in a user name or password must be percent-encoded)");
    }
    urls::url url = *parsed;
    if (url.scheme_id() != urls::scheme::http) {
        refuse(option, "its scheme is not http");
    }
    if ((!url.encoded_path().empty() && url.encoded_path() != "/") || url.has_query() || url.has_fragment()) {
        refuse(option, "it has more than a host and a port");
    }
    proxy result;
    if (url.has_userinfo()) {
        result.login = credentials{url.user(), url.password()};
        url.remove_userinfo();
    }
    try {
        result.at = parse_url(std::string_view(url.buffer().data(), url.buffer().size())).from;
    } catch (const failure& e) {
        refuse(option, e.detail());
    }
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

std::string without_end_dot(std::string name)
{
    if (name.ends_with('.')) {
        name.pop_back();
    }
    return name;
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
    : http_(parse_proxy(options.http, "proxy_options::http")),
      https_(parse_proxy(options.https, "proxy_options::https"))
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

const proxy* proxy_rules::choose(const origin& target) const
{
    const std::optional<proxy>& candidate = target.secure ? https_ : http_;
    return candidate && !reached_without(target) ? &*candidate : nullptr;
}

bool proxy_rules::reached_without(const origin& target) const
{
    if (never_ || exceptions_.empty()) {
        return never_;
    }
    const std::optional<asio::ip::address> address = parse_address(target.host);
    const std::string host = without_end_dot(lower_case(target.host));
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
