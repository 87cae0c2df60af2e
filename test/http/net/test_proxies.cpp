#include "http/certificates.hpp"
#include "http/net/asked.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>
#include <thread>

#include <unistd.h>

namespace asio = boost::asio;
using asio::ip::tcp;
using tandem::http::errc;
using tandem::http::request;

using namespace std::chrono_literals;

namespace {

struct proxy_fixture : test::net_fixture
{
    /// Through `proxy` for both schemes.
    tandem::http::client through(const test::scripted_server& proxy, const std::string& login = {})
    {
        options.proxy.http = options.proxy.https = proxy.url("", login + "127.0.0.1");
        return tandem::http::client(threads, options);
    }

    /// Through the SOCKS proxy for both schemes.
    tandem::http::client through_socks(const std::string& scheme, const test::scripted_server& proxy,
                                       const std::string& login = {})
    {
        options.proxy.http = options.proxy.https =
            scheme + "://" + login + "127.0.0.1:" + std::to_string(proxy.port());
        return tandem::http::client(threads, options);
    }

    tandem::http::client_options options{};
};

/// An authority that the client trusts.
struct trusting_fixture : proxy_fixture
{
    trusting_fixture()
    {
        options.ca_file = std::filesystem::temp_directory_path() / ("tandem-proxy-" + std::to_string(::getpid()) + ".pem");
        authority.write(options.ca_file);
    }
    ~trusting_fixture() { std::filesystem::remove(options.ca_file); }

    test::authority authority{};
};

/// Passes on bytes both ways between the client and that port.
void pass_on(test::peer& client, std::uint16_t port)
{
    asio::io_context context;
    tcp::socket server(context);
    boost::system::error_code error;
    server.connect({asio::ip::address_v4::loopback(), port}, error);
    std::thread back([&] {
        char bytes[4096];
        boost::system::error_code end;
        for (std::size_t n = server.read_some(asio::buffer(bytes), end); n > 0;
             n = server.read_some(asio::buffer(bytes), end)) {
            client.send({bytes, n});
        }
    });
    for (std::string byte = client.read(1); !byte.empty(); byte = client.read(1)) {
        asio::write(server, asio::buffer(byte), error);
    }
    server.shutdown(tcp::socket::shutdown_both, error);
    back.join();
}

/// Answers CONNECT by `answer`, and passes on bytes where that is a success.
test::scripted_server::script tunnels(test::log& in, std::uint16_t port, std::string answer)
{
    return [&in, port, answer = std::move(answer)](test::peer& client) {
        in.add(client.read_request());
        client.send(answer);
        if (answer.starts_with("HTTP/1.1 2")) {
            pass_on(client, port);
        }
    };
}

std::string byte(int value)
{
    return std::string(1, static_cast<char>(value));
}

/// What a SOCKS proxy does.
struct socks_manners
{
    std::uint16_t port = 0;  ///< where all bytes go
    std::string login{};     ///< "user:password" that it wants
    int reply = 0;           ///< to the command
    std::string from = byte(1) + std::string(6, '\0'); ///< the address in it
};

test::scripted_server::script socks(test::log& in, socks_manners how)
{
    return [&in, how](test::peer& client) {
        const std::string greeting = client.read(2);
        if (greeting.size() < 2) {
            return;
        }
        const std::string methods = client.read(static_cast<unsigned char>(greeting[1]));
        const int method = how.login.empty() ? 0 : methods.find('\2') != methods.npos ? 2 : 255;
        client.send(byte(5) + byte(method));
        const auto counted = [&client] { return client.read(static_cast<unsigned char>(client.read(1)[0])); };
        if (method == 2) {
            client.read(1);
            const std::string user = counted();
            const std::string login = user + ':' + counted();
            in.add("login " + login);
            client.send(byte(1) + byte(login == how.login ? 0 : 1));
            if (login != how.login) {
                return;
            }
        }
        const std::string command = client.read(4);
        if (command.size() < 4) {
            return;
        }
        std::string host;
        if (command[3] == 3) {
            host = "name " + counted();
        } else if (command[3] == 1) {
            asio::ip::address_v4::bytes_type bytes{};
            client.read(bytes.size()).copy(reinterpret_cast<char*>(bytes.data()), bytes.size());
            host = "address " + asio::ip::address_v4(bytes).to_string();
        } else {
            asio::ip::address_v6::bytes_type bytes{};
            client.read(bytes.size()).copy(reinterpret_cast<char*>(bytes.data()), bytes.size());
            host = "address " + asio::ip::address_v6(bytes).to_string();
        }
        const std::string port = client.read(2);
        in.add(host + ' ' + std::to_string(static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1])));
        client.send(byte(5) + byte(how.reply) + byte(0) + how.from);
        if (how.reply == 0) {
            pass_on(client, how.port);
        }
    };
}

/// For another TLS over what a TLS proxy receives and sends.
struct within_tls
{
    using lowest_layer_type = within_tls;
    using executor_type = asio::io_context::executor_type;

    lowest_layer_type& lowest_layer() { return *this; }
    executor_type get_executor() { return context.get_executor(); }

    template <class Buffers>
    std::size_t read_some(const Buffers& to, boost::system::error_code& error)
    {
        const std::string got = client.read(1);
        error = got.empty() ? boost::system::error_code(asio::error::eof) : boost::system::error_code();
        return asio::buffer_copy(to, asio::buffer(got));
    }

    template <class Buffers>
    std::size_t write_some(const Buffers& from, boost::system::error_code&)
    {
        std::string bytes(asio::buffer_size(from), '\0');
        asio::buffer_copy(asio::buffer(bytes), from);
        client.send(bytes);
        return bytes.size();
    }

    test::peer& client;
    asio::io_context context{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(proxies, proxy_fixture)

BOOST_AUTO_TEST_CASE(are_asked_for_the_whole_url)
{
    test::log seen;
    test::scripted_server proxy(test::noting(seen, test::ok("by proxy")));
    const tandem::http::client with = through(proxy, "user:pass@");
    // Names that the proxy alone resolves, over one connection.
    for (const char* url : {"http://one.invalid/a?b=c", "http://two.invalid:8080/"}) {
        check_answer(ask(with, {.url = url}), 200, "by proxy");
        BOOST_TEST(seen.last().starts_with("GET " + std::string(url) + " HTTP/1.1\r\n"), seen.last());
        BOOST_TEST(test::has_line(seen.last(), "Proxy-Authorization: Basic dXNlcjpwYXNz"), seen.last());
    }
    BOOST_TEST(test::has_line(seen.last(), "Host: two.invalid:8080"), seen.last());
    BOOST_TEST(proxy.connections() == 1);
}

BOOST_AUTO_TEST_CASE(are_asked_for_every_byte_of_a_url_and_of_a_location)
{
    const std::string first = "http://one.invalid/a%2Fb/../%2e?c=%2B";
    const std::string then = "http://one.invalid/group%2Fproject/g%2B%2B.tar.gz?c=%2f";
    for (const std::string& to : {then, then.substr(5), then.substr(then.find("/group"))}) {
        test::log seen;
        test::scripted_server proxy([&](test::peer& client) {
            for (std::string request; !(request = client.read_request()).empty();) {
                seen.add(request);
                client.send(request.find("/group") == request.npos
                                ? "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n"
                                : test::ok("by proxy"));
            }
        });
        check_answer(ask(through(proxy), {.url = first}), 200, "by proxy");
        BOOST_TEST_REQUIRE(seen.all().size() == 2u);
        BOOST_TEST(seen.all()[0].starts_with("GET " + first + " HTTP/1.1\r\n"), seen.all()[0]);
        BOOST_TEST(seen.all()[1].starts_with("GET " + then + " HTTP/1.1\r\n"), seen.all()[1]);
    }
}

BOOST_AUTO_TEST_CASE(are_passed_by_where_no_proxy_says_so)
{
    test::log seen;
    test::scripted_server proxy(test::noting(seen, test::ok("by proxy")));
    test::scripted_server server(test::answer_always(test::ok("itself")));
    options.proxy.no_proxy = "127.0.0.0/8";
    check_answer(ask(through(proxy), {.url = server.url("/")}), 200, "itself");
    BOOST_TEST(proxy.connections() == 0);
}

BOOST_AUTO_TEST_CASE(do_not_see_the_login_of_the_url_but_as_the_servers_field)
{
    test::log seen;
    test::scripted_server proxy(test::noting(seen, test::ok("by proxy")));
    check_answer(ask(through(proxy), {.url = "http://user:pass@one.invalid/"}), 200, "by proxy");
    BOOST_TEST(seen.last().starts_with("GET http://one.invalid/ HTTP/1.1\r\n"), seen.last());
    BOOST_TEST(test::has_line(seen.last(), "Authorization: Basic dXNlcjpwYXNz"), seen.last());
}

BOOST_AUTO_TEST_CASE(make_tunnels_for_https)
{
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("tandem-proxy-" + std::to_string(::getpid()) + ".pem");
    test::authority authority;
    authority.write(file);
    options.ca_file = file;
    auto context = authority.server("DNS:far.invalid");
    test::log asked_server;
    test::scripted_server server(test::noting(asked_server, test::ok("over TLS")), &context);
    test::log asked_proxy;
    test::scripted_server proxy(tunnels(asked_proxy, server.port(), "HTTP/1.1 200 Established\r\n\r\n"));
    const tandem::http::client with = through(proxy, "user:pass@");
    for (const bool again : {false, true}) {
        const test::asked seen = ask(with, {.url = "https://far.invalid/x"});
        check_answer(seen, 200, "over TLS");
        BOOST_TEST(seen.answer->reused_connection == again);
    }
    BOOST_TEST_CONTEXT(asked_proxy.last())
    {
        BOOST_TEST(asked_proxy.all().size() == 1u);
        BOOST_TEST(asked_proxy.last().starts_with("CONNECT far.invalid:443 HTTP/1.1\r\n"));
        BOOST_TEST(test::has_line(asked_proxy.last(), "Host: far.invalid:443"));
        BOOST_TEST(test::has_line(asked_proxy.last(), "Proxy-Authorization: Basic dXNlcjpwYXNz"));
    }
    BOOST_TEST(asked_server.last().starts_with("GET /x HTTP/1.1\r\n"), asked_server.last());
    BOOST_TEST((asked_server.last().find("Proxy-Authorization") == std::string::npos), asked_server.last());

    // The certificate is the server's: the proxy cannot stand for another one.
    check_failed(ask(with, {.url = "https://other.invalid/"}), errc::certificate_refused);
    std::filesystem::remove(file);
}

BOOST_AUTO_TEST_CASE(that_make_no_tunnel)
{
    struct row
    {
        std::string answer;
        errc expected;
        unsigned status;
    };
    for (const row& r :
         {row{"HTTP/1.1 403 Not for you\r\nContent-Length: 2\r\n\r\nno", errc::proxy_refused, 403},
          row{"HTTP/1.1 302 There\r\nLocation: http://a/\r\n\r\n", errc::proxy_refused, 302},
          row{"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n", errc::login_required, 407},
          row{"HTTP/1.1 200 OK\r\nX: " + std::string(300'000, 'x') + "\r\n\r\n", errc::header_too_large, 0},
          row{"SSH-2.0-x\r\n\r\n", errc::malformed_response, 0}, row{"", errc::connection_closed, 0},
          row{"HTTP/1.1 200 OK\r\n\r\nsomething", errc::malformed_response, 200}}) {
        BOOST_TEST_CONTEXT(r.answer.substr(0, 40))
        {
            test::scripted_server proxy(test::answer_once(r.answer));
            const test::asked seen = ask(through(proxy), {.url = "https://far.invalid/"});
            check_failed(seen, r.expected, r.status);
            BOOST_TEST((seen.what.find("the proxy 127.0.0.1 port " + std::to_string(proxy.port())) != seen.what.npos),
                       seen);
        }
    }
}

BOOST_AUTO_TEST_CASE(that_want_a_login_for_plain_requests)
{
    test::scripted_server proxy(test::answer_always("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"));
    const test::asked seen = ask(through(proxy), {.url = "http://far.invalid/"});
    check_failed(seen, errc::login_required, 407);
    BOOST_TEST((seen.what.find("the proxy") != seen.what.npos), seen);
}

BOOST_AUTO_TEST_CASE(that_do_not_answer)
{
    test::scripted_server proxy([](test::peer& client) { client.wait_for_end(); });
    options.connect_timeout = 100ms;
    check_failed(ask(through(proxy), {.url = "https://far.invalid/"}), errc::connect_timeout);
}

BOOST_AUTO_TEST_CASE(that_are_none_matter_where_they_are_wanted)
{
    test::scripted_server server(test::answer_always(test::ok("itself")));
    test::log seen;
    test::scripted_server proxy(test::noting(seen, test::ok("by proxy")));
    for (const char* wrong : {"gopher://me:secret@host:1/", "://", "http://me:sec/ret@host", "http://host:0"}) {
        BOOST_TEST_CONTEXT(wrong)
        {
            options.proxy = {wrong, wrong, "127.0.0.1"};
            const tandem::http::client passed_by(threads, options);
            check_answer(ask(passed_by, {.url = server.url("/")}), 200, "itself");
            const test::asked failed = ask(passed_by, {.url = "http://one.invalid/"});
            check_failed(failed, errc::invalid_option);
            BOOST_TEST_MESSAGE(failed.what);
            BOOST_TEST((failed.what.find("the proxy for http URLs is none") != failed.what.npos), failed);
            BOOST_TEST((failed.what.find("secret") == failed.what.npos), failed);

            options.proxy = {proxy.url(""), wrong, {}};
            const tandem::http::client beside(threads, options);
            check_answer(ask(beside, {.url = "http://one.invalid/"}), 200, "by proxy");
            check_failed(ask(beside, {.url = "https://one.invalid/"}), errc::invalid_option);
        }
    }
}

BOOST_AUTO_TEST_CASE(of_socks_look_names_up_themselves)
{
    test::log asked_server;
    test::scripted_server server(test::noting(asked_server, test::ok("through")));
    test::log asked_proxy;
    test::scripted_server proxy(socks(asked_proxy, {.port = server.port()}));
    const tandem::http::client with = through_socks("socks5h", proxy);
    for (const bool again : {false, true}) {
        const test::asked seen = ask(with, {.url = "http://far.invalid:8080/x"});
        check_answer(seen, 200, "through");
        BOOST_TEST(seen.answer->reused_connection == again);
        BOOST_TEST(asked_server.last().starts_with("GET /x HTTP/1.1\r\nHost: far.invalid:8080\r\n"), asked_server.last());
    }
    BOOST_TEST(asked_proxy.all().size() == 1u);
    BOOST_TEST(asked_proxy.last() == "name far.invalid 8080");
    // Another host, another connection; an address is told as one.
    check_answer(ask(with, {.url = "http://10.1.2.3/"}), 200, "through");
    BOOST_TEST(asked_proxy.last() == "address 10.1.2.3 80");
    check_answer(ask(with, {.url = "http://[fd00::1]/"}), 200, "through");
    BOOST_TEST(asked_proxy.last() == "address fd00::1 80");
}

BOOST_AUTO_TEST_CASE(of_socks_are_told_addresses)
{
    test::scripted_server server(test::answer_always(test::ok("through")));
    test::log seen;
    test::scripted_server proxy(socks(seen, {.port = server.port()}));
    check_answer(ask(through_socks("socks5", proxy), {.url = "http://localhost:8080/"}), 200, "through");
    BOOST_TEST((seen.last() == "address 127.0.0.1 8080" || seen.last() == "address ::1 8080"), seen.last());
    check_failed(ask(through_socks("socks5", proxy), {.url = "http://far.invalid/"}), asio::error::host_not_found);
    BOOST_TEST(proxy.connections() == 1);
}

BOOST_AUTO_TEST_CASE(of_socks_are_told_the_next_address_where_they_cannot_connect)
{
    test::scripted_server server(test::answer_always(test::ok("through")));
    options.resolver = [](const std::string&, const tandem::http::resolved_handler& done) {
        done({}, {asio::ip::make_address("fd00::1"), asio::ip::make_address("10.0.0.1")});
    };
    test::log seen;
    const auto works = socks(seen, {.port = server.port()});
    const auto fails = socks(seen, {.reply = 8});
    test::scripted_server proxy([&](test::peer& client) { (client.index() == 0 ? fails : works)(client); });
    check_answer(ask(through_socks("socks5", proxy), {.url = "http://far.example/"}), 200, "through");
    const std::vector<std::string> expected{"address fd00::1 80", "address 10.0.0.1 80"};
    BOOST_TEST(seen.all() == expected, boost::test_tools::per_element());
    BOOST_TEST(proxy.connections() == 2);
}

BOOST_FIXTURE_TEST_CASE(of_socks_pass_tls_on, trusting_fixture)
{
    auto context = authority.server("DNS:far.invalid");
    test::scripted_server server(test::answer_always(test::ok("over TLS")), &context);
    test::log seen;
    // The address that it gives may be of any kind.
    for (const std::string& from : {byte(1) + std::string(6, 'x'), byte(4) + std::string(18, 'x'),
                                    byte(3) + byte(5) + std::string(7, 'x'), byte(3) + byte(0) + std::string(2, 'x')}) {
        test::scripted_server proxy(socks(seen, {.port = server.port(), .from = from}));
        check_answer(ask(through_socks("socks5h", proxy), {.url = "https://far.invalid/"}), 200, "over TLS");
        BOOST_TEST(seen.last() == "name far.invalid 443");
    }
}

BOOST_AUTO_TEST_CASE(of_socks_take_logins)
{
    test::scripted_server server(test::answer_always(test::ok("through")));
    test::log seen;
    test::scripted_server proxy(socks(seen, {.port = server.port(), .login = "me:s@cret"}));
    check_answer(ask(through_socks("socks5h", proxy, "me:s%40cret@"), {.url = "http://far.invalid/"}), 200, "through");
    BOOST_TEST(seen.all().front() == "login me:s@cret");
    for (const std::string login : {"", "me:wr0ng@"}) {
        const test::asked refused = ask(through_socks("socks5h", proxy, login), {.url = "http://far.invalid/"});
        check_failed(refused, errc::login_required);
        BOOST_TEST((refused.what.find("the proxy 127.0.0.1") != refused.what.npos), refused);
        BOOST_TEST((refused.what.find("wr0ng") == refused.what.npos), refused);
    }
    const std::string long_login = std::string(256, 'x') + '@';
    check_failed(ask(through_socks("socks5h", proxy, long_login), {.url = "http://far.invalid/"}), errc::invalid_option);

    // One that wants none may be offered one.
    test::scripted_server open(socks(seen, {.port = server.port()}));
    check_answer(ask(through_socks("socks5h", open, "me:x@"), {.url = "http://far.invalid/"}), 200, "through");
}

BOOST_AUTO_TEST_CASE(of_socks_that_do_not_connect)
{
    struct row
    {
        int reply;
        boost::system::error_code expected;
    };
    for (const row& r : {row{1, errc::proxy_refused}, row{2, errc::proxy_refused},
                         row{3, asio::error::network_unreachable}, row{4, asio::error::host_unreachable},
                         row{5, asio::error::connection_refused}, row{6, asio::error::timed_out},
                         row{7, errc::proxy_refused}, row{8, errc::proxy_refused}, row{99, errc::proxy_refused}}) {
        BOOST_TEST_CONTEXT("reply " << r.reply)
        {
            test::log log;
            test::scripted_server proxy(socks(log, {.reply = r.reply}));
            const test::asked seen = ask(through_socks("socks5h", proxy), {.url = "http://far.invalid/"});
            check_failed(seen, r.expected);
            BOOST_TEST((seen.what.find("cannot connect to far.invalid port 80") != seen.what.npos), seen);
        }
    }
}

BOOST_AUTO_TEST_CASE(of_socks_that_are_none)
{
    struct row
    {
        std::string bytes;
        errc expected;
    };
    for (const row& r : {row{"HTTP/1.1 400 What\r\n\r\n", errc::malformed_response}, row{"", errc::connection_closed},
                         row{byte(5), errc::connection_closed}, row{byte(4) + byte(0), errc::malformed_response},
                         row{byte(5) + byte(2), errc::login_required}, row{byte(5) + byte(0), errc::connection_closed},
                         row{byte(5) + byte(0) + byte(5) + byte(0) + byte(0) + byte(9), errc::malformed_response}}) {
        BOOST_TEST_CONTEXT(r.bytes)
        {
            test::scripted_server proxy([&](test::peer& client) {
                client.read(3);
                client.send(r.bytes);
            });
            check_failed(ask(through_socks("socks5h", proxy), {.url = "http://far.invalid/"}), r.expected);
        }
    }
    test::scripted_server silent([](test::peer& client) { client.wait_for_end(); });
    options.connect_timeout = 100ms;
    check_failed(ask(through_socks("socks5h", silent), {.url = "http://far.invalid/"}), errc::connect_timeout);
}

BOOST_FIXTURE_TEST_CASE(over_tls_are_asked_for_the_whole_url, trusting_fixture)
{
    auto context = authority.server("IP:127.0.0.1");
    test::log seen;
    test::scripted_server proxy(test::noting(seen, test::ok("by proxy")), &context);
    const tandem::http::client with = through(proxy, "user:pass@");
    for (const char* url : {"http://one.invalid/a", "http://two.invalid/"}) {
        check_answer(ask(with, {.url = url}), 200, "by proxy");
        BOOST_TEST(seen.last().starts_with("GET " + std::string(url) + " HTTP/1.1\r\n"), seen.last());
        BOOST_TEST(test::has_line(seen.last(), "Proxy-Authorization: Basic dXNlcjpwYXNz"), seen.last());
    }
    BOOST_TEST(proxy.connections() == 1);
}

BOOST_FIXTURE_TEST_CASE(over_tls_make_tunnels_for_tls, trusting_fixture)
{
    auto outer = authority.server("IP:127.0.0.1");
    auto inner = authority.server("DNS:far.invalid");
    const std::string body = test::noise(1'000'000);
    test::log seen;
    test::scripted_server proxy(
        [&](test::peer& client) {
            seen.add(client.read_request());
            client.send("HTTP/1.1 200 Established\r\n\r\n");
            within_tls tunnel{client};
            asio::ssl::stream<within_tls&> server(tunnel, inner);
            boost::system::error_code error;
            server.handshake(asio::ssl::stream_base::server, error);
            for (char c = 0; !error;) {
                std::string request;
                while (!error && !request.ends_with("\r\n\r\n")) {
                    if (server.read_some(asio::buffer(&c, 1), error) == 1) {
                        request += c;
                    }
                }
                if (!error) {
                    asio::write(server, asio::buffer(test::ok(request.starts_with("GET /large ") ? body : "within")),
                                error);
                }
            }
        },
        &outer);
    const tandem::http::client with = through(proxy);
    for (const bool again : {false, true}) {
        const test::asked first = ask(with, {.url = "https://far.invalid/"});
        check_answer(first, 200, "within");
        BOOST_TEST(first.answer->reused_connection == again);
        check_answer(ask(with, {.url = "https://far.invalid/large"}), 200, body);
    }
    BOOST_TEST(seen.all().size() == 1u);
    BOOST_TEST(seen.last().starts_with("CONNECT far.invalid:443 HTTP/1.1\r\n"), seen.last());
    // The inner certificate is verified as well.
    check_failed(ask(with, {.url = "https://other.invalid/"}), errc::certificate_refused);
}

BOOST_FIXTURE_TEST_CASE(over_tls_are_verified, trusting_fixture)
{
    for (const char* names : {"IP:127.0.0.2", "DNS:far.invalid"}) {
        auto context = authority.server(names);
        test::log log;
        test::scripted_server proxy(test::noting(log, test::ok("by proxy")), &context);
        for (const char* url : {"http://far.invalid/", "https://far.invalid/"}) {
            const test::asked seen = ask(through(proxy, "user:pass@"), {.url = url});
            check_failed(seen, errc::certificate_refused);
            BOOST_TEST((seen.what.find("the proxy 127.0.0.1 port") != seen.what.npos), seen);
        }
        BOOST_TEST(log.all().empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
