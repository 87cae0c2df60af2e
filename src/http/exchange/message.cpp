#include "http/exchange/message.hpp"

#include "http/exchange/basic_auth.hpp"

#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace beast = boost::beast;
using beast::http::field;

namespace tandem::http {
namespace {

/// The text of a request's header. Names and values are free of what ends a line, see `check_header`.
class request_header
{
public:
    request_header(std::string_view method, std::string_view target)
    {
        text_.reserve(512); // mostly enough
        append({method, " ", target, " HTTP/1.1\r\n"});
    }

    void add(std::string_view name, std::string_view value) { append({name, ": ", value, "\r\n"}); }

    void add(field name, std::string_view value)
    {
        const auto text = beast::http::to_string(name);
        add(std::string_view(text.data(), text.size()), value);
    }

    /// With its end.
    std::string take()
    {
        append({"\r\n"});
        return std::move(text_);
    }

private:
    void append(std::initializer_list<std::string_view> pieces)
    {
        for (const std::string_view piece : pieces) {
            text_ += piece;
        }
    }

    std::string text_{};
};

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
    // A tunnel's far end is the server itself (RFC 9112, section 3.2).
    const bool to_proxy = via && via->answers_for(what.at.from);
    request_header result(what.method, to_proxy ? "http://" + what.at.authority + what.at.target : what.at.target);
    result.add(field::host, what.at.authority);
    const auto set_unless_given = [&](field name, std::string_view value) {
        const auto gives = [name](const header_field* one) { return is_one_of(*one, {name}); };
        if (!value.empty() && std::none_of(users.begin(), users.end(), gives)) {
            result.add(name, value);
        }
    };
    set_unless_given(field::user_agent, client.options.user_agent);
    set_unless_given(field::accept, "*/*");
    result.add(field::accept_encoding, what.asks_gzip ? "gzip" : "identity");
    if (const std::optional<credentials> login = login_for(client, what)) {
        set_unless_given(field::authorization, basic_authorization(*login));
    }
    if (to_proxy && via->login) {
        result.add(field::proxy_authorization, basic_authorization(*via->login));
    }
    for (const header_field& one : what.extra) {
        result.add(one.name, one.value);
    }
    std::string cookies;
    for (const header_field* one : users) {
        if (is_one_of(*one, {field::cookie})) {
            cookies += (cookies.empty() ? "" : "; ") + one->value;
        } else {
            result.add(one->name, one->value);
        }
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::string set = what.cookies.value_for(what.at, now);
    cookies += (cookies.empty() || set.empty() ? "" : "; ") + set;
    if (!cookies.empty()) {
        result.add(field::cookie, cookies); // one field: RFC 6265, section 5.4
    }
    if (what.source && !what.source_size) {
        result.add(field::transfer_encoding, "chunked");
    } else if (what.has_body()) {
        result.add(field::content_length, std::to_string(what.source ? *what.source_size : what.body.size()));
    }
    if (what.asks_before_body()) {
        result.add(field::expect, "100-continue");
    }
    return result.take();
}

std::string connect_text(const client_options& options, const origin& at, const proxy& via)
{
    // An address's zone is this machine's own.
    const std::string address = at.host.substr(0, at.host.find('%'));
    const std::string host = address.find(':') == address.npos ? address : '[' + address + ']';
    const std::string authority = host + ':' + std::to_string(at.port);
    request_header result("CONNECT", authority);
    result.add(field::host, authority);
    if (!options.user_agent.empty()) {
        result.add(field::user_agent, options.user_agent);
    }
    if (via.login) {
        result.add(field::proxy_authorization, basic_authorization(*via.login));
    }
    return result.take();
}

} // namespace tandem::http
