#include "http/exchange/follow.hpp"

#include "http/exchange/body.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace tandem::http {
namespace {

bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// RFC 9110, section 15.4: 307 and 308 alone promise that the method stays.
void change_method(question& what, unsigned status)
{
    const bool see_other = status == 303 && what.method != "GET" && what.method != "HEAD";
    if (see_other || ((status == 301 || status == 302) && what.method == "POST")) {
        what.method = "GET";
        what.drop_body();
    }
}

/// For the further requests of this chain.
void take_cookies(question& what, const answer& redirect)
{
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto [begin, end] = redirect.parser->get().equal_range(beast::http::field::set_cookie);
    for (auto i = begin; i != end; ++i) {
        what.cookies.store(what.at, {i->value().data(), i->value().size()}, now);
    }
}

} // namespace

asio::awaitable<void> follow(detail::client_state& client, transfer& by, question& what, answer& result, trail& so_far)
{
    for (;;) {
        co_await ask(client, by, what, result);
        so_far.status = result.status();
        if (!is_redirect(so_far.status)) {
            co_return;
        }
        if (so_far.redirects >= what.options->max_redirects) {
            throw failure(errc::too_many_redirects, std::to_string(so_far.redirects) + " followed", so_far.status);
        }
        const std::string to(result.field(beast::http::field::location).value_or(""));
        if (to.empty()) {
            throw failure(errc::bad_redirect, "there is no Location", so_far.status);
        }
        location next = redirect_url(what.at, to);
        take_cookies(what, result);
        co_await skip_body(client, by, result);
        by.check();
        // The connection goes before another is waited for: two transfers must not hold what each other needs.
        result.reset();
        change_method(what, so_far.status);
        if (what.source_begun) {
            throw failure(errc::source_not_repeatable, "redirected to " + printable_url(next.text), so_far.status);
        }
        what.crossed_origin = what.crossed_origin || next.from != what.at.from;
        what.crossed_host = what.crossed_host || next.from.host != what.at.from.host;
        what.at = std::move(next);
        ++so_far.redirects;
    }
}

} // namespace tandem::http
