#include "http/connection/tls_stream.hpp"

#include "http/failure.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>

#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;

namespace tandem::http {
namespace {

/// Not OpenSSL's own over a socket, which raises SIGPIPE.
tls_stream::link& link_of(BIO* bio)
{
    return *static_cast<tls_stream::link*>(BIO_get_data(bio));
}

int read_from_socket(BIO* bio, char* to, std::size_t size, std::size_t* done)
{
    BIO_clear_retry_flags(bio);
    tls_stream::link& from = link_of(bio);
    *done = from.receive(asio::buffer(to, size));
    if (from.error == asio::error::would_block) {
        BIO_set_retry_read(bio);
    }
    return from.error ? 0 : 1;
}

int write_to_socket(BIO* bio, const char* from, std::size_t size, std::size_t* done)
{
    BIO_clear_retry_flags(bio);
    tls_stream::link& to = link_of(bio);
    *done = to.send(asio::buffer(from, size));
    if (to.error == asio::error::would_block) {
        BIO_set_retry_write(bio);
    }
    return to.error ? 0 : 1;
}

/// Nothing is held back here, so there is nothing to be flushed.
long control(BIO* /*bio*/, int what, long /*number*/, void* /*pointer*/)
{
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method()
{
    static BIO_METHOD* const method = [] {
        BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        if (made) {
            BIO_meth_set_read_ex(made, read_from_socket);
            BIO_meth_set_write_ex(made, write_to_socket);
            BIO_meth_set_ctrl(made, control);
        }
        return made;
    }();
    return method;
}

/// Of a step that ended with `reason`, which is neither to be repeated nor done.
error_code error_of(int reason, const error_code& of_socket)
{
    if (reason == SSL_ERROR_ZERO_RETURN) {
        return asio::error::eof;
    }
    if (reason == SSL_ERROR_SYSCALL && of_socket) {
        return of_socket == asio::error::eof ? error_code(asio::ssl::error::stream_truncated) : of_socket;
    }
    const unsigned long why = ERR_get_error();
    return why != 0 ? error_code(static_cast<int>(why), asio::error::get_ssl_category())
                    : error_code(asio::ssl::error::unspecified_system_error);
}

} // namespace

template <class Step>
error_code tls_stream::try_once(Step&& step)
{
    ERR_clear_error();
    const int result = step();
    if (result == 1) {
        return {};
    }
    const int reason = SSL_get_error(session_.get(), result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        blocked_by_ = reason == SSL_ERROR_WANT_READ ? socket_type::wait_read : socket_type::wait_write;
        return asio::error::would_block;
    }
    return error_of(reason, link_.error);
}

std::size_t tls_stream::link::receive(asio::mutable_buffer to)
{
    return below ? below->read_now(to, 1, error) : socket.receive(to, 0, error);
}

std::size_t tls_stream::link::send(asio::const_buffer from)
{
    return below ? below->write_now({static_cast<const char*>(from.data()), from.size()}, error)
                 : socket.send(from, 0, error);
}

tls_stream::tls_stream(SSL_CTX* settings, socket_type& over, std::unique_ptr<tls_stream> below)
    : link_{over, std::move(below)}, session_(SSL_new(settings))
{
    const BIO_METHOD* const method = socket_method();
    BIO* const bio = method ? BIO_new(method) : nullptr;
    if (!session_ || !bio) {
        BIO_free(bio);
        throw failure(make_error_code(boost::system::errc::not_enough_memory), "no TLS session");
    }
    BIO_set_data(bio, &link_);
    BIO_set_init(bio, 1);
    SSL_set_bio(session_.get(), bio, bio);
    SSL_set_connect_state(session_.get());
    // A write may take a part, and what is left may be written from elsewhere.
    SSL_set_mode(session_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

template <class Step>
asio::awaitable<void> tls_stream::repeat(Step step, error_code& error)
{
    while ((error = try_once(step)) == asio::error::would_block) {
        co_await wait(error);
        if (error) {
            co_return;
        }
    }
}

asio::awaitable<void> tls_stream::handshake(error_code& error)
{
    return repeat([this] { return SSL_do_handshake(session_.get()); }, error);
}

asio::awaitable<std::size_t> tls_stream::read_some(asio::mutable_buffer to, error_code& error)
{
    std::size_t size = 0;
    co_await repeat([&] { return SSL_read_ex(session_.get(), to.data(), to.size(), &size); }, error);
    co_return size;
}

std::size_t tls_stream::read_now(asio::mutable_buffer to, std::size_t enough, error_code& error)
{
    std::size_t size = 0;
    do {
        const asio::mutable_buffer rest = to + size;
        std::size_t more = 0;
        error = try_once([&] { return SSL_read_ex(session_.get(), rest.data(), rest.size(), &more); });
        size += more;
    } while (!error && size < enough);
    if (size != 0) {
        error = {};
    }
    return size;
}

asio::awaitable<void> tls_stream::wait(error_code& error)
{
    if (link_.below) {
        return link_.below->wait(error);
    }
    return link_.socket.async_wait(blocked_by_, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> tls_stream::write(std::string_view bytes, error_code& error)
{
    error = {};
    while (!bytes.empty() && !error) {
        std::size_t size = 0;
        co_await repeat([&] { return SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &size); }, error);
        bytes.remove_prefix(size);
    }
}

std::size_t tls_stream::write_now(std::string_view bytes, error_code& error)
{
    std::size_t size = 0;
    error = try_once([&] { return SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &size); });
    return size;
}

} // namespace tandem::http
