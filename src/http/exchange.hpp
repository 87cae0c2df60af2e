#ifndef TANDEM_SRC_HTTP_EXCHANGE_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_HPP

#include "http/connection_pool.hpp"
#include "http/transfer.hpp"
#include "http/url.hpp"

#include <tandem/http/options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tandem::http {

/// A response whose header has been read, and the connection that its body comes from.
struct response
{
    connection_pool::lease from{};
    std::optional<boost::beast::http::response_parser<boost::beast::http::buffer_body>> parser{};
    bool reused = false;

    /// Closes the connection, unless it has been given back.
    void reset()
    {
        from = {};
        parser.reset();
    }

    /// The first value of the field that is neither absent nor `allowed`; empty where there is none.
    std::string other_than(std::string_view allowed, boost::beast::http::field name) const;

    unsigned status() const { return parser->get().result_int(); }
};

/// Asks for `what` and reads the header of the answer into `result`. Throws `failure`.
boost::asio::awaitable<void> request(connection_pool& pool, transfer& by, const client_options& options,
                                     std::chrono::milliseconds idle_timeout, const location& what, response& result);

/// Reads the whole body in pieces, gives the connection back if it may be used again. What `sink` throws goes through.
/// Throws `failure` unless every byte promised came, and none else.
boost::asio::awaitable<void> read_body(transfer& by, std::chrono::milliseconds idle_timeout, response& from,
                                       const std::function<void(std::span<const char>)>& sink);

/// Reads past a body that nobody wants, if it is short, so that its connection can be used again.
boost::asio::awaitable<void> skip_body(transfer& by, response& from);

} // namespace tandem::http

#endif
