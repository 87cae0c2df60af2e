#include "http/exchange/message.hpp"

#include "http/exchange/basic_auth.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

namespace tandem::http {
namespace {

using message = beast::http::request<beast::http::empty_body>;

std::string text_of(const message& what)
{
    // What Beast's serializer uses, which divides it once more, for streams that take a part.
    const beast::http::fields::writer writer(what, what.version(), what.method());
    const auto buffers = writer.get();
    std::string result;
    result.reserve(beast::buffer_bytes(buffers));
    for (const asio::const_buffer piece : beast::buffers_range_ref(buffers)) {
        result.append(static_cast<const char*>(piece.data()), piece.size());
    }
    return result;
}

bool is_one_of(const header_field& one, std::initializer_list<field> fields)
{
    return std::find(fields.begin(), fields.end(), beast::http::string_to_field(one.name)) != fields.end();
}

/// The user's fields that are for this server, and for this request.
std::vector<const header_field*> fields_for(const question& what)
{
    std::vector<const header_field*> result;
    for (const header_field& one : what.options->headers) {
        const bool secret = is_one_of(one, {field::authorization, field::cookie});
        const bool of_body = is_one_of(
            one, {field::content_type, field::content_encoding, field::content_language, field::content_location});
        if (!(secret && what.crossed_origin) && !(of_body && what.body_dropped)) {
            result.push_back(&one);
        }
    }
    return result;
}

/// That of the URL, whose password may be in the netrc file, else of the options, else of the netrc file.
std::optional<credentials> login_for(const detail::client_state& client, const question& what)
{
    const auto in_netrc = [&](const std::optional<std::string>& user) {
        return client.logins.find(what.at.from.host, user, !what.crossed_host);
    };
    if (what.at.login) {
        const auto found = what.at.lacks_password ? in_netrc(what.at.login->user) : std::nullopt;
        return found ? found : what.at.login;
    }
    if (what.options->login && !what.crossed_origin) {
        return what.options->login;
    }
    return in_netrc(std::nullopt);
}

} // namespace

std::string request_text(const detail::client_state& client, const question& what, const proxy* via)
{
    const std::vector<const header_field*> users = fields_for(what);
    message result;
    result.version(11);
    result.method_string(what.method);
    // A tunnel's far end is the server itself (RFC 9112, section 3.2).
    const bool to_proxy = via && via->answers_for(what.at.from);
    result.target(to_proxy ? "http://" + what.at.authority + what.at.target : what.at.target);
    result.set(field::host, what.at.authority);
    const auto set_unless_given = [&](field name, std::string_view value) {
        const auto gives = [name](const header_field* one) { return is_one_of(*one, {name}); };
        if (!value.empty() && std::none_of(users.begin(), users.end(), gives)) {
            result.set(name, value);
        }
    };
    set_unless_given(field::user_agent, client.options.user_agent);
    set_unless_given(field::accept, "*/*");
    result.set(field::accept_encoding, what.asks_gzip ? "gzip" : "identity");
    if (const std::optional<credentials> login = login_for(client, what)) {
        set_unless_given(field::authorization, basic_authorization(*login));
    }
    if (to_proxy && via->login) {
        result.set(field::proxy_authorization, basic_authorization(*via->login));
    }
    for (const header_field& one : what.extra) {
        result.set(one.name, one.value);
    }
    std::string cookies;
    for (const header_field* one : users) {
        if (is_one_of(*one, {field::cookie})) {
            cookies += (cookies.empty() ? "" : "; ") + one->value;
        } else {
            result.insert(one->name, one->value);
        }
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::string set = what.cookies.value_for(what.at, now);
    cookies += (cookies.empty() || set.empty() ? "" : "; ") + set;
    if (!cookies.empty()) {
        result.set(field::cookie, cookies); // one field: RFC 6265, section 5.4
    }
    if (what.source && !what.source_size) {
        result.chunked(true);
    } else if (what.has_body()) {
        result.content_length(what.source ? *what.source_size : what.body.size());
    }
    if (what.asks_before_body()) {
        result.set(field::expect, "100-continue");
    }
    return text_of(result);
}

std::string connect_text(const client_options& options, const origin& at, const proxy& via)
{
    // An address's zone is this machine's own.
    const std::string address = at.host.substr(0, at.host.find('%'));
    const std::string host = address.find(':') == address.npos ? address : '[' + address + ']';
    const std::string authority = host + ':' + std::to_string(at.port);
    message result;
    result.version(11);
    result.method(beast::http::verb::connect);
    result.target(authority);
    result.set(field::host, authority);
    if (!options.user_agent.empty()) {
        result.set(field::user_agent, options.user_agent);
    }
    if (via.login) {
        result.set(field::proxy_authorization, basic_authorization(*via.login));
    }
    return text_of(result);
}

} // namespace tandem::http
