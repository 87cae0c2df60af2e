#ifndef TANDEM_HTTP_REQUEST_HPP
#define TANDEM_HTTP_REQUEST_HPP

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::http {

/// An answer, of whatever status.
struct response
{
    std::string url{}; ///< where it came from, after redirects
    unsigned status = 0;
    std::string reason{};                ///< as the server words it
    std::vector<header_field> headers{}; ///< in the order in which they came
    std::string body{};                  ///< gzip is decoded where `transfer_options::compressed` was asked for
    std::optional<std::string> encoding{}; ///< the Content-Encoding that `body` is in, which nobody decoded
    unsigned redirects = 0;              ///< followed
    bool reused_connection = false;
    std::uint64_t sent = 0;     ///< bytes of the request's body, as often as it was sent
    std::uint64_t received = 0; ///< bytes of the body, before decoding
    transfer_times times{};
    std::chrono::steady_clock::duration elapsed{}; ///< from the start to the end

    /// The value of the first field of that name, in letters of any case.
    std::optional<std::string_view> header(std::string_view name) const noexcept;
};

/// What `basic_client::async_request` asks for. Its functions are called on a strand of the client's, one call at a
/// time; a cancellation of the request cancels what they return (`terminal`), whose end is waited for. What they throw
/// is the request's error as it is. Their time counts for `transfer_options::total_timeout` alone.
struct request
{
    std::string url{};
    std::string method = "GET"; ///< a token, in capitals as all known ones are; CONNECT is not for here

    /// Sent with its Content-Length where it is not empty, or the method is POST, PUT or PATCH. One of more than 1 MiB
    /// is announced (Expect: 100-continue), and sent when the server wants it or has said nothing for a second; a field
    /// Expect in the options leaves that to the user. It is not sent on once the server has answered with an error or a
    /// redirect. After a success (below 300) it is (RFC 9112, section 9.5): a server that closes the connection before it has
    /// all of it fails the request (`errc::connection_closed`). What comes of the answer's body meanwhile is held in
    /// memory, up to `max_body_size` and 64 MiB at most (`errc::body_too_large`), also where there is a sink.
    std::string body{};

    /// Gives the pieces of a body in place of `body`, and at its end, after which it is not called again, an empty one.
    /// An answer is looked for between two calls. As it can be read only once, what needs a body twice fails: a
    /// redirect that keeps the method (`errc::source_not_repeatable`), a kept connection that the server had closed
    /// (`errc::connection_closed`).
    std::function<boost::asio::awaitable<std::string>()> source{};

    /// The bytes that `source` gives in all: another number is `errc::source_size_mismatch`. Nothing: they are sent in
    /// chunks.
    std::optional<std::uint64_t> source_size{};

    /// Takes the answer's body piece by piece in place of `response::body`: no more is read before it has returned.
    /// `head` is the answer without its body, `piece` is not empty, and both are valid until then. A piece is 256 KiB
    /// at most, or what decoding makes of 64 KiB. Not called for redirects that are followed.
    std::function<boost::asio::awaitable<void>(const response& head, std::string_view piece)> sink{};

    /// The answer's body is held in memory, unless there is a sink. The fields may name a Range and an If-Range, unless
    /// `compressed` is set: a part of what is encoded cannot be decoded.
    transfer_options options{.max_body_size = 64 * 1024 * 1024};
};

} // namespace tandem::http

#endif
