#ifndef TANDEM_SRC_HTTP_EXCHANGE_EXCHANGE_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_EXCHANGE_HPP

#include "http/client_state.hpp"
#include "http/connection/connection_pool.hpp"
#include "http/exchange/header.hpp"
#include "http/exchange/question.hpp"
#include "http/transfer.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/field.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::http {

/// A response whose header has been read, and the connection that its body comes from.
struct answer
{
    connection_pool::lease from{};
    std::optional<response_parser> parser{};
    bool reused = false;        ///< it came over a kept connection
    bool cut_off = false;       ///< it came before all of the request was sent: the connection is of no more use
    bool may_be_kept = false;   ///< the connection, by the header
    bool bodiless = false;      ///< by the rules: to HEAD, and with 204 and 304
    bool asked_gzip = false;    ///< a gzip body is to be decoded
    std::uint64_t received = 0; ///< bytes of the body so far, as they came: before decoding

    /// Closes the connection, unless it has been given back.
    void reset()
    {
        from = {};
        parser.reset();
        received = 0;
    }

    unsigned status() const { return parser->get().result_int(); }

    /// As the server words it, fit to be printed.
    std::string reason() const;

    /// The value of the first field of that name; nothing where there is none.
    std::optional<std::string_view> field(boost::beast::http::field name) const;

    /// The values of all fields of that name, as one list; nothing where there is none.
    std::optional<std::string> all(boost::beast::http::field name) const;

    /// The first value of the field that is neither absent nor `allowed`; empty where there is none.
    std::string other_than(std::string_view allowed, boost::beast::http::field name) const;

    /// What the header promises, also where there is no body by the rules (to HEAD, and with 304). Nothing where the
    /// body is chunked or ends with the connection.
    std::optional<std::uint64_t> content_length() const;

    /// The body is gzip alone, which may have been asked for or not.
    bool is_gzip() const;

    /// The body is gzip, and to be decoded.
    bool decodes() const { return asked_gzip && is_gzip(); }

    /// What the server says in Content-Encoding of the body as it is delivered, which is not decoded; fit to be
    /// printed. Nothing where there is no such field, or only "identity".
    std::optional<std::string> encoding() const;
};

/// Asks and reads the header of the answer, of any final status, into `result`: one exchange, redirects not followed.
/// Where the server does not know what to do with an expectation (417), it asks again without. Throws `failure`.
boost::asio::awaitable<void> ask(detail::client_state& client, transfer& by, question& what, answer& result);

} // namespace tandem::http

#endif
