#include "http/exchange/exchange.hpp"

#include "http/connection/connect.hpp"
#include "http/connection/tunnel.hpp"
#include "http/exchange/message.hpp"
#include "http/syntax/content_coding.hpp"
#include "http/syntax/printable.hpp"
#include "http/users_code.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t written_at_once = 64 * 1024;
constexpr int writes_at_once = 16;
constexpr std::size_t read_at_once = 64 * 1024;

/// Of an answer's body that comes while the request's goes, so much is held.
constexpr std::size_t held_at_most = 64 * 1024 * 1024;

/// A body up to this size is sent in one piece with the header.
constexpr std::size_t small_body = 16 * 1024;

/// How long a server may take to say that it wants the body. Many never say so. (curl's number.)
constexpr std::chrono::seconds wait_for_wish(1);

/// The body must be framed in a way that shows its end: one length, or chunked and nothing else on top.
void check_framing(const answer& result)
{
    const std::string text = result.all(beast::http::field::transfer_encoding).value_or(std::string());
    const std::vector<std::string_view> codings = listed_codings(text);
    const bool chunked = codings.size() == 1 && beast::iequals({codings[0].data(), codings[0].size()}, "chunked");
    if ((!codings.empty() && !chunked) || chunked != result.parser->chunked()) {
        throw failure(errc::unexpected_encoding, "Transfer-Encoding: " + printable(text), result.status());
    }
    if (result.status() == 101) {
        throw failure(errc::malformed_response, "switching protocols, unasked", result.status());
    }
}

/// Before the body is read: Beast merges trailers with the header.
bool may_be_kept(const answer& result)
{
    // HTTP/1.0 has no chunks: who passed them on may have framed something else. (RFC 9112, section 6.1.)
    const bool is_framed_rightly = result.parser->get().version() >= 11 || !result.parser->chunked();
    return is_framed_rightly && result.parser->keep_alive();
}

route route_to(const origin& at, const proxy* via)
{
    if (!via) {
        return {at, std::nullopt};
    }
    return via->answers_for(at) ? route{std::nullopt, via->at} : route{at, via->at};
}

/// Who waits in line for a connection is not at work yet.
asio::awaitable<connection_pool::lease> acquire(detail::client_state& client, transfer& by, route at)
{
    const stopwatch watch(by.times.waiting);
    co_return co_await by.await_aside(client.pool->acquire(by, std::move(at)));
}

std::optional<host_pauses::time_point> paused_until(const detail::client_state& client, const question& what)
{
    return what.heeds_pauses ? client.pauses.paused_until(what.at.from, std::chrono::steady_clock::now())
                             : std::nullopt;
}

/// Others may have been told to leave the server alone.
asio::awaitable<void> wait_for_pause(detail::client_state& client, transfer& by, const question& what)
{
    while (const auto until = paused_until(client, what)) {
        if (what.progress) {
            what.progress->now = download_progress::phase::pausing;
        }
        co_await by.pause_until(*until);
        if (what.progress) {
            what.progress->now = download_progress::phase::waiting;
        }
    }
}

/// A connection to ask over, when the server may be asked.
asio::awaitable<connection_pool::lease> connect_when_allowed(detail::client_state& client, transfer& by,
                                                             const question& what, const proxy* via)
{
    for (;;) {
        by.check();
        if (paused_until(client, what)) {
            co_await wait_for_pause(client, by, what);
        }
        route at = route_to(what.at.from, via);
        connection_pool::lease result;
        if (std::optional<connection_pool::lease> free = client.pool->try_acquire(at)) {
            result = std::move(*free);
        } else {
            result = co_await acquire(client, by, std::move(at));
        }
        if (!result->connected) {
            co_await connect(client, *result, by, what.at.from, via);
        }
        if (!paused_until(client, what)) {
            co_return result;
        }
        result.give_back(); // somebody was told while this one waited for it
    }
}

/// RFC 9112, section 7.1.
std::string as_chunk(const std::string& piece)
{
    std::ostringstream size;
    size << std::hex << piece.size();
    return std::move(size).str() + "\r\n" + piece + "\r\n";
}

/// One request over the connection as it is. While it is being sent, an answer is looked for: a server may have made up
/// its mind before it has read all.
class one_exchange
{
public:
    one_exchange(detail::client_state& client, transfer& by, question& what, connection& over, answer& result)
        : by_(by), what_(what), over_(over), result_(result),
          reader_(over, client.options.max_header_size, what.method == "HEAD", result.parser)
    {
    }

    /// `text` is the request's header.
    asio::awaitable<error_code> run(std::string text);

    /// A byte of an answer came.
    bool begun() const noexcept { return reader_.begun(); }

    /// The answer's header is there.
    bool answered() const noexcept { return answered_; }

    /// The status of the last interim answer; 0 where none came.
    unsigned interim() const noexcept { return reader_.interim(); }

private:
    bool send_some(std::string_view& bytes, bool& wants_room, error_code& error);
    asio::awaitable<std::size_t> send(std::string_view bytes, error_code& error);
    asio::awaitable<void> send_from_source(error_code& error);
    asio::awaitable<void> wait_for_wish_of_body(error_code& error);
    asio::awaitable<void> wait(bool wants_room, transfer::clock::time_point latest);
    void look_for_answer(error_code& error);
    void hold_body(error_code& error);

    /// RFC 9112, section 9.5: an error ends the sending. A server that answers with a success may read on, and one that
    /// redirects does not want the body.
    bool is_body_refused() const { return answered_ && result_.status() >= 300; }

    void set_deadline() { by_.set_step_deadline(what_.options->idle_timeout, errc::idle_timeout); }

    transfer& by_;
    question& what_;
    connection& over_;
    answer& result_;
    header_reader reader_;
    bool answered_ = false;
    bool moved_ = true; ///< bytes, in either direction, since the deadline was set
};

asio::awaitable<error_code> one_exchange::run(std::string text)
{
    transfer::interrupt_scope scope(by_, [this] { over_.close(); });
    const auto begin = transfer::clock::now();
    const bool is_apart = what_.source || what_.body.size() > small_body;
    if (!is_apart) {
        text += what_.body;
        by_.sent += what_.body.size();
    }
    error_code error;
    std::string_view rest = text; // the connection mostly takes all of it without waiting
    bool wants_room = false;
    send_some(rest, wants_room, error);
    result_.cut_off = !rest.empty();
    if (!rest.empty() && !error) {
        co_await send(rest, error);
    }
    if (is_apart && !error && what_.asks_before_body()) {
        co_await wait_for_wish_of_body(error);
    }
    if (is_apart && !error) {
        if (what_.source) {
            co_await send_from_source(error);
        } else {
            const std::size_t size = co_await send(what_.body, error);
            by_.sent += size;
        }
    }
    // The server may have answered and closed before it read all, so a failed write is not yet the answer.
    if (!answered_ && (!error || is_early_end(error))) {
        const error_code unsent = error;
        co_await reader_.read(error, [this] { set_deadline(); });
        answered_ = !error;
        if (answered_ && result_.cut_off && !is_body_refused()) {
            error = unsent;
        }
    }
    by_.times.first_byte = reader_.begun_at().value_or(begin) - begin;
    co_return error;
}

/// Takes away what the connection takes without waiting. False where it takes no more.
bool one_exchange::send_some(std::string_view& bytes, bool& wants_room, error_code& error)
{
    const std::size_t size = over_.write_now(bytes.substr(0, written_at_once), wants_room, error);
    bytes.remove_prefix(size);
    moved_ = moved_ || size > 0;
    if (error != asio::error::would_block) {
        return true;
    }
    error = {};
    return false;
}

/// All, unless the server refuses it meanwhile. How much.
asio::awaitable<std::size_t> one_exchange::send(std::string_view bytes, error_code& error)
{
    const std::size_t all = bytes.size();
    result_.cut_off = true;
    for (int writes = 0; !bytes.empty() && !is_body_refused();) {
        bool wants_room = false;
        const bool is_blocked = !send_some(bytes, wants_room, error);
        if (error) {
            break;
        }
        if (!is_blocked && (bytes.empty() || ++writes != writes_at_once)) {
            continue;
        }
        writes = 0;
        look_for_answer(error);
        if (error) {
            break;
        }
        if (!is_body_refused() && is_blocked) {
            co_await wait(wants_room, transfer::clock::time_point::max());
        } else if (!is_body_refused()) {
            // A server that is quick enough must not keep all else on this thread waiting.
            co_await asio::post(by_.get_executor(), asio::use_awaitable);
        }
        by_.check();
    }
    result_.cut_off = !bytes.empty();
    co_return all - bytes.size();
}

asio::awaitable<void> one_exchange::send_from_source(error_code& error)
{
    std::uint64_t size = 0;
    for (;;) {
        if (size != what_.source_size) { // else the server may have all, and close
            look_for_answer(error);
        }
        result_.cut_off = true; // until the source's end
        if (error || is_body_refused()) {
            co_return;
        }
        what_.source_begun = true;
        const std::string piece = co_await await_users(by_, what_.source);
        by_.check();
        moved_ = true;
        size += piece.size();
        if (what_.source_size && (piece.empty() ? size != *what_.source_size : size > *what_.source_size)) {
            throw failure(errc::source_size_mismatch,
                          std::to_string(size) + " of " + std::to_string(*what_.source_size) + " bytes");
        }
        if (piece.empty()) {
            break;
        }
        const std::string chunk = what_.source_size ? std::string() : as_chunk(piece);
        const std::string_view bytes = what_.source_size ? piece : chunk;
        co_await send(bytes, error);
        by_.sent += piece.size();
        if (error || is_body_refused()) {
            result_.cut_off = true;
            co_return;
        }
    }
    const std::string_view end = what_.source_size ? "" : "0\r\n\r\n";
    co_await send(end, error);
}

asio::awaitable<void> one_exchange::wait_for_wish_of_body(error_code& error)
{
    const auto latest = transfer::clock::now() + wait_for_wish;
    for (look_for_answer(error); !error && !answered_ && !reader_.wants_body() && transfer::clock::now() < latest;
         look_for_answer(error)) {
        co_await wait(false, latest);
        by_.check();
    }
}

asio::awaitable<void> one_exchange::wait(bool wants_room, transfer::clock::time_point latest)
{
    if (std::exchange(moved_, false)) {
        set_deadline();
    }
    co_await over_.wait_for_any(wants_room, latest);
}

/// In what has come, without waiting.
void one_exchange::look_for_answer(error_code& error)
{
    if (answered_) {
        hold_body(error);
        return;
    }
    const std::uint64_t before = reader_.received();
    answered_ = reader_.read_now(error);
    moved_ = moved_ || reader_.received() != before;
    if (error == asio::error::would_block) {
        error = {};
    }
}

/// What has come of the answer's body, while the request's is being sent: the server may read no more before it is taken.
void one_exchange::hold_body(error_code& error)
{
    if (is_body_refused()) {
        return;
    }
    // With its chunks' sizes.
    const std::uint64_t most = std::min<std::uint64_t>(held_at_most, what_.options->max_body_size) + read_at_once;
    for (int reads = 0; !error && reads != writes_at_once; ++reads) {
        const std::size_t size = over_.read_now(over_.buffer.prepare(read_at_once), 1, error);
        over_.buffer.commit(size);
        moved_ = moved_ || size > 0;
        if (over_.buffer.size() > most) {
            throw failure(errc::body_too_large, "while the request's body was being sent", result_.status());
        }
    }
    if (error == asio::error::would_block) {
        error = {};
    }
}

/// The error with what the server did instead of answering.
failure no_answer(const error_code& error, const std::optional<response_parser>& parser, unsigned interim)
{
    const failure cause = header_failure(error);
    if (cause.code() == errc::header_too_large && interim != 0) {
        return failure(cause.code(), "interim answers (" + std::to_string(interim) + ") without end");
    }
    if (cause.code() == errc::connection_closed && parser && parser->got_some()) {
        return failure(cause.code(), "in the middle of its header");
    }
    if (cause.code() == errc::connection_closed && interim != 0) {
        return failure(cause.code(), "after an interim answer (" + std::to_string(interim) + ')');
    }
    return cause;
}

bool has_no_body(const question& what, unsigned status)
{
    return what.method == "HEAD" || status == 204 || status == 304;
}

} // namespace

std::string answer::reason() const
{
    return printable(std::string(parser->get().reason()));
}

std::optional<std::string_view> answer::field(beast::http::field name) const
{
    const auto& header = parser->get();
    const auto found = header.find(name);
    if (found == header.end()) {
        return std::nullopt;
    }
    return std::string_view(found->value().data(), found->value().size());
}

std::string answer::other_than(std::string_view allowed, beast::http::field name) const
{
    const auto [begin, end] = parser->get().equal_range(name);
    for (auto i = begin; i != end; ++i) {
        if (!beast::iequals(i->value(), {allowed.data(), allowed.size()})) {
            return i->value().empty() ? "\"\"" : printable({i->value().data(), i->value().size()});
        }
    }
    return {};
}

std::optional<std::uint64_t> answer::content_length() const
{
    const boost::optional<std::uint64_t> length = parser->content_length();
    return length ? std::optional(*length) : std::nullopt;
}

std::optional<std::string> answer::all(beast::http::field name) const
{
    const auto [begin, end] = parser->get().equal_range(name);
    if (begin == end) {
        return std::nullopt;
    }
    std::string result;
    for (auto i = begin; i != end; ++i) {
        result += result.empty() ? "" : ", ";
        result += std::string_view(i->value().data(), i->value().size());
    }
    return result;
}

bool answer::is_gzip() const
{
    const std::optional<std::string> text = all(beast::http::field::content_encoding);
    const std::vector<std::string_view> codings = listed_codings(text ? *text : std::string_view());
    return codings.size() == 1 && is_gzip_coding(codings.front());
}

std::optional<std::string> answer::encoding() const
{
    const std::optional<std::string> text = all(beast::http::field::content_encoding);
    const bool says_identity = text && text->find_first_not_of(" \t,") != text->npos;
    if (!text || decodes() || (says_identity && listed_codings(*text).empty())) {
        return std::nullopt;
    }
    return printable(*text);
}

asio::awaitable<void> ask(detail::client_state& client, transfer& by, question& what, answer& result)
{
    const proxy* const via = client.proxies.choose(what.at.from);
    connection_pool::lease from = co_await connect_when_allowed(client, by, what, via);
    for (;;) {
        const bool reused = from->reused;
        if (!from->connected) {
            co_await connect(client, *from, by, what.at.from, via);
        }
        one_exchange exchange(client, by, what, *from, result);
        const error_code error = co_await exchange.run(request_text(client, what, via));
        by.check();
        if (error && exchange.answered()) {
            throw failure(is_early_end(error) ? make_error_code(errc::connection_closed) : error,
                          "after the answer, " + std::to_string(result.status()) +
                              ", but before all of the request's body was sent",
                          result.status());
        }
        if (error) {
            // A server may close a kept connection at any time, also as a request is on its way; or send then what does
            // not belong to its answer before.
            const bool no_answer_to_this = exchange.begun() ? is_no_answer(error) : is_early_end(error);
            if (!reused || !no_answer_to_this || !what.repeatable()) {
                throw no_answer(error, result.parser, exchange.interim());
            }
        } else if (result.status() == 417 && what.asks_before_body() && !what.source_begun) {
            what.may_ask_before_body = false;
        } else if (reused && result.status() == 408 && !result.parser->keep_alive() && what.repeatable()) {
            // It is the kept connection that waited for too long (RFC 9110, section 15.5.9).
        } else {
            result.reused = reused;
            break;
        }
        from.replace();
    }
    by.clear_step_deadline();
    check_framing(result);
    if (via && via->answers_for(what.at.from) && result.status() == 407) {
        throw proxy_failure(*via, result.parser->get());
    }
    result.received = 0;
    result.asked_gzip = what.asks_gzip;
    result.may_be_kept = may_be_kept(result);
    result.bodiless = has_no_body(what, result.status());
    result.from = std::move(from);
}

} // namespace tandem::http
