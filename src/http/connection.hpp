#ifndef TANDEM_SRC_HTTP_CONNECTION_HPP
#define TANDEM_SRC_HTTP_CONNECTION_HPP

#include "http/url.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstddef>
#include <utility>
#include <variant>

namespace tandem::http {

/// One stream for both schemes, so that HTTP is compiled once. Used by one download at a time.
class connection
{
public:
    using executor_type = boost::asio::any_io_executor;
    using socket_type = boost::asio::ip::tcp::socket;
    using tls_type = boost::asio::ssl::stream<socket_type>;

    /// Plain where `tls` is null.
    connection(const executor_type& executor, boost::asio::ssl::context* tls)
    {
        if (tls) {
            stream_.emplace<tls_type>(executor, *tls);
        } else {
            stream_.emplace<socket_type>(executor);
        }
    }

    executor_type get_executor() { return socket().get_executor(); }

    /// Null where it is plain.
    tls_type* tls() noexcept { return std::get_if<tls_type>(&stream_); }
    socket_type& socket() noexcept { return tls() ? tls()->next_layer() : *std::get_if<socket_type>(&stream_); }

    void close() noexcept
    {
        boost::system::error_code ignored;
        socket().close(ignored);
    }

    /// Whether nothing has come from the server since its last response: no bytes, no end of the connection.
    bool quiet()
    {
        boost::system::error_code error;
        if (!socket().is_open()) {
            return false;
        }
        socket().non_blocking(true, error);
        if (error) {
            return false;
        }
        char byte = 0;
        socket().receive(boost::asio::buffer(&byte, 1), socket_type::message_peek, error);
        return error == boost::asio::error::would_block;
    }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Buffers& to) {
                if (tls_type* stream = tls()) {
                    stream->async_read_some(to, std::move(handler));
                } else {
                    socket().async_read_some(to, std::move(handler));
                }
            },
            token, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Buffers& from) {
                if (tls_type* stream = tls()) {
                    stream->async_write_some(from, std::move(handler));
                } else {
                    socket().async_write_some(from, std::move(handler));
                }
            },
            token, buffers);
    }

    boost::beast::flat_buffer buffer; ///< received, not yet parsed
    bool connected = false;           ///< ready for a request
    bool reused = false;              ///< has delivered a response before
    std::chrono::steady_clock::time_point idle_since{};

private:
    std::variant<std::monostate, socket_type, tls_type> stream_;
};

} // namespace tandem::http

#endif
