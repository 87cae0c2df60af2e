#include <tandem/http/request.hpp>

#include "http/exchange/body.hpp"
#include "http/exchange/follow.hpp"
#include "http/spawn.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace tandem::http {
namespace {

constexpr std::uint64_t reserve_at_most = 1024 * 1024;

void copy_header(const answer& from, response& to)
{
    const auto& header = from.parser->get();
    to.reason = std::string(header.reason());
    for (const auto& one : header) {
        to.headers.push_back({std::string(one.name_string()), std::string(one.value())});
    }
    to.reused_connection = from.reused;
}

asio::awaitable<void> exchange(detail::client_state& client, transfer& by, request& what, response& result)
{
    by.check();
    by.set_total_deadline(what.options.total_timeout);
    question asked(what.url, what.options, what.method);
    asked.body = std::move(what.body);
    trail so_far;
    answer from;
    // Also where it throws.
    struct note
    {
        const question& asked;
        const trail& so_far;
        response& result;
        ~note()
        {
            result.url = asked.at.text;
            result.status = so_far.status;
            result.redirects = so_far.redirects;
        }
    } noted{asked, so_far, result};
    if (what.options.max_redirects == 0) {
        co_await ask(client, by, asked, from);
        so_far.status = from.status();
    } else {
        co_await follow(client, by, asked, from, so_far);
    }
    copy_header(from, result);
    if (!from.parser->is_done()) {
        result.body.reserve(static_cast<std::size_t>(std::min(from.content_length().value_or(0), reserve_at_most)));
    }
    const sink into = [&](std::span<const char> bytes) { result.body.append(bytes.data(), bytes.size()); };
    co_await read_body(client, by, what.options, from, into);
}

} // namespace

std::optional<std::string_view> response::header(std::string_view name) const noexcept
{
    const auto found = std::find_if(headers.begin(), headers.end(), [name](const header_field& one) {
        return beast::iequals({one.name.data(), one.name.size()}, {name.data(), name.size()});
    });
    return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

std::shared_ptr<detail::operation> detail::make_operation(std::shared_ptr<client_state> client, request what,
                                                          completion_ptr<response> done)
{
    auto work = [what = std::move(what)](client_state& with,
                                         transfer& by) mutable -> asio::awaitable<outcome<response>> {
        outcome<response> result;
        result.value.url = what.url;
        try {
            co_await exchange(with, by, what, result.value);
        } catch (...) {
            result.error = current_as_download_error(result.value.url, result.value.status);
            result.value = {};
        }
        co_return result;
    };
    return make_spawned<response>(std::move(client), std::move(done), std::move(work));
}

} // namespace tandem::http
