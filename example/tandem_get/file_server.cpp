#include "tandem_get/file_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <optional>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace fs = std::filesystem;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds idle_limit(30);

/// The file that a request's target names, if it is one below the root, links followed.
std::optional<fs::path> find_file(const fs::path& root, std::string_view target)
{
    const auto parsed = boost::urls::parse_origin_form(target);
    if (!parsed) {
        return std::nullopt;
    }
    fs::path relative;
    for (const std::string& segment : parsed->segments()) {
        relative /= fs::path(segment).relative_path();
    }
    std::error_code error;
    const fs::path file = fs::canonical(root / relative, error);
    if (error || !fs::is_regular_file(file, error)) {
        return std::nullopt;
    }
    const auto [end_of_root, rest] = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
    return end_of_root == root.end() ? std::optional(file) : std::nullopt;
}

template <class Response>
beast::http::message_generator prepared(Response response, const beast::http::request<beast::http::empty_body>& request)
{
    response.version(request.version());
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    return beast::http::message_generator(std::move(response));
}

beast::http::message_generator answer(const fs::path& root, const beast::http::request<beast::http::empty_body>& request)
{
    const bool is_get = request.method() == beast::http::verb::get;
    const auto file = is_get ? find_file(root, request.target()) : std::nullopt;
    beast::http::response<beast::http::file_body> found;
    error_code error;
    if (file) {
        found.body().open(file->c_str(), beast::file_mode::scan, error);
        if (!error) {
            return prepared(std::move(found), request);
        }
    }
    beast::http::response<beast::http::string_body> sorry;
    sorry.result(is_get ? beast::http::status::not_found : beast::http::status::method_not_allowed);
    sorry.body() = "no such file\n";
    return prepared(std::move(sorry), request);
}

asio::awaitable<void> serve(std::shared_ptr<beast::tcp_stream> stream, fs::path root)
{
    beast::flat_buffer buffer;
    error_code error;
    while (!error) {
        beast::http::request<beast::http::empty_body> request;
        stream->expires_after(idle_limit);
        co_await beast::http::async_read(*stream, buffer, request, asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            stream->expires_after(idle_limit);
            beast::http::message_generator reply = answer(root, request);
            const bool is_last = !reply.keep_alive();
            co_await beast::async_write(*stream, std::move(reply), asio::redirect_error(asio::use_awaitable, error));
            if (is_last) {
                break;
            }
        }
    }
    stream->close();
}

} // namespace

class file_server::listener : public std::enable_shared_from_this<listener>
{
public:
    listener(const asio::any_io_executor& executor, const fs::path& root)
        : executor_(executor), root_(fs::canonical(root)),
          acceptor_(asio::make_strand(executor), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port_(acceptor_.local_endpoint().port())
    {
    }

    void start() { asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()), asio::detached); }

    void stop()
    {
        asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
            self->acceptor_.close();
            for (const std::weak_ptr<beast::tcp_stream>& session : self->sessions_) {
                if (auto stream = session.lock()) {
                    asio::post(stream->get_executor(), [stream] { stream->close(); });
                }
            }
        });
    }

    std::uint16_t port() const { return port_; }

private:
    static asio::awaitable<void> accept(std::shared_ptr<listener> self)
    {
        while (self->acceptor_.is_open()) {
            auto strand = asio::make_strand(self->executor_);
            auto stream = std::make_shared<beast::tcp_stream>(strand);
            error_code error;
            co_await self->acceptor_.async_accept(stream->socket(), asio::redirect_error(asio::use_awaitable, error));
            if (!error) {
                stream->socket().set_option(tcp::no_delay(true), error);
                std::erase_if(self->sessions_, [](const auto& session) { return session.expired(); });
                self->sessions_.push_back(stream);
                asio::co_spawn(strand, serve(stream, self->root_), asio::detached);
            } else {
                // Out of descriptors, most likely: it passes.
                asio::steady_timer pause(self->acceptor_.get_executor(), std::chrono::milliseconds(50));
                co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            }
        }
    }

    const asio::any_io_executor executor_;
    const fs::path root_;
    tcp::acceptor acceptor_;
    const std::uint16_t port_;
    std::list<std::weak_ptr<beast::tcp_stream>> sessions_; // on the acceptor's strand
};

file_server::file_server(const asio::any_io_executor& executor, const fs::path& root)
    : listener_(std::make_shared<listener>(executor, root))
{
    listener_->start();
}

file_server::~file_server()
{
    listener_->stop();
}

std::string file_server::url(const fs::path& file) const
{
    boost::urls::url result;
    result.set_scheme("http").set_encoded_host("127.0.0.1").set_port_number(listener_->port());
    result.set_path('/' + file.generic_string());
    return std::string(result.buffer());
}
