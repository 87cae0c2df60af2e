#include "http/exchange/body.hpp"

#include "http/exchange/chunk_extension.hpp"
#include "http/exchange/gzip_decoder.hpp"
#include "http/exchange/speed_watch.hpp"
#include "http/time_limit.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace tandem::http {
namespace {

constexpr std::size_t parsed_at_once = 64 * 1024;
constexpr std::size_t decoded_at_once = 16 * 1024; ///< for a sink that is emptied
constexpr std::size_t skip_at_most = 64 * 1024;
constexpr std::chrono::seconds skip_for(2); ///< in all: a new connection takes less
constexpr int reads_at_once = 4; // of a buffer each
constexpr std::size_t shortest_last_chunk = 5; ///< a zero and two line ends: the parser asserts so much once it has seen one

failure body_failure(const error_code& error, const answer& from)
{
    std::string so_far = std::to_string(from.received);
    if (const auto promised = from.content_length()) {
        so_far += " of " + std::to_string(*promised);
    }
    so_far += " bytes received";
    if (is_early_end(error)) {
        return failure(errc::truncated_body, so_far, from.status());
    }
    if (is_protocol_error(error)) {
        return failure(errc::malformed_response, so_far + ", " + describe_protocol_error(error), from.status());
    }
    return failure(error, so_far, from.status());
}

bool has_line_end(asio::const_buffer bytes)
{
    return std::memchr(bytes.data(), '\n', bytes.size()) != nullptr;
}

/// One body on its way: what the reads below share.
class body_transfer
{
public:
    body_transfer(detail::client_state& client, transfer& by, const transfer_options& options, answer& from,
                  const sink& to, const drain& emptied, transfer::clock::time_point latest)
        : client_(client), by_(by), options_(options), from_(from), to_(to), emptied_(emptied), latest_(latest),
          watch_(options.min_rate, options.min_rate_period, transfer::clock::now()),
          excused_(by.lost_time(transfer::clock::now()))
    {
    }

    /// For the next read, which has until then.
    void set_deadline()
    {
        const auto now = transfer::clock::now();
        excuse_lost_time(now);
        const auto idle = std::min(latest_, deadline(options_.idle_timeout, now));
        const auto slow = watch_.due();
        by_.set_step_deadline(std::min(idle, slow), slow < idle ? errc::too_slow : errc::idle_timeout);
    }

    /// How much the next read may take: with a rate, so much that pauses are short; for a sink that is emptied, so much
    /// that what decoding makes of it can be held.
    std::size_t at_most(std::size_t size) const
    {
        if (emptied_ && from_.decodes()) {
            size = std::min(size, decoded_at_once);
        }
        return client_.rate.limited()
                   ? static_cast<std::size_t>(std::clamp<std::uint64_t>(client_.options.max_rate / 10, 1024, size))
                   : size;
    }

    void take(std::span<const char> bytes)
    {
        if (bytes.empty()) {
            return;
        }
        from_.received += bytes.size();
        if (from_.received > options_.max_body_size) {
            throw failure(errc::body_too_large, {}, from_.status());
        }
        to_(bytes);
    }

    /// After what a read brought.
    asio::awaitable<void> keep_pace(std::size_t received)
    {
        const auto now = transfer::clock::now();
        excuse_lost_time(now);
        if (!watch_.add(received, now)) {
            throw failure(errc::too_slow, std::to_string(from_.received) + " bytes received", from_.status());
        }
        const auto go_on = client_.rate.take(received, now);
        if (go_on > now) {
            co_await by_.pause_until(go_on);
            const auto pause = transfer::clock::now() - now;
            watch_.excuse(pause);
            by_.held_back += pause;
        }
    }
    /// After what was taken.
    asio::awaitable<void> drain_sink()
    {
        const auto begin = transfer::clock::now();
        co_await emptied_();
        by_.check();
        const auto end = transfer::clock::now();
        excuse_lost_time(end);
        watch_.excuse(end - begin);
    }

    bool paced() const { return client_.rate.limited() || options_.min_rate > 0; }

    asio::awaitable<void> next_turn(error_code& error);
    asio::awaitable<void> read_sized(std::uint64_t left);
    std::size_t read_piece(std::uint64_t& left, error_code& error);
    asio::awaitable<void> read_parsed();

private:
    void excuse_lost_time(transfer::clock::time_point now)
    {
        const auto lost = by_.lost_time(now);
        watch_.excuse(lost - excused_);
        excused_ = lost;
    }

    detail::client_state& client_;
    transfer& by_;
    const transfer_options& options_;
    answer& from_;
    const sink& to_;
    const drain& emptied_;
    const transfer::clock::time_point latest_; ///< all of it
    speed_watch watch_;
    transfer::clock::duration excused_; ///< of the transfer's lost time
    int reads_ = 0;                     ///< since others had a turn
};

/// After a read that nothing, or all that was wanted, has come of: before the next one.
asio::awaitable<void> body_transfer::next_turn(error_code& error)
{
    if (error == asio::error::would_block) {
        set_deadline();
        co_await from_.from->wait(error);
        reads_ = 0;
    } else if (++reads_ == reads_at_once) {
        // A server that is quick enough must not keep all else on this thread waiting.
        set_deadline();
        co_await asio::post(by_.get_executor(), asio::use_awaitable);
        reads_ = 0;
    }
    by_.check();
}

/// A promised number of bytes, straight from the socket.
asio::awaitable<void> body_transfer::read_sized(std::uint64_t left)
{
    connection& stream = *from_.from;
    const std::size_t here = static_cast<std::size_t>(std::min<std::uint64_t>(left, stream.buffer.size()));
    take({static_cast<const char*>(stream.buffer.data().data()), here});
    stream.buffer.consume(here);
    left -= here;
    if (paced()) {
        co_await keep_pace(here);
    }
    if (emptied_) {
        co_await drain_sink();
    }
    while (left > 0) {
        error_code error;
        const std::size_t size = read_piece(left, error);
        if (paced() && size > 0) {
            co_await keep_pace(size);
        }
        if (emptied_ && size > 0) {
            co_await drain_sink();
        }
        if (left > 0 && (!error || error == asio::error::would_block)) {
            co_await next_turn(error);
        }
        if (error) {
            throw body_failure(error, from_);
        }
    }
}

/// What has come of it. A piece's buffer is used for as long as this takes, and so by all connections in turn.
std::size_t body_transfer::read_piece(std::uint64_t& left, error_code& error)
{
    const buffer_store::loan piece(client_.buffers);
    // One byte more than is left, to see one that was not promised.
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(left, UINT32_MAX)) + 1;
    const auto into = piece.bytes().first(std::min(most, at_most(piece.bytes().size())));
    const std::size_t size =
        from_.from->read_now(asio::buffer(into.data(), into.size()),
                             static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size())), error);
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, size));
    take({into.data(), wanted});
    left -= wanted;
    if (size > wanted) {
        throw failure(errc::body_too_long, std::to_string(from_.received) + " bytes were promised", from_.status());
    }
    return size;
}

/// Chunks, or all until the connection's end.
asio::awaitable<void> body_transfer::read_parsed()
{
    connection& stream = *from_.from;
    response_parser& parser = *from_.parser;
    const sink taking = [this](std::span<const char> bytes) { take(bytes); };
    parser.get().body() = &taking;
    parser.eager(true);
    std::size_t least = 1; // of what is there, for the parser to have use of it
    while (!parser.is_done()) {
        error_code error = beast::http::error::need_more;
        if (stream.buffer.size() >= least) {
            const std::size_t size = parser.put(stream.buffer.data(), error);
            stream.buffer.consume(size);
            least = size == 0 && has_line_end(stream.buffer.data()) ? shortest_last_chunk : 1;
            if (paced()) {
                co_await keep_pace(size);
            }
            if (emptied_) {
                co_await drain_sink();
            }
            const auto left = stream.buffer.data();
            if (error == beast::http::error::bad_chunk_extension &&
                drop_chunk_extension({static_cast<char*>(left.data()), left.size()})) {
                least = 1;
                continue;
            }
        }
        if (error == beast::http::error::need_more || (!error && !parser.is_done())) {
            const auto unfinished = stream.buffer.data();
            if (error == beast::http::error::need_more && parser.chunked() &&
                has_bare_line_end({static_cast<const char*>(unfinished.data()), unfinished.size()})) {
                throw body_failure(beast::http::error::bad_line_ending, from_);
            }
            if (stream.buffer.size() >= client_.options.max_header_size) {
                throw failure(errc::malformed_response, "a chunk's size or the trailer does not end", from_.status());
            }
            const std::size_t most = at_most(parsed_at_once);
            stream.buffer.commit(stream.read_now(stream.buffer.prepare(most), most, error));
            if (error == asio::error::eof) {
                error = {};
                parser.put_eof(error);
            } else if (!error || error == asio::error::would_block) {
                co_await next_turn(error);
            }
        }
        if (error) {
            throw body_failure(error, from_);
        }
    }
}

asio::awaitable<void> read_raw(detail::client_state& client, transfer& by, const transfer_options& options,
                               answer& from, const sink& to, const drain& emptied,
                               transfer::clock::time_point latest = transfer::clock::time_point::max())
{
    connection* const stream = &*from.from;
    {
        transfer::interrupt_scope scope(by, [stream] { stream->close(); });
        body_transfer body(client, by, options, from, to, emptied, latest);
        if (!from.parser->is_done()) {
            if (const auto length = from.content_length()) {
                co_await body.read_sized(*length);
            } else {
                co_await body.read_parsed();
            }
            by.clear_step_deadline();
        }
    }
    if (stream->buffer.size() > 0) {
        if (from.bodiless) {
            co_return; // a body where there can be none is nobody's, and the connection is of no more use
        }
        throw failure(errc::body_too_long, std::to_string(from.received) + " bytes were promised", from.status());
    }
    if (from.may_be_kept && !from.cut_off) {
        from.from.give_back();
    }
}

asio::awaitable<void> read_encoded(detail::client_state& client, transfer& by, const transfer_options& options,
                                   answer& from, const sink& to, const drain& emptied)
{
    gzip_decoder decoder(options.max_body_size, options.max_decoded_ratio);
    const sink decoding = [&](std::span<const char> bytes) { decoder.write(bytes, to); };
    co_await read_raw(client, by, options, from, decoding, emptied);
    if (from.received > 0) {
        decoder.finish();
    }
}

} // namespace

void check_body(const transfer_options& options, const answer& from)
{
    if (from.parser->is_done()) {
        return; // by the rules there is none
    }
    if (const auto encoding = from.encoding(); encoding && options.encoded == encoded_body::refuse) {
        throw failure(errc::unexpected_encoding, "Content-Encoding: " + (encoding->empty() ? "\"\"" : *encoding),
                      from.status());
    }
    const auto length = from.content_length();
    if (length && *length > options.max_body_size) {
        throw failure(errc::body_too_large, std::to_string(*length) + " bytes are promised", from.status());
    }
}

asio::awaitable<void> read_body(detail::client_state& client, transfer& by, const transfer_options& options,
                                answer& from, const sink& to, const drain& emptied)
{
    check_body(options, from);
    return from.decodes() ? read_encoded(client, by, options, from, to, emptied)
                          : read_raw(client, by, options, from, to, emptied);
}

asio::awaitable<void> skip_body(detail::client_state& client, transfer& by, answer& from)
{
    if (from.cut_off || !from.may_be_kept ||
        (!from.parser->is_done() && from.content_length().value_or(0) > skip_at_most)) {
        co_return;
    }
    transfer_options options;
    options.idle_timeout = std::chrono::milliseconds(0);
    options.max_body_size = skip_at_most;
    const auto latest = transfer::clock::now() + skip_for;
    const sink nowhere = [latest](std::span<const char>) {
        if (transfer::clock::now() >= latest) {
            throw failure(errc::idle_timeout); // also where no read waits
        }
    };
    try {
        co_await read_raw(client, by, options, from, nowhere, no_drain, latest);
    } catch (const failure&) {
        // Its connection is closed, and that is all.
        by.forgive(errc::idle_timeout);
    }
    by.clear_step_deadline();
}

} // namespace tandem::http
