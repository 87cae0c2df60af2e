#include "http/connection/connection.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;

namespace tandem::http {

tls_stream& connection::add_tls(asio::ssl::context& settings)
{
    tls_ = std::make_unique<tls_stream>(settings.native_handle(), socket_, std::move(tls_));
    return *tls_;
}

void connection::close() noexcept
{
    error_code ignored;
    socket_.close(ignored);
}

void connection::reset() noexcept
{
    close();
    tls_.reset();
    buffer.clear();
}

bool connection::quiet()
{
    if (tls_ && tls_->has_pending()) {
        return false;
    }
    error_code error;
    char byte = 0;
    socket_.receive(asio::buffer(&byte, 1), socket_type::message_peek, error);
    return error == asio::error::would_block;
}

asio::awaitable<std::size_t> connection::read_some(asio::mutable_buffer to, error_code& error)
{
    if (tls_) {
        return tls_->read_some(to, error);
    }
    return socket_.async_read_some(to, asio::redirect_error(asio::use_awaitable, error));
}

std::size_t connection::read_now(asio::mutable_buffer to, std::size_t enough, error_code& error)
{
    // A plain socket gives all it has, or as much as there is room for.
    return tls_ ? tls_->read_now(to, enough, error) : socket_.read_some(to, error);
}

asio::awaitable<void> connection::wait(error_code& error)
{
    if (tls_) {
        return tls_->wait(error);
    }
    return socket_.async_wait(socket_type::wait_read, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> connection::write(std::string_view bytes, error_code& error)
{
    if (tls_) {
        co_await tls_->write(bytes, error);
        co_return;
    }
    auto from = asio::buffer(bytes.data(), bytes.size());
    // A request mostly fits into the socket's buffer.
    const std::size_t written = socket_.write_some(from, error);
    if (error == asio::error::would_block) {
        error = {};
    }
    if (!error && written < bytes.size()) {
        co_await asio::async_write(socket_, from + written, asio::redirect_error(asio::use_awaitable, error));
    }
}

std::size_t connection::write_now(std::string_view bytes, bool& wants_room, error_code& error)
{
    if (!tls_) {
        wants_room = true;
        return socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    }
    const std::size_t size = tls_->write_now(bytes, error);
    wants_room = tls_->blocked_by() == socket_type::wait_write;
    return size;
}

asio::awaitable<void> connection::wait_for_any(bool wants_room, std::chrono::steady_clock::time_point latest)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto woken = std::make_shared<asio::steady_timer>(executor, latest);
    const auto wake = [&] { return asio::bind_executor(executor, [woken](error_code) { woken->cancel(); }); };
    socket_.async_wait(socket_type::wait_read, wake());
    if (wants_room) {
        socket_.async_wait(socket_type::wait_write, wake());
    }
    error_code cancelled;
    co_await woken->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    socket_.cancel(cancelled);
}

} // namespace tandem::http
