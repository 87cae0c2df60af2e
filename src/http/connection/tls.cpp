#include "http/connection/tls.hpp"

#include "http/failure.hpp"
#include "http/syntax/host_name.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace asio = boost::asio;

namespace tandem::http {

namespace {

/// Of what has come of a stream, so much is taken from the socket at once: four of the largest records.
constexpr std::size_t read_ahead = 64 * 1024;

asio::ssl::context make_tls_context()
{
    asio::ssl::context result(asio::ssl::context::tls_client);
    SSL_CTX* const settings = result.native_handle();
    SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
    SSL_CTX_set_read_ahead(settings, 1);
    SSL_CTX_set_default_read_buffer_len(settings, read_ahead);
    result.set_verify_mode(asio::ssl::verify_peer);
    return result;
}

} // namespace

tls_settings::tls_settings(const std::filesystem::path& ca_file)
{
    if (!ca_file.empty()) {
        std::call_once(loaded_, [&] {
            context_.emplace(make_tls_context());
            boost::system::error_code error;
            context_->load_verify_file(ca_file.string(), error);
            if (error) {
                // Not where in Asio it was noticed: that is not for its readers.
                throw boost::system::system_error(error.value(), error.category(),
                                                  "cannot load certificates from " + ca_file.string());
            }
        });
    }
}

asio::ssl::context& tls_settings::context()
{
    std::call_once(loaded_, [&] {
        context_.emplace(make_tls_context());
        boost::system::error_code error;
        context_->set_default_verify_paths(error);
        if (error) {
            throw failure(error, "cannot load certificates from the system's store");
        }
    });
    return *context_;
}

void expect_host(SSL* session, const std::string& name)
{
    // An address's zone is this machine's own.
    const std::string host(without_end_dot(name).substr(0, name.find('%')));
    boost::system::error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    bool ok = true;
    if (!not_an_address) {
        ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
    } else {
        SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        // Not SSL_set_tlsext_host_name: the macro casts away const.
        ok = SSL_set1_host(session, host.c_str()) == 1 &&
             SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                      const_cast<char*>(host.c_str())) == 1;
    }
    if (!ok) {
        throw failure(errc::invalid_url, "the host cannot be verified");
    }
}

std::string verify_failure(const SSL* session)
{
    const long result = SSL_get_verify_result(session);
    return result == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(result));
}

} // namespace tandem::http
