#include <tandem/http/request.hpp>

#include "http/exchange/body.hpp"
#include "http/exchange/follow.hpp"
#include "http/spawn.hpp"
#include "http/users_code.hpp"

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
    to.encoding = from.parser->is_done() ? std::nullopt : from.encoding();
}

/// The answer's body into its memory, or to the user's sink.
asio::awaitable<void> read_answer(detail::client_state& client, transfer& by, const request& what, answer& from,
                                  response& result)
{
    if (!what.sink && !from.parser->is_done()) {
        result.body.reserve(static_cast<std::size_t>(std::min(from.content_length().value_or(0), reserve_at_most)));
    }
    std::string held;
    std::string& to = what.sink ? held : result.body;
    const sink into = [&to](std::span<const char> bytes) { to.append(bytes.data(), bytes.size()); };
    const auto users = [&] { return what.sink(result, held); };
    const drain emptied = [&]() -> asio::awaitable<void> {
        if (!held.empty()) {
            co_await await_users(by, users);
            held.clear();
        }
    };
    co_await read_body(client, by, what.options, from, into, what.sink ? emptied : no_drain);
}

asio::awaitable<void> exchange(detail::client_state& client, transfer& by, request& what, response& result)
{
    by.check();
    by.set_total_deadline(what.options.total_timeout);
    question asked(what.url, what.options, what.method, question::ranges::users);
    if (what.source && !what.body.empty()) {
        throw failure(errc::invalid_option, "a request has a body or a source, not both");
    }
    asked.body = std::move(what.body);
    asked.source = std::move(what.source);
    asked.source_size = what.source_size;
    trail so_far;
    answer from;
    // Also where it throws.
    struct note
    {
        const question& asked;
        const trail& so_far;
        response& result;
        ~note() { write(); }
        void write() const
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
    noted.write();
    co_await read_answer(client, by, what, from, result);
    result.sent = by.sent;
    result.received = from.received;
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
        const auto start = transfer::clock::now();
        outcome<response> result;
        result.value.url = what.url;
        try {
            co_await exchange(with, by, what, result.value);
            result.value.times = by.times;
            result.value.elapsed = transfer::clock::now() - start;
        } catch (const users_error& users) {
            result.error = users.error;
            result.value = {};
        } catch (...) {
            result.error = current_as_download_error(result.value.url, result.value.status,
                                                     result.value.redirects > 0 ? what.url : std::string());
            result.value = {};
        }
        co_return result;
    };
    return make_spawned<response>(std::move(client), std::move(done), std::move(work));
}

} // namespace tandem::http
