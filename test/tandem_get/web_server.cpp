#include "tandem_get/web_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;

namespace test {
namespace {

std::string find_nginx()
{
    for (const char* const place :
         {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"}) {
        if (::access(place, X_OK) == 0) {
            return place;
        }
    }
    throw std::runtime_error("there is no nginx here, which these tests need: install the package nginx-light");
}

/// Three that nobody listens on at the moment.
std::vector<unsigned> free_ports()
{
    asio::io_context context;
    std::vector<tcp::acceptor> held;
    std::vector<unsigned> result;
    for (int i = 0; i != 3; ++i) {
        held.emplace_back(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        result.push_back(held.back().local_endpoint().port());
    }
    return result;
}

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size()) {
        text.replace(at, what.size(), by);
    }
    return text;
}

constexpr const char* around = R"(
daemon off;
master_process off;
pid FOLDER/nginx.pid;
error_log FOLDER/error.log;
events { worker_connections 512; }
http {
    client_body_temp_path FOLDER/temporary;
    proxy_temp_path FOLDER/temporary;
    fastcgi_temp_path FOLDER/temporary;
    uwsgi_temp_path FOLDER/temporary;
    scgi_temp_path FOLDER/temporary;
    log_format own '$request $status $body_bytes_sent $ssl_protocol $connection "$http_range" "$http_if_range"';
    access_log FOLDER/access.log own;
    default_type application/octet-stream;
    root FOLDER/www;
    ssl_certificate FOLDER/server.pem;
    ssl_certificate_key FOLDER/server.key;
)";

} // namespace

web_server::web_server(const fs::path& folder, const std::string& servers) : folder_(folder)
{
    fs::create_directories(folder_ / "temporary");
    fs::create_directories(www());
    // Somebody else may take a port before nginx does.
    for (int attempt = 0; attempt != 5; ++attempt) {
        if (start(servers)) {
            return;
        }
    }
    throw std::runtime_error("nginx does not start: " + read_file(folder_ / "error.log") + nginx_->err());
}

bool web_server::start(const std::string& servers)
{
    const std::vector<unsigned> ports = free_ports();
    plain_ = ports[0];
    secure_ = ports[1];
    other_ = ports[2];
    std::string text = replaced(around + servers + "}\n", "FOLDER", folder_.string());
    text = replaced(text, "PLAIN", "127.0.0.1:" + std::to_string(plain_));
    text = replaced(text, "SECURE", "127.0.0.1:" + std::to_string(secure_));
    text = replaced(text, "OTHER", "127.0.0.1:" + std::to_string(other_));
    write_file(folder_ / "nginx.conf", text);
    nginx_ = std::make_unique<process>(std::vector<std::string>{find_nginx(), "-p", folder_.string(), "-e",
                                                                (folder_ / "error.log").string(), "-c",
                                                                (folder_ / "nginx.conf").string()},
                                       surroundings{.folder = folder_, .output = folder_ / "nginx"});
    while (nginx_->running()) {
        if (answers()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    nginx_->wait();
    return false;
}

bool web_server::answers() const
{
    asio::io_context context;
    tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(plain_)), error);
    return !error;
}

std::string web_server::url(const std::string& scheme, unsigned port, const std::string& path)
{
    return scheme + "://127.0.0.1:" + std::to_string(port) + path;
}

std::string web_server::log() const
{
    return read_file(folder_ / "access.log");
}

} // namespace test
