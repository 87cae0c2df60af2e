#ifndef TANDEM_SRC_HTTP_CONNECTION_TLS_HPP
#define TANDEM_SRC_HTTP_CONNECTION_TLS_HPP

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace tandem::http {

/// A client's TLS: 1.2 at least, certificates verified.
class tls_settings
{
public:
    /// Throws `boost::system::system_error` where `ca_file` is given and cannot be used.
    explicit tls_settings(const std::filesystem::path& ca_file);

    /// The system's store takes tens of milliseconds to load, and OpenSSL a few to begin with, so both wait for the
    /// first https URL. Thread-safe. Throws `failure`.
    boost::asio::ssl::context& context();

private:
    std::once_flag loaded_;
    std::optional<boost::asio::ssl::context> context_{};
};

/// Before the handshake: asks for the host `name` and accepts a certificate for it only. Throws `failure`.
void expect_host(SSL* session, const std::string& name);

/// Why verification failed; empty where it did not.
std::string verify_failure(const SSL* session);

} // namespace tandem::http

#endif
