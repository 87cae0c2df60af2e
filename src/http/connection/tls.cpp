#include "http/connection/tls.hpp"

#include "http/failure.hpp"
#include "http/syntax/host_name.hpp"

#include <boost/asio/ip/address.hpp>

#include <map>
#include <new>
#include <utility>

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
    note->peer = (is_proxy ? "proxy " : "") + peer.host + ' ' + std::to_string(peer.port);
    const tls_sessions::session_ptr last = may_resume ? sessions_->get(note->peer) : nullptr;
    if (SSL_set_ex_data(session, note_index(), note.get()) == 1) {
        note.release();
    }
    return last && SSL_set_session(session, last.get()) == 1;
}

std::string verify_failure(const SSL* session)
{
    const long result = SSL_get_verify_result(session);
    return result == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(result));
}

} // namespace tandem::http
