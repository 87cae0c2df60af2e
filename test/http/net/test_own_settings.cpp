#include "http/certificates.hpp"
#include "http/net/asked.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <filesystem>
#include <list>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using tandem::http::errc;
using addresses_found = std::vector<asio::ip::address>;

using namespace std::chrono_literals;

namespace {

/// Whether the socket of this process that has this address was bound to a port before it was connected.
bool keeps_port(const tcp::endpoint& local)
{
    for (int file = 0; file != 1024; ++file) {
        sockaddr_in name{};
        socklen_t size = sizeof name;
        if (::getsockname(file, reinterpret_cast<sockaddr*>(&name), &size) == 0 && name.sin_family == AF_INET &&
            ntohs(name.sin_port) == local.port() && ntohl(name.sin_addr.s_addr) == local.address().to_v4().to_uint()) {
            int value = 0;
            size = sizeof value;
            return ::getsockopt(file, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &value, &size) != 0 || value == 0;
        }
    }
    return true;
}

struct own_settings_fixture : test::net_fixture
{
    own_settings_fixture()
        : folder(std::filesystem::temp_directory_path() / ("tandem-own-settings-" + std::to_string(::getpid())))
    {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directory(folder);
        authority.write(folder / "authority.pem");
        options.resolver = [this](const std::string& host, const tandem::http::resolved_handler& done) {
            asked_for.add(host);
            done({}, {asio::ip::address_v4::loopback()});
        };
    }
    ~own_settings_fixture() { std::filesystem::remove_all(folder); }

    test::asked get(const std::string& url)
    {
        const tandem::http::client with(threads, options);
        return ask(with, {.url = url});
    }

    /// Of a server that answers one connection's requests, on whatever acceptor; `seen` is told where it came from.
    template <class Acceptor, class Seen>
    static std::thread answering(Acceptor& acceptor, Seen seen)
    {
        return std::thread([&acceptor, seen] {
            error_code error;
            auto client = acceptor.accept(error);
            if (error) {
                return;
            }
            seen(client.remote_endpoint(error));
            std::string request;
            while (!error) {
                const std::size_t size = asio::read_until(client, asio::dynamic_buffer(request), "\r\n\r\n", error);
                if (!error) {
                    request.erase(0, size);
                    asio::write(client, asio::buffer(test::ok("hello")), error);
                }
            }
        });
    }

    const std::filesystem::path folder;
    test::authority authority{};
    test::log asked_for{};
    tandem::http::client_options options{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(own_settings, own_settings_fixture)

BOOST_AUTO_TEST_CASE(a_resolver_finds_the_addresses)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const std::string port = std::to_string(server.port());
    check_answer(get("http://Far.Example:" + port + "/"), 200, "hello");
    BOOST_TEST(asked_for.last() == "far.example");
    check_answer(get(server.url("/")), 200, "hello"); // an address needs none
    BOOST_TEST(asked_for.all().size() == 1u);

    // From another thread, after the next one.
    std::thread late;
    options.resolver = [&](const std::string&, const tandem::http::resolved_handler& done) {
        late = std::thread([done] {
            std::this_thread::sleep_for(10ms);
            done({}, {asio::ip::address_v4::loopback()});
            done({}, {});
        });
    };
    check_answer(get("http://far.example:" + port + "/"), 200, "hello");
    late.join();

    // Several addresses are several ways.
    options.resolver = [](const std::string&, const tandem::http::resolved_handler& done) {
        done({}, {asio::ip::make_address("127.0.0.9"), asio::ip::address_v4::loopback()});
    };
    check_answer(get("http://far.example:" + port + "/"), 200, "hello");
}

BOOST_AUTO_TEST_CASE(a_resolver_fails_as_it_says)
{
    options.resolver = [](const std::string&, const tandem::http::resolved_handler& done) {
        done(asio::error::host_not_found_try_again, {});
    };
    check_failed(get("http://far.example/"), asio::error::host_not_found_try_again);
    options.resolver = [](const std::string&, const tandem::http::resolved_handler& done) { done({}, {}); };
    check_failed(get("http://far.example/"), asio::error::host_not_found);
    options.resolver = [](const std::string&, const tandem::http::resolved_handler&) {
        throw boost::system::system_error(asio::error::access_denied);
    };
    check_failed(get("http://far.example/"), asio::error::access_denied);
    options.resolver = [](const std::string&, const tandem::http::resolved_handler&) {};
    options.connect_timeout = 50ms;
    check_failed(get("http://far.example/"), errc::connect_timeout);
}

BOOST_AUTO_TEST_CASE(a_resolver_may_answer_after_the_context_has_ended)
{
    tandem::http::resolved_handler kept;
    options.resolver = [&](const std::string&, const tandem::http::resolved_handler& done) { kept = done; };
    {
        asio::io_context context;
        const tandem::http::client with(context, options);
        with.async_get("http://far.example/", [](std::exception_ptr, tandem::http::response) {});
        context.poll();
        BOOST_TEST_REQUIRE(static_cast<bool>(kept));
    }
    kept({}, {asio::ip::address_v4::loopback()});
}

BOOST_AUTO_TEST_CASE(a_host_with_a_dot_at_its_end_is_the_same_to_tls)
{
    auto context = authority.server("DNS:far.example");
    test::log names;
    SSL_CTX_set_tlsext_servername_arg(context.native_handle(), &names);
    SSL_CTX_set_tlsext_servername_callback(
        context.native_handle(), +[](SSL* session, int*, void* to) {
            const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
            static_cast<test::log*>(to)->add(name ? name : "");
            return SSL_TLSEXT_ERR_OK;
        });
    test::log seen;
    test::scripted_server server(test::noting(seen, test::ok("hello")), &context);
    options.ca_file = folder / "authority.pem";
    check_answer(get(server.url("/", "far.example.")), 200, "hello");
    BOOST_TEST(names.last() == "far.example");
    BOOST_TEST(asked_for.last() == "far.example.");
    BOOST_TEST(test::has_line(seen.last(), "Host: far.example.:" + std::to_string(server.port())), seen.last());
    check_failed(get(server.url("/", "other.example.")), errc::certificate_refused);
}

BOOST_AUTO_TEST_CASE(a_zone_is_not_sent)
{
    test::log seen;
    std::optional<test::scripted_server> server;
    try {
        server.emplace(test::noting(seen, test::ok("hello")), nullptr, "::1");
    } catch (const boost::system::system_error& e) {
        BOOST_TEST_MESSAGE("no IPv6 here: " << e.what());
        return;
    }
    const std::string port = std::to_string(server->port());
    for (const std::string host : {"[::1%25lo]", "[::1%lo]"}) {
        check_answer(get("http://" + host + ':' + port + "/"), 200, "hello");
        BOOST_TEST(test::has_line(seen.last(), "Host: [::1]:" + port), seen.last());
    }
    const test::asked none = get("http://[fe80::1%25nosuch]/");
    check_failed(none, errc::invalid_url);
    BOOST_TEST((none.what.find("no network interface \"nosuch\"") != none.what.npos), none);
}

BOOST_AUTO_TEST_CASE(a_connection_comes_from_the_address_that_is_given)
{
    asio::io_context context;
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    std::string from;
    int has_own_port = -1;
    std::thread server =
        answering(acceptor, [&](const tcp::endpoint& remote) {
            from = remote.address().to_string();
            has_own_port = keeps_port(remote) ? 1 : 0;
        });
    options.local_addresses = {asio::ip::make_address("::1"), asio::ip::make_address("127.0.0.77")};
    options.idle_connection_timeout = 0ms;
    check_answer(get("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/"), 200, "hello");
    server.join();
    BOOST_TEST(from == "127.0.0.77");
    BOOST_TEST(has_own_port == 0, "bind has taken a port for this connection alone");
}

BOOST_AUTO_TEST_CASE(a_unix_socket_stands_for_all_hosts)
{
    options.unix_socket = folder / "socket";
    options.proxy.http = "http://127.0.0.1:1";
    options.idle_connection_timeout = 0ms;
    asio::io_context context;
    asio::local::stream_protocol::acceptor acceptor(context, options.unix_socket.string());
    for (const char* url : {"http://far.example/", "http://127.0.0.1:1/"}) {
        std::thread server = answering(acceptor, [](const auto&) {});
        check_answer(get(url), 200, "hello");
        server.join();
    }
    BOOST_TEST(asked_for.all().empty());

    auto tls = authority.server("DNS:far.example");
    std::thread server([&] {
        error_code error;
        auto client = acceptor.accept(error);
        asio::ssl::stream<asio::local::stream_protocol::socket&> stream(client, tls);
        stream.handshake(asio::ssl::stream_base::server, error);
        std::string request;
        asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
        asio::write(stream, asio::buffer(test::ok("hello over TLS")), error);
    });
    options.ca_file = folder / "authority.pem";
    check_answer(get("https://far.example/"), 200, "hello over TLS");
    server.join();

    options.unix_socket = folder / "none";
    const test::asked missing = get("http://far.example/");
    check_failed(missing, error_code(ENOENT, boost::system::system_category()));
    BOOST_TEST((missing.what.find(options.unix_socket.string()) != missing.what.npos), missing);
    options.unix_socket = std::string(200, 'x');
    BOOST_CHECK_THROW(tandem::http::client(threads, options), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_whose_backlog_is_full_is_waited_for)
{
    options.unix_socket = folder / "socket";
    options.idle_connection_timeout = 0ms;
    asio::io_context context;
    asio::local::stream_protocol::acceptor acceptor(context);
    acceptor.open();
    acceptor.bind(options.unix_socket.string());
    acceptor.listen(0);
    asio::local::stream_protocol::socket first(context); // takes the one place that there is
    first.connect(acceptor.local_endpoint());

    options.connect_timeout = 300ms;
    check_failed(get("http://far.example/"), errc::connect_timeout);
    options.connect_timeout = 60s;
    const tandem::http::client with(threads, options);
    std::list<test::asking> all;
    for (int i = 0; i != 5; ++i) {
        all.emplace_back(with, tandem::http::request{.url = "http://far.example/"});
    }
    test::asking cancelled(with, {.url = "http://far.example/"});
    std::this_thread::sleep_for(200ms); // in which they find it full
    cancelled.signal.emit(asio::cancellation_type::terminal);
    check_failed(cancelled.wait(), asio::error::operation_aborted);

    std::atomic<bool> ends = false;
    std::thread server([&] {
        while (!ends) {
            pollfd awaited{acceptor.native_handle(), POLLIN, 0};
            error_code error;
            if (::poll(&awaited, 1, 20) > 0) {
                auto client = acceptor.accept(error);
                std::string request;
                asio::read_until(client, asio::dynamic_buffer(request), "\r\n\r\n", error);
                asio::write(client, asio::buffer(test::ok("hello")), error);
            }
        }
    });
    first.close();
    std::list<test::asked> seen;
    for (test::asking& each : all) {
        seen.push_back(each.wait());
    }
    ends = true;
    server.join();
    for (const test::asked& each : seen) {
        check_answer(each, 200, "hello");
    }
}

BOOST_AUTO_TEST_CASE(tls_has_a_clients_certificate_which_proxies_are_not_shown)
{
    authority.write_server("DNS:me", folder / "me.pem", folder / "me.key");
    std::atomic<int> shown = 0;
    const auto asking_for_one = [&](const std::string& names) {
        auto result = authority.server(names);
        result.load_verify_file((folder / "authority.pem").string());
        result.set_verify_callback([&shown](bool good, asio::ssl::verify_context&) {
            ++shown;
            return good;
        });
        return result;
    };
    auto strict = asking_for_one("DNS:far.example");
    strict.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    test::scripted_server server(test::answer_always(test::ok("hello")), &strict);
    const std::string url = server.url("/", "far.example");
    options.ca_file = folder / "authority.pem";
    BOOST_TEST(!get(url).answer.has_value());
    options.configure_tls = [&](asio::ssl::context& context) {
        context.use_certificate_chain_file((folder / "me.pem").string());
        context.use_private_key_file((folder / "me.key").string(), asio::ssl::context::pem);
    };
    check_answer(get(url), 200, "hello");
    BOOST_TEST(shown > 0);

    shown = 0;
    auto curious = asking_for_one("IP:127.0.0.1");
    curious.set_verify_mode(asio::ssl::verify_peer);
    test::scripted_server proxy(test::answer_always(test::ok("by proxy")), &curious);
    options.proxy.http = proxy.url("");
    check_answer(get("http://far.example/"), 200, "by proxy");
    BOOST_TEST(shown == 0);

    // The same of what callbacks give.
    static std::filesystem::path own_folder;
    own_folder = folder;
    options.proxy.http = "";
    for (const bool is_of_clients : {true, false}) {
        options.configure_tls = [&](asio::ssl::context& context) {
            if (is_of_clients) {
                SSL_CTX_set_client_cert_cb(
                    context.native_handle(), +[](SSL*, X509** certificate, EVP_PKEY** key) {
                        BIO* const certificates = BIO_new_file((own_folder / "me.pem").c_str(), "r");
                        BIO* const keys = BIO_new_file((own_folder / "me.key").c_str(), "r");
                        *certificate = PEM_read_bio_X509(certificates, nullptr, nullptr, nullptr);
                        *key = PEM_read_bio_PrivateKey(keys, nullptr, nullptr, nullptr);
                        BIO_free(certificates);
                        BIO_free(keys);
                        return *certificate && *key ? 1 : 0;
                    });
            } else {
                SSL_CTX_set_cert_cb(
                    context.native_handle(), +[](SSL* session, void*) {
                        return SSL_use_certificate_file(session, (own_folder / "me.pem").c_str(), SSL_FILETYPE_PEM) == 1 &&
                                       SSL_use_PrivateKey_file(session, (own_folder / "me.key").c_str(),
                                                               SSL_FILETYPE_PEM) == 1
                                   ? 1
                                   : 0;
                    },
                    nullptr);
            }
        };
        shown = 0;
        check_answer(get(url), 200, "hello");
        BOOST_TEST(shown > 0);
        shown = 0;
        options.proxy.http = proxy.url("");
        check_answer(get("http://far.example/"), 200, "by proxy");
        BOOST_TEST(shown == 0);
        options.proxy.http = "";
    }

    options.configure_tls = [&](asio::ssl::context& context) {
        context.use_certificate_chain_file((folder / "none.pem").string());
    };
    BOOST_CHECK_THROW(tandem::http::client(threads, options), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(tls_is_configured_by_its_user)
{
    auto context = authority.server("DNS:far.example");
    test::log offered;
    SSL_CTX_set_alpn_select_cb(
        context.native_handle(),
        +[](SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* all, unsigned all_size,
            void* to) {
            static_cast<test::log*>(to)->add(std::string(reinterpret_cast<const char*>(all), all_size));
            *chosen = all + 1;
            *size = all[0];
            return SSL_TLSEXT_ERR_OK;
        },
        &offered);
    test::scripted_server server(test::answer_always(test::ok("hello")), &context);
    const std::string url = server.url("/", "far.example");
    check_failed(get(url), errc::certificate_refused);

    // A further authority, beside the system's.
    options.configure_tls = [&](asio::ssl::context& settings) {
        settings.load_verify_file((folder / "authority.pem").string());
        SSL_CTX_set_alpn_protos(settings.native_handle(), reinterpret_cast<const unsigned char*>("\x08http/1.1"), 9);
    };
    check_answer(get(url), 200, "hello");
    BOOST_TEST(offered.last() == "\x08http/1.1");
    check_failed(get(server.url("/", "other.example")), errc::certificate_refused);

    // A callback has the last word.
    std::atomic<int> asked = 0;
    for (const bool accept : {true, false}) {
        options.configure_tls = [&, accept](asio::ssl::context& settings) {
            settings.set_verify_callback([&asked, accept](bool, asio::ssl::verify_context&) {
                ++asked;
                return accept;
            });
        };
        const test::asked seen = get(url);
        BOOST_TEST(seen.answer.has_value() == accept, seen);
    }
    BOOST_TEST(asked >= 2);
}

BOOST_AUTO_TEST_CASE(tls_sessions_are_resumed)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const bool resumes : {true, false}) {
            BOOST_TEST_CONTEXT("TLS version " << version << (resumes ? ", resumed" : ""))
            {
                auto context = authority.server("DNS:far.example,DNS:other.example");
                SSL_CTX_set_max_proto_version(context.native_handle(), version);
                test::scripted_server server(test::answer_always(test::ok("hello")), &context);
                options.ca_file = folder / "authority.pem";
                options.idle_connection_timeout = 0ms;
                options.configure_tls = nullptr;
                if (!resumes) {
                    options.configure_tls = [](asio::ssl::context& settings) {
                        SSL_CTX_set_session_cache_mode(settings.native_handle(), SSL_SESS_CACHE_OFF);
                    };
                }
                const tandem::http::client with(threads, options);
                for (int i = 0; i < 4; ++i) {
                    check_answer(ask(with, {.url = server.url("/", "far.example")}), 200, "hello");
                }
                BOOST_TEST(SSL_CTX_sess_hits(context.native_handle()) == (resumes ? 3 : 0));
                check_answer(ask(with, {.url = server.url("/", "other.example")}), 200, "hello");
                BOOST_TEST(SSL_CTX_sess_hits(context.native_handle()) == (resumes ? 3 : 0));
                BOOST_TEST(server.connections() == 5);
            }
        }
    }
}

// One that asks for certificates, and knows no context of sessions, ends the handshake.
BOOST_AUTO_TEST_CASE(tls_sessions_that_a_server_cannot_resume_are_begun_anew)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto context = authority.server("DNS:far.example");
        SSL_CTX_set_max_proto_version(context.native_handle(), version);
        context.set_verify_mode(asio::ssl::verify_peer);
        test::scripted_server server(test::answer_always(test::ok("hello")), &context);
        options.ca_file = folder / "authority.pem";
        options.idle_connection_timeout = 0ms;
        const tandem::http::client with(threads, options);
        for (int i = 0; i < 3; ++i) {
            check_answer(ask(with, {.url = server.url("/", "far.example")}), 200, "hello");
        }
        BOOST_TEST(SSL_CTX_sess_hits(context.native_handle()) == 0);
    }
}

BOOST_AUTO_TEST_CASE(no_time_limit_is_zero_or_the_longest)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    for (const auto limit : {0ms, std::chrono::milliseconds::max()}) {
        options.connect_timeout = limit;
        options.connection_attempt_delay = std::chrono::milliseconds::max();
        options.idle_connection_timeout = std::chrono::milliseconds::max();
        const tandem::http::client with(threads, options);
        for (const bool again : {false, true}) {
            const test::asked seen = ask(with, {.url = server.url("/", "far.example")});
            check_answer(seen, 200, "hello");
            BOOST_TEST(seen.answer->reused_connection == again);
        }
    }
    options.connect_timeout = -1ms;
    BOOST_CHECK_THROW(tandem::http::client(threads, options), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
