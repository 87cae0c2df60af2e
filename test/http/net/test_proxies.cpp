#include "http/certificates.hpp"
#include "http/net/asked.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
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

    tandem::http::client_options options{};
};

/// Answers CONNECT by `answer`, and passes on bytes both ways where that is a success.
test::scripted_server::script tunnels(test::log& in, std::uint16_t port, std::string answer)
{
    return [&in, port, answer = std::move(answer)](test::peer& client) {
        in.add(client.read_request());
        client.send(answer);
        if (!answer.starts_with("HTTP/1.1 2")) {
            return;
        }
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
    };
}

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

BOOST_AUTO_TEST_CASE(that_are_none)
{
    options.proxy.http = "socks5://127.0.0.1:1/";
    BOOST_CHECK_THROW(tandem::http::client(threads, options), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
