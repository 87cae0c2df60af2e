#include "http/exchange/question.hpp"

#include "http/failure.hpp"

#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <stdexcept>

namespace tandem::http {
namespace {

using boost::beast::http::field;

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view text)
{
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

/// Not the value: it may be a secret.
void check_header(const header_field& one, question::ranges asked_for)
{
    if (!is_token(one.name)) {
        throw failure(errc::invalid_option, "the name of a header field has other characters than a name may have");
    }
    if (!is_field_value(one.value)) {
        throw failure(errc::invalid_option, "the header field " + one.name + " holds a control character");
    }
    constexpr field own[] = {field::host, field::connection, field::content_length, field::transfer_encoding,
                             field::accept_encoding};
    const field name = boost::beast::http::string_to_field(one.name);
    if (name == field::proxy_authorization) {
        throw failure(errc::invalid_option,
                      "the header field " + one.name + " is for a proxy alone: its login is set in the proxy's URL");
    }
    const bool is_range = name == field::range || name == field::if_range;
    if ((is_range && asked_for == question::ranges::own) ||
        std::find(std::begin(own), std::end(own), name) != std::end(own)) {
        throw failure(errc::invalid_option, "the header field " + one.name + " is the client's own");
    }
}

void check_options(const transfer_options& options, question::ranges asked_for)
{
    const auto require = [](bool condition, const char* what) {
        if (!condition) {
            throw failure(errc::invalid_option, what);
        }
    };
    require(options.idle_timeout.count() >= 0, "idle_timeout is not negative");
    require(options.total_timeout.count() >= 0, "total_timeout is not negative");
    require(options.min_rate_period.count() >= 0, "min_rate_period is not negative");
    for (const header_field& one : options.headers) {
        check_header(one, asked_for);
        require(!options.compressed || boost::beast::http::string_to_field(one.name) != field::range,
                "a part of what is encoded cannot be decoded: Range and compressed exclude each other");
    }
}

} // namespace

void check_options(const download_options& options)
{
    try {
        check_options(options, question::ranges::own);
    } catch (const failure& wrong) {
        throw std::invalid_argument(wrong.detail());
    }
}

question::question(std::string_view url, const transfer_options& with, std::string_view method_name, ranges asked_for)
    : at(parse_url(url)), method(method_name), options(&with), asks_gzip(with.compressed)
{
    check_options(with, asked_for);
    if (!is_token(method) || method == "CONNECT") {
        throw failure(errc::invalid_option, "the method is CONNECT, or has other characters than a method may have");
    }
    if (with.https_only && !at.from.secure) {
        throw failure(errc::unsupported_scheme, "https_only is set, and this is http");
    }
}

bool question::asks_before_body() const
{
    constexpr std::size_t sent_unasked = 1024 * 1024; // curl's number
    const std::uint64_t size = source ? source_size.value_or(UINT64_MAX) : body.size();
    return may_ask_before_body && size > sent_unasked &&
           std::none_of(options->headers.begin(), options->headers.end(), [](const header_field& one) {
               return boost::beast::http::string_to_field(one.name) == field::expect;
           });
}

bool question::repeatable() const
{
    return !source_begun &&
           (method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS");
}

bool question::has_body() const
{
    return source || !body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

void question::drop_body()
{
    body.clear();
    source = nullptr;
    source_begun = false;
    body_dropped = true;
}

} // namespace tandem::http
