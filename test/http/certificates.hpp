#ifndef TANDEM_TEST_HTTP_CERTIFICATES_HPP
#define TANDEM_TEST_HTTP_CERTIFICATES_HPP

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace test {

/// A certificate authority made on the spot.
class authority
{
public:
    authority();

    /// For tandem::http::client_options::ca_file.
    void write(const std::filesystem::path& to) const;

    /// A server's context for a certificate with these subject alternative names, such as "DNS:localhost,IP:127.0.0.1".
    /// Valid from now for `seconds`, which may be negative.
    boost::asio::ssl::context server(const std::string& names, long seconds = 3600) const;

    /// The same for a server that reads files: the certificate, and its key.
    void write_server(const std::string& names, const std::filesystem::path& certificate,
                      const std::filesystem::path& key) const;

private:
    std::shared_ptr<X509> issue(EVP_PKEY* key, const std::string& names, long seconds) const;

    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
};

/// A server's context for a certificate that no authority vouches for.
boost::asio::ssl::context self_signed(const std::string& names);

} // namespace test

#endif
