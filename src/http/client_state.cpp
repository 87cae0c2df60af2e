#include "http/client_state.hpp"

#include "http/failure.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include <sys/un.h>

namespace asio = boost::asio;

namespace tandem::http::detail {
namespace {

const client_options& checked(const client_options& options)
{
    const auto require = [](bool condition, const char* what) {
        if (!condition) {
            throw std::invalid_argument(what);
        }
    };
    require(options.max_connections_per_host >= 1, "http::client_options: max_connections_per_host is at least 1");
    require(options.max_connections >= 1, "http::client_options: max_connections is at least 1");
    require(options.idle_connection_timeout.count() >= 0, "http::client_options: idle_connection_timeout is negative");
    require(options.connect_timeout.count() >= 0, "http::client_options: connect_timeout is negative");
    require(options.connection_attempt_delay.count() > 0,
            "http::client_options: connection_attempt_delay is more than zero");
    require(options.unix_socket.native().size() < sizeof(sockaddr_un::sun_path),
            "http::client_options: unix_socket is too long for the path of a socket");
    require(options.max_header_size >= 1024 && options.max_header_size <= 16 * 1024 * 1024,
            "http::client_options: max_header_size is between 1 KiB and 16 MiB");
    require(std::none_of(options.user_agent.begin(), options.user_agent.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }),
            "http::client_options: user_agent holds a control character");
    return options;
}

} // namespace

client_state::client_state(asio::any_io_executor on, const client_options& with)
    : executor(std::move(on)), options(checked(with)), proxies(options.unix_socket.empty() ? options.proxy : proxy_options()),
      logins(options.netrc_file.empty() ? netrc() : netrc::read(options.netrc_file)), rate(options.max_rate),
      tls(options.ca_file, options.configure_tls), pool(std::make_shared<connection_pool>(executor, options))
{
}

std::shared_ptr<client_state> make_client_state(asio::any_io_executor executor, const client_options& options)
{
    return std::make_shared<client_state>(std::move(executor), options);
}

} // namespace tandem::http::detail
