#include "http/certificates.hpp"
#include "http/fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>

using tandem::http::errc;

namespace {

struct tls_fixture : test::fixture
{
    tls_fixture()
    {
        const auto file = folder.string() + ".pem";
        authority.write(file);
        options.ca_file = file;
    }
    ~tls_fixture() { std::filesystem::remove(options.ca_file); }

    test::authority authority{};
    tandem::http::client_options options{};
};

} // namespace

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(tls, tls_fixture)

BOOST_AUTO_TEST_CASE(a_good_host)
{
    auto context = authority.server("DNS:localhost,IP:127.0.0.1");
    const std::string body = test::noise(1'000'000);
    test::scripted_server server(test::answer_always(test::ok(body)), &context);
    tandem::http::downloader trusting(threads, options);
    for (const char* host : {"localhost", "127.0.0.1"}) {
        for (const bool again : {false, true}) {
            const test::outcome seen = get(trusting, server.url("/", host));
            check_complete(seen, body);
            BOOST_TEST(seen.report->reused_connection == again);
        }
    }
    BOOST_TEST(server.connections() == 2);
}

BOOST_AUTO_TEST_CASE(others_have_a_turn_between_pieces_of_a_body)
{
    // To parse such chunks takes longer than to send them, so the socket always has more.
    auto context = authority.server("DNS:localhost");
    constexpr std::size_t size = 4 * 1024 * 1024;
    std::string chunks;
    for (std::size_t i = 0; i != size / 16; ++i) {
        chunks += "10\r\n0123456789abcdef\r\n";
    }
    chunks += "0\r\n\r\n";
    const std::string body = test::noise(5'767'173);
    struct row
    {
        const char* framing;
        const std::string& sent;
        std::size_t size;
    };
    for (const row& r : {row{"Transfer-Encoding: chunked", chunks, size}, row{"Connection: close", body, body.size()},
                         row{"Content-Length: 5767173", body, body.size()}}) {
        BOOST_TEST_CONTEXT(r.framing)
        {
            test::scripted_server server(
                [&](test::peer& peer) {
                    peer.read_request();
                    peer.send("HTTP/1.1 200 OK\r\n" + std::string(r.framing) + "\r\n\r\n" + r.sent);
                    peer.close_notify();
                },
                &context);
            boost::asio::io_context one_thread;
            tandem::http::download_options with = test::once();
            with.progress = std::make_shared<tandem::http::download_progress>();
            test::started download(tandem::http::downloader(one_thread, options), server.url("/", "localhost"),
                                   folder / "file", with);
            std::uint64_t before = 0;
            std::uint64_t most = 0;
            std::function<void()> take_a_turn = [&] {
                const std::uint64_t bytes = with.progress->bytes;
                most = std::max(most, bytes - before);
                before = bytes;
                if (with.progress->now != tandem::http::download_progress::phase::ended) {
                    boost::asio::post(one_thread, take_a_turn);
                }
            };
            take_a_turn();
            one_thread.run();
            const test::outcome seen = download.wait();
            BOOST_REQUIRE_MESSAGE(seen.report.has_value(), seen);
            BOOST_TEST(seen.report->bytes == r.size);
            BOOST_TEST(most <= 1'250'000u);
            BOOST_TEST_MESSAGE("at most " << most << " bytes in one turn");
        }
    }
}

BOOST_AUTO_TEST_CASE(tls_1_2)
{
    auto context = authority.server("DNS:localhost");
    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
    test::scripted_server server(test::answer_always(test::ok("hello")), &context);
    tandem::http::downloader trusting(threads, options);
    check_complete(get(trusting, server.url("/", "localhost")), "hello");
    check_complete(get(trusting, server.url("/", "localhost")), "hello");
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(the_wrong_host)
{
    auto context = authority.server("DNS:example.com,IP:127.0.0.2");
    test::scripted_server server(test::answer_always(test::ok("hello")), &context);
    tandem::http::downloader trusting(threads, options);
    for (const char* host : {"localhost", "127.0.0.1"}) {
        const test::outcome seen = get(trusting, server.url("/", host));
        check_failed(seen, errc::certificate_refused);
        BOOST_TEST((seen.what.find("mismatch") != seen.what.npos), seen);
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_authority)
{
    auto context = authority.server("DNS:localhost");
    test::scripted_server server(test::answer_always(test::ok("hello")), &context);
    const test::outcome seen = get(downloads, server.url("/", "localhost"));
    check_failed(seen, errc::certificate_refused);
    BOOST_TEST((seen.what.find("issuer certificate") != seen.what.npos), seen);

    test::authority another;
    auto foreign = another.server("DNS:localhost");
    test::scripted_server foreign_server(test::answer_always(test::ok("hello")), &foreign);
    tandem::http::downloader trusting(threads, options);
    check_failed(get(trusting, foreign_server.url("/", "localhost")), errc::certificate_refused);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate)
{
    auto context = authority.server("DNS:localhost", -60);
    test::scripted_server server(test::answer_always(test::ok("hello")), &context);
    tandem::http::downloader trusting(threads, options);
    const test::outcome seen = get(trusting, server.url("/", "localhost"));
    check_failed(seen, errc::certificate_refused);
    BOOST_TEST((seen.what.find("expired") != seen.what.npos), seen);
}

BOOST_AUTO_TEST_CASE(a_body_until_close_needs_the_notification)
{
    auto context = authority.server("DNS:localhost");
    for (const bool notify : {true, false}) {
        test::scripted_server server(
            [&](test::peer& peer) {
                peer.read_request();
                peer.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
                if (notify) {
                    peer.close_notify();
                }
            },
            &context);
        tandem::http::downloader trusting(threads, options);
        const test::outcome seen = get(trusting, server.url("/", "localhost"));
        if (notify) {
            check_complete(seen, "until the end");
            std::filesystem::remove(folder / "file");
        } else {
            check_failed(seen, errc::truncated_body);
        }
    }
}

BOOST_AUTO_TEST_CASE(no_redirect_to_plain)
{
    auto context = authority.server("DNS:localhost");
    test::scripted_server plain(test::answer_always(test::ok("plain")));
    test::scripted_server server(
        test::answer_always("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + plain.url("/") + "\r\n\r\n"),
        &context);
    tandem::http::downloader trusting(threads, options);
    check_failed(get(trusting, server.url("/", "localhost")), errc::insecure_redirect);
    BOOST_TEST(plain.connections() == 0);

    test::scripted_server upwards(test::answer_always(
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + server.url("/", "localhost") + "\r\n\r\n"));
    check_failed(get(trusting, upwards.url("/")), errc::insecure_redirect);
    BOOST_TEST(plain.connections() == 0);
}

BOOST_AUTO_TEST_CASE(not_tls_at_all)
{
    test::scripted_server server([](test::peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    const test::outcome seen = get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(!seen.report.has_value());
        BOOST_TEST((seen.what.find("does not speak TLS") != seen.what.npos));
        BOOST_TEST(listing() == "");
    }
}

BOOST_AUTO_TEST_CASE(a_stalled_handshake)
{
    test::scripted_server server([](test::peer& peer) { peer.wait_for_end(); });
    options.connect_timeout = 100ms;
    tandem::http::downloader impatient(threads, options);
    check_failed(get(impatient, "https://127.0.0.1:" + std::to_string(server.port()) + "/"), errc::connect_timeout);
}

BOOST_AUTO_TEST_SUITE_END()
