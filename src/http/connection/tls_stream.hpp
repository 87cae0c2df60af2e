#ifndef TANDEM_SRC_HTTP_CONNECTION_TLS_STREAM_HPP
#define TANDEM_SRC_HTTP_CONNECTION_TLS_STREAM_HPP

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

#include <openssl/ssl.h>

namespace tandem::http {

/// A client's TLS over a socket that does not block, with the socket below OpenSSL: asio::ssl::stream, whose buffers
/// are, takes one record of 16 KiB at a time and copies it twice more. Or over another TLS: that of the proxy which a
/// tunnel leads through.
class tls_stream
{
public:
    using socket_type = boost::asio::generic::stream_protocol::socket; ///< TCP's, or a Unix domain's

    /// `over` must outlive it and stay where it is; all goes through `below` where there is one. Throws `failure`.
    tls_stream(SSL_CTX* settings, socket_type& over, std::unique_ptr<tls_stream> below);
    tls_stream(const tls_stream&) = delete;
    tls_stream& operator=(const tls_stream&) = delete;

    SSL* native_handle() const noexcept { return session_.get(); }

    /// Whether bytes have come that no read has delivered yet.
    bool has_pending() const noexcept
    {
        return SSL_has_pending(session_.get()) == 1 || (link_.below && link_.below->has_pending());
    }

    boost::asio::awaitable<void> handshake(boost::system::error_code& error);

    /// At least one byte, or an error: `asio::error::eof` is the server's own end,
    /// `asio::ssl::error::stream_truncated` one that anybody may have made.
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer to, boost::system::error_code& error);

    /// What has come, until there are `enough` bytes; `asio::error::would_block` where nothing has. An error after
    /// bytes is left to the next call.
    std::size_t read_now(boost::asio::mutable_buffer to, std::size_t enough, boost::system::error_code& error);

    /// Until what would have blocked is worth another call.
    boost::asio::awaitable<void> wait(boost::system::error_code& error);

    boost::asio::awaitable<void> write(std::string_view bytes, boost::system::error_code& error);

    /// As much as there is room for now; `asio::error::would_block` where there is none. The next write, if there is
    /// one, is of what is left.
    std::size_t write_now(std::string_view bytes, boost::system::error_code& error);

    /// What the last call that would have blocked waits for.
    socket_type::wait_type blocked_by() const noexcept
    {
        return link_.below ? link_.below->blocked_by() : blocked_by_;
    }

    /// What OpenSSL sees below it, and what that said last.
    struct link
    {
        socket_type& socket;
        std::unique_ptr<tls_stream> below;
        boost::system::error_code error{};

        std::size_t receive(boost::asio::mutable_buffer to);
        std::size_t send(boost::asio::const_buffer from);
    };

private:
    struct freer
    {
        void operator()(SSL* session) const noexcept { SSL_free(session); }
    };

    /// What `step`, which returns 1 when it is done, has come to.
    template <class Step>
    boost::system::error_code try_once(Step&& step);

    /// Until it is done, or fails.
    template <class Step>
    boost::asio::awaitable<void> repeat(Step step, boost::system::error_code& error);

    link link_;
    socket_type::wait_type blocked_by_ = socket_type::wait_read; ///< what would have blocked last
    std::unique_ptr<SSL, freer> session_;
};

} // namespace tandem::http

#endif
