#include "http/certificates.hpp"

#include <cstdio>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace test {
namespace {

void require(bool condition, const char* what)
{
    if (!condition) {
        throw std::runtime_error(what);
    }
}

std::shared_ptr<EVP_PKEY> make_key()
{
    return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

void extend(X509* certificate, X509* issuer, int id, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
    require(extension && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

std::shared_ptr<X509> make_certificate(EVP_PKEY* key, const char* name, long serial, long seconds)
{
    std::shared_ptr<X509> result(X509_new(), X509_free);
    X509_set_version(result.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(result.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(result.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(result.get()), seconds);
    X509_set_pubkey(result.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(result.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    return result;
}

boost::asio::ssl::context make_server(X509* certificate, EVP_PKEY* key)
{
    boost::asio::ssl::context result(boost::asio::ssl::context::tls_server);
    require(SSL_CTX_use_certificate(result.native_handle(), certificate) == 1 &&
                SSL_CTX_use_PrivateKey(result.native_handle(), key) == 1,
            "cannot use the certificate");
    return result;
}

} // namespace

authority::authority() : key_(make_key()), certificate_(make_certificate(key_.get(), "a test's authority", 1, 3600))
{
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    extend(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate_.get(), certificate_.get(), NID_subject_key_identifier, "hash");
    require(X509_sign(certificate_.get(), key_.get(), EVP_sha256()) > 0, "cannot sign");
}

void authority::write(const std::filesystem::path& to) const
{
    std::FILE* file = std::fopen(to.c_str(), "w");
    require(file && PEM_write_X509(file, certificate_.get()) == 1, "cannot write the authority's certificate");
    std::fclose(file);
}

std::shared_ptr<X509> authority::issue(EVP_PKEY* key, const std::string& names, long seconds) const
{
    std::shared_ptr<X509> result = make_certificate(key, "a test's server", 2, seconds);
    X509_set_issuer_name(result.get(), X509_get_subject_name(certificate_.get()));
    extend(result.get(), certificate_.get(), NID_subject_alt_name, names.c_str());
    require(X509_sign(result.get(), key_.get(), EVP_sha256()) > 0, "cannot sign");
    return result;
}

boost::asio::ssl::context authority::server(const std::string& names, long seconds) const
{
    const std::shared_ptr<EVP_PKEY> key = make_key();
    return make_server(issue(key.get(), names, seconds).get(), key.get());
}

void authority::write_server(const std::string& names, const std::filesystem::path& certificate,
                             const std::filesystem::path& key) const
{
    const std::shared_ptr<EVP_PKEY> made = make_key();
    const std::shared_ptr<X509> issued = issue(made.get(), names, 3600);
    const auto write = [](const std::filesystem::path& to, auto put) {
        std::FILE* file = std::fopen(to.c_str(), "w");
        require(file && put(file) == 1, "cannot write the server's certificate");
        std::fclose(file);
    };
    write(certificate, [&](std::FILE* to) { return PEM_write_X509(to, issued.get()); });
    write(key,
          [&](std::FILE* to) { return PEM_write_PrivateKey(to, made.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

boost::asio::ssl::context self_signed(const std::string& names)
{
    const std::shared_ptr<EVP_PKEY> key = make_key();
    const std::shared_ptr<X509> certificate = make_certificate(key.get(), "a test's server", 3, 3600);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    extend(certificate.get(), certificate.get(), NID_subject_alt_name, names.c_str());
    require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "cannot sign");
    return make_server(certificate.get(), key.get());
}

} // namespace test
