#include "http/connection/tls.hpp"

#include "http/failure.hpp"
#include "http/syntax/host_name.hpp"
#include "http/syntax/printable.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <ctime>
#include <map>
#include <new>
#include <utility>
#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace asio = boost::asio;

namespace tandem::http {

namespace {

/// Of what has come of a stream, so much is taken from the socket at once: four of the largest records.
constexpr std::size_t read_ahead = 64 * 1024;

struct session_freer
{
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

} // namespace

/// The last session with each server. Thread-safe.
class tls_sessions
{
public:
    using session_ptr = std::unique_ptr<SSL_SESSION, session_freer>;

    void put(const std::string& peer, session_ptr session)
    {
        if (!session) {
            return;
        }
        const std::lock_guard guard(mutex_);
        if (all_.size() >= most && !all_.contains(peer)) {
            all_.erase(all_.begin());
        }
        all_[peer] = std::move(session);
    }

    /// A copy, as `put` is given one.
    session_ptr get(const std::string& peer) const
    {
        const std::lock_guard guard(mutex_);
        const auto found = all_.find(peer);
        return session_ptr(found == all_.end() ? nullptr : SSL_SESSION_dup(found->second.get()));
    }

private:
    static constexpr std::size_t most = 256;

    mutable std::mutex mutex_;
    std::map<std::string, session_ptr> all_{};
};

namespace {

/// Whom a connection is to, for OpenSSL's callback: tickets may come at any time.
struct session_note
{
    std::shared_ptr<tls_sessions> all;
    std::string peer;
    int (*certificate)(SSL*, X509**, EVP_PKEY**) = nullptr; ///< the user's callback, where the peer may be shown one
    int (*verify)(int, X509_STORE_CTX*) = nullptr;          ///< the user's too
    std::string host{};
    long refused_by = X509_V_OK; ///< OpenSSL's code of what is told in `refusal`
    std::string refusal{};
};

void free_note(void* /*parent*/, void* note, CRYPTO_EX_DATA* /*all*/, int /*index*/, long /*number*/, void* /*pointer*/)
{
    delete static_cast<session_note*>(note);
}

int note_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_note);
    return index;
}

void free_names(GENERAL_NAMES* names)
{
    GENERAL_NAMES_free(names);
}

std::string text_of(const ASN1_STRING* text)
{
    const auto* const begin = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
    return std::string(begin, static_cast<std::size_t>(ASN1_STRING_length(text)));
}

std::string text_of_address(const ASN1_OCTET_STRING* bytes)
{
    const std::string raw = text_of(bytes);
    asio::ip::address_v4::bytes_type v4{};
    asio::ip::address_v6::bytes_type v6{};
    if (raw.size() == v4.size()) {
        std::copy(raw.begin(), raw.end(), v4.begin());
        return asio::ip::address_v4(v4).to_string();
    }
    if (raw.size() == v6.size()) {
        std::copy(raw.begin(), raw.end(), v6.begin());
        return asio::ip::address_v6(v6).to_string();
    }
    return "an address";
}

/// Whom a certificate is for: its alternative names, else its common name, which counts only where it has none of them.
std::vector<std::string> names_in(X509* certificate)
{
    std::vector<std::string> result;
    const std::unique_ptr<GENERAL_NAMES, decltype(&free_names)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)), free_names);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) {
            result.push_back(text_of(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            result.push_back(text_of_address(name->d.iPAddress));
        }
    }
    char common[256] = {};
    if (result.empty() && X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common,
                                                    static_cast<int>(sizeof common)) > 0) {
        result.emplace_back(common);
    }
    return result;
}

/// "a, b and 5 more".
std::string listed(const std::vector<std::string>& names)
{
    constexpr std::size_t most_shown = 3;
    std::string result;
    for (std::size_t i = 0; i != std::min(names.size(), most_shown); ++i) {
        result += (i == 0 ? "" : ", ") + printable(names[i]);
    }
    if (names.size() > most_shown) {
        result += " and " + std::to_string(names.size() - most_shown) + " more";
    }
    return result.empty() ? "no host" : result;
}

std::string date_of(const ASN1_TIME* time)
{
    std::tm parts{};
    char text[32] = {};
    if (ASN1_TIME_to_tm(time, &parts) != 1 || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts) == 0) {
        return "an unknown time";
    }
    return text;
}

/// What happened, and what can be done about it.
std::string describe_refusal(int code, X509* certificate, const std::string& host)
{
    const std::string what = X509_verify_cert_error_string(code);
    const std::string clock = "; check this machine's clock, or tell who runs the server";
    switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return what + ", the certificate is for " + (certificate ? listed(names_in(certificate)) : "another") +
               ", not for " + host;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return what + (certificate ? " on " + date_of(X509_get0_notAfter(certificate)) : "") + clock;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return what + (certificate ? " before " + date_of(X509_get0_notBefore(certificate)) : "") + clock;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return what + "; give its authority as ca_file if you trust it";
    default:
        return what;
    }
}

/// The certificate is not told any more where the handshake has failed.
int note_refusal(int accepted, X509_STORE_CTX* chain)
{
    const auto* const session =
        static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const note = session ? static_cast<session_note*>(SSL_get_ex_data(session, note_index())) : nullptr;
    if (note && accepted != 1) {
        try {
            const int code = X509_STORE_CTX_get_error(chain);
            note->refusal = describe_refusal(code, X509_STORE_CTX_get_current_cert(chain), note->host);
            note->refused_by = code;
        } catch (const std::bad_alloc&) { // and OpenSSL's own words then
        }
    }
    return note && note->verify ? note->verify(accepted, chain) : accepted;
}

int keep_session(SSL* session, SSL_SESSION* given)
{
    const auto* const note = static_cast<const session_note*>(SSL_get_ex_data(session, note_index()));
    if (!note) {
        return 0;
    }
    try {
        // A copy: a connection that ends without TLS's own farewell spoils its session.
        note->all->put(note->peer, tls_sessions::session_ptr(SSL_SESSION_dup(given)));
    } catch (const std::bad_alloc&) { // and no session then
    }
    return 0; // OpenSSL keeps what it gave
}

/// In place of the user's callback, which OpenSSL has for all connections of a context.
int give_certificate(SSL* session, X509** certificate, EVP_PKEY** key)
{
    const auto* const note = static_cast<const session_note*>(SSL_get_ex_data(session, note_index()));
    return note && note->certificate ? note->certificate(session, certificate, key) : 0;
}

asio::ssl::context make_tls_context()
{
    asio::ssl::context result(asio::ssl::context::tls_client);
    SSL_CTX* const settings = result.native_handle();
    SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
    SSL_CTX_set_read_ahead(settings, 1);
    SSL_CTX_set_default_read_buffer_len(settings, read_ahead);
    SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(settings, keep_session);
    result.set_verify_mode(asio::ssl::verify_peer);
    return result;
}

void load_system_store(asio::ssl::context& to)
{
    boost::system::error_code error;
    to.set_default_verify_paths(error);
    if (error) {
        throw boost::system::system_error(error, "cannot load certificates from the system's store");
    }
}

void load_file(asio::ssl::context& to, const std::filesystem::path& file)
{
    boost::system::error_code error;
    to.load_verify_file(file.string(), error);
    if (error) {
        // Not where in Asio it was noticed: that is not for its readers.
        throw boost::system::system_error(error, "cannot load certificates from " + file.string());
    }
}

/// For `name` only.
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

} // namespace

tls_settings::tls_settings(const std::filesystem::path& ca_file, const configuration& configure)
    : sessions_(std::make_shared<tls_sessions>())
{
    if (ca_file.empty() && !configure) {
        return;
    }
    std::call_once(loaded_, [&] {
        context_.emplace(make_tls_context());
        if (!ca_file.empty()) {
            load_file(*context_, ca_file);
        } else {
            load_system_store(*context_);
        }
        if (configure) {
            configure(*context_);
            users_certificate_ = SSL_CTX_get_client_cert_cb(context_->native_handle());
            if (users_certificate_) {
                SSL_CTX_set_client_cert_cb(context_->native_handle(), give_certificate);
            }
        }
    });
}

asio::ssl::context& tls_settings::context()
{
    std::call_once(loaded_, [&] {
        context_.emplace(make_tls_context());
        try {
            load_system_store(*context_);
        } catch (const boost::system::system_error& e) {
            throw failure(e.code(), e.what());
        }
    });
    return *context_;
}

bool tls_settings::prepare(SSL* session, const origin& peer, bool is_proxy, bool may_resume)
{
    expect_host(session, peer.host);
    auto note = std::make_unique<session_note>();
    if (is_proxy) {
        SSL_certs_clear(session);
        SSL_set_cert_cb(session, nullptr, nullptr);
    } else {
        note->certificate = users_certificate_;
    }
    note->all = sessions_;
    note->host = peer.host;
    note->verify = SSL_get_verify_callback(session);
    note->peer = (is_proxy ? "proxy " : "") + peer.host + ' ' + std::to_string(peer.port);
    const tls_sessions::session_ptr last = may_resume ? sessions_->get(note->peer) : nullptr;
    if (SSL_set_ex_data(session, note_index(), note.get()) == 1) {
        note.release();
        SSL_set_verify(session, SSL_get_verify_mode(session), note_refusal);
    }
    return last && SSL_set_session(session, last.get()) == 1;
}

std::string verify_failure(const SSL* session)
{
    const long result = SSL_get_verify_result(session);
    if (result == X509_V_OK) {
        return {};
    }
    const auto* const note = static_cast<const session_note*>(SSL_get_ex_data(session, note_index()));
    return note && note->refused_by == result && !note->refusal.empty() ? note->refusal
                                                                        : X509_verify_cert_error_string(result);
}

} // namespace tandem::http
