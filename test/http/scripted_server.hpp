#ifndef TANDEM_TEST_HTTP_SCRIPTED_SERVER_HPP
#define TANDEM_TEST_HTTP_SCRIPTED_SERVER_HPP

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace test {

/// The server's end of one connection: raw bytes, blocking. Nothing here throws: a broken connection is part of a test.
class peer
{
public:
    peer(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls, int index);

    /// Counted from 0, in the order of arrival.
    int index() const { return index_; }

    /// Up to and with the empty line; empty at the end of the connection.
    std::string read_request();

    /// Of what comes, so many bytes; fewer at the end of the connection.
    std::string read(std::size_t size);

    /// Reads so many bytes, or to the end of the connection, and says how many there were.
    std::size_t discard(std::size_t size);

    bool send(std::string_view bytes);

    /// Ends with a FIN; over TLS without a close notification.
    void close();

    /// Over TLS the close notification, then `close`.
    void close_notify();

    /// Ends with a RST.
    void reset();

    /// Until the client closes.
    void wait_for_end();

    bool handshake();
    void interrupt();

private:
    std::size_t read_some(char* to, std::size_t size);

    std::mutex mutex_; // of closing
    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    int index_;
};

/// Runs a script for each connection, each on a thread of its own, and closes the connection when the script returns.
class scripted_server
{
public:
    using script = std::function<void(peer&)>;

    /// At a port of its own of `address`.
    explicit scripted_server(script each, boost::asio::ssl::context* tls = nullptr,
                             const std::string& address = "127.0.0.1");
    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;
    ~scripted_server();

    std::uint16_t port() const { return port_; }
    std::string url(std::string_view path, std::string_view host = "127.0.0.1") const;
    int connections() const { return connections_; }

private:
    void accept();

    script each_;
    boost::asio::ssl::context* tls_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    bool stopping_ = false;
    std::list<peer> peers_;
    std::list<std::thread> threads_;
    std::thread acceptor_thread_;
};

/// "HTTP/1.1 200 OK" with a Content-Length and `body`.
std::string ok(std::string_view body, std::string_view fields = {});

/// Answers every request of a connection with the same bytes.
scripted_server::script answer_always(std::string bytes);

/// Reads one request, sends `bytes`, closes.
scripted_server::script answer_once(std::string bytes);

/// Bytes with no short period, so that a piece lost or doubled shows.
std::string noise(std::size_t size);

} // namespace test

#endif
