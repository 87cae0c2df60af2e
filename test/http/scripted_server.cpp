#include "http/scripted_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <vector>

#include <sys/socket.h>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace test {

peer::peer(tcp::socket socket, asio::ssl::context* tls, int index) : socket_(std::move(socket)), index_(index)
{
    if (tls) {
        tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *tls);
    }
}

bool peer::handshake()
{
    boost::system::error_code error;
    if (tls_) {
        tls_->handshake(asio::ssl::stream_base::server, error);
    }
    return !error;
}

std::size_t peer::read_some(char* to, std::size_t size)
{
    boost::system::error_code error;
    const auto buffer = asio::buffer(to, size);
    return tls_ ? tls_->read_some(buffer, error) : socket_.read_some(buffer, error);
}

std::string peer::read_request()
{
    std::string result;
    char c = 0;
    while (!result.ends_with("\r\n\r\n")) {
        if (read_some(&c, 1) == 0) {
            return {};
        }
        result += c;
    }
    return result;
}

std::string peer::read(std::size_t size)
{
    std::string result;
    std::vector<char> buffer(64 * 1024);
    while (result.size() < size) {
        const std::size_t more = read_some(buffer.data(), std::min(buffer.size(), size - result.size()));
        if (more == 0) {
            break;
        }
        result.append(buffer.data(), more);
    }
    return result;
}

std::size_t peer::discard(std::size_t size)
{
    std::vector<char> buffer(64 * 1024);
    std::size_t all = 0;
    while (all < size) {
        const std::size_t more = read_some(buffer.data(), std::min(buffer.size(), size - all));
        if (more == 0) {
            break;
        }
        all += more;
    }
    return all;
}

bool peer::send(std::string_view bytes)
{
    boost::system::error_code error;
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if (tls_) {
        asio::write(*tls_, buffer, error);
    } else {
        asio::write(socket_, buffer, error);
    }
    return !error;
}

void peer::close()
{
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    // Closing with bytes unread would send a RST, which is another test.
    wait_for_end();
}

void peer::close_notify()
{
    if (tls_) {
        boost::system::error_code ignored;
        tls_->shutdown(ignored);
    }
    close();
}

void peer::reset()
{
    std::lock_guard guard(mutex_);
    boost::system::error_code ignored;
    socket_.set_option(tcp::socket::linger(true, 0), ignored);
    socket_.close(ignored);
}

void peer::wait_for_end()
{
    char buffer[4096];
    boost::system::error_code error;
    while (!error) {
        socket_.read_some(asio::buffer(buffer), error);
    }
}

void peer::interrupt()
{
    std::lock_guard guard(mutex_);
    if (socket_.is_open()) {
        ::shutdown(socket_.native_handle(), SHUT_RDWR);
    }
}

scripted_server::scripted_server(script each, asio::ssl::context* tls, const std::string& address)
    : each_(std::move(each)), tls_(tls), acceptor_(context_, tcp::endpoint(asio::ip::make_address(address), 0)),
      port_(acceptor_.local_endpoint().port()), acceptor_thread_([this] { accept(); })
{
}

scripted_server::~scripted_server()
{
    {
        std::lock_guard guard(mutex_);
        stopping_ = true;
        for (peer& one : peers_) {
            one.interrupt();
        }
    }
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    acceptor_thread_.join();
    for (std::thread& one : threads_) {
        one.join();
    }
}

void scripted_server::accept()
{
    for (;;) {
        boost::system::error_code error;
        tcp::socket socket(context_);
        acceptor_.accept(socket, error);
        std::lock_guard guard(mutex_);
        if (error || stopping_) {
            return;
        }
        peer& one = peers_.emplace_back(std::move(socket), tls_, connections_++);
        threads_.emplace_back([this, &one] {
            if (one.handshake()) {
                each_(one);
            }
            one.close();
        });
    }
}

std::string scripted_server::url(std::string_view path, std::string_view host) const
{
    return std::string(tls_ ? "https://" : "http://") + std::string(host) + ':' + std::to_string(port_) +
           std::string(path);
}

std::string ok(std::string_view body, std::string_view fields)
{
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

scripted_server::script answer_always(std::string bytes)
{
    return [bytes = std::move(bytes)](peer& client) {
        while (!client.read_request().empty() && client.send(bytes)) {
        }
    };
}

scripted_server::script answer_once(std::string bytes)
{
    return [bytes = std::move(bytes)](peer& client) {
        client.read_request();
        client.send(bytes);
    };
}

std::string noise(std::size_t size)
{
    std::string result(size, '\0');
    std::uint32_t state = 12345;
    for (char& c : result) {
        state = state * 1664525u + 1013904223u;
        c = static_cast<char>(state >> 24);
    }
    return result;
}

} // namespace test
