#ifndef TANDEM_SRC_HTTP_CONNECTION_CONNECTION_HPP
#define TANDEM_SRC_HTTP_CONNECTION_CONNECTION_HPP

#include "http/connection/tls_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace tandem::http {

/// One stream for both schemes, so that HTTP is compiled once. Used by one transfer at a time.
class connection
{
public:
    using executor_type = boost::asio::any_io_executor;
    using socket_type = tls_stream::socket_type;

    explicit connection(const executor_type& executor) : socket_(executor) {}

    executor_type get_executor() { return socket_.get_executor(); }

    /// From here on all goes through TLS, over what there is: to a proxy, and in a tunnel through it to the server. The
    /// handshake is the caller's. Throws `failure`.
    tls_stream& add_tls(boost::asio::ssl::context& settings);

    socket_type& socket() noexcept { return socket_; }

    void close() noexcept;

    /// Closed, and as new.
    void reset() noexcept;

    /// Whether nothing has come from the server since its last response: no bytes, no end of the connection.
    bool quiet();

    /// At least one byte, or an error.
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer to, boost::system::error_code& error);

    /// What has come, until there are `enough` bytes; `asio::error::would_block` where nothing has. An error after
    /// bytes is left to the next call. No buffer waits then with each connection, and the one that all use stays in the
    /// processor's cache.
    std::size_t read_now(boost::asio::mutable_buffer to, std::size_t enough, boost::system::error_code& error);

    /// Until `read_now` is worth another call.
    boost::asio::awaitable<void> wait(boost::system::error_code& error);

    boost::asio::awaitable<void> write(std::string_view bytes, boost::system::error_code& error);

    /// As much as there is room for now; `asio::error::would_block` where there is none, and then whether it is room
    /// that is waited for, and not bytes. The next write, if there is one, is of what is left.
    std::size_t write_now(std::string_view bytes, bool& wants_room, boost::system::error_code& error);

    /// Until bytes have come, or there is room for some where that is wanted, or that time has. Also ends when it is
    /// closed.
    boost::asio::awaitable<void> wait_for_any(bool wants_room, std::chrono::steady_clock::time_point latest);

    boost::beast::flat_buffer buffer; ///< received, not yet parsed
    bool connected = false;           ///< ready for a request
    bool reused = false;              ///< has delivered a response before
    std::chrono::steady_clock::time_point idle_since{};

private:
    socket_type socket_;
    std::unique_ptr<tls_stream> tls_{};
};

} // namespace tandem::http

#endif
