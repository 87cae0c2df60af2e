#ifndef TANDEM_SRC_HTTP_CONNECTION_TLS_HPP
#define TANDEM_SRC_HTTP_CONNECTION_TLS_HPP

#include "http/url.hpp"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace tandem::http {

class tls_sessions;

/// A client's TLS: 1.2 at least, certificates verified, sessions resumed, unless its user says otherwise.
class tls_settings
{
public:
    using configuration = std::function<void(boost::asio::ssl::context&)>;

    /// Throws `boost::system::system_error` where `ca_file` is given and cannot be used, and what `configure` throws.
    tls_settings(const std::filesystem::path& ca_file, const configuration& configure);

    /// The system's store takes tens of milliseconds to load, and OpenSSL a few to begin with, so both wait for the
    /// first https URL, unless somebody is to configure them. Thread-safe. Throws `failure`.
    boost::asio::ssl::context& context();

    /// Before the handshake with `peer`: asks for its host, accepts a certificate for that host only, and resumes the last
    /// session with it, as long as there is one. Whether it does. Thread-safe. Throws `failure`.
    bool prepare(SSL* session, const origin& peer, bool is_proxy, bool may_resume);

private:
    /// Of the context's: SSL_CTX_set_client_cert_cb.
    using certificate_callback = int (*)(SSL*, X509**, EVP_PKEY**);

    std::once_flag loaded_;
    std::optional<boost::asio::ssl::context> context_{};
    std::shared_ptr<tls_sessions> sessions_;
    certificate_callback users_certificate_ = nullptr;
};

/// Why verification failed; empty where it did not.
std::string verify_failure(const SSL* session);

} // namespace tandem::http

#endif
