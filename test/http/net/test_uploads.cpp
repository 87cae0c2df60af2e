// What is sent with a request, and what a server may say meanwhile.
#include "http/certificates.hpp"
#include "http/net/asked.hpp"
#include "http/net/samples.hpp"
#include "support/memory.hpp"
#include "support/preconditions.hpp"

#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

using tandem::http::errc;
using tandem::http::request;

using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

struct upload_fixture : test::net_fixture
{
    upload_fixture()
    {
        options.ca_file =
            std::filesystem::temp_directory_path() / ("tandem-uploads-" + std::to_string(::getpid()) + ".pem");
        authority.write(options.ca_file);
    }
    ~upload_fixture() { std::filesystem::remove(options.ca_file); }

    test::authority authority{};
    tandem::http::client_options options{};
};

/// Without the question whether it may be sent.
request upload(const std::string& url, std::size_t size)
{
    request what{.url = url, .method = "POST", .body = std::string(size, 'b')};
    what.options.headers = {{"Expect", "nothing"}};
    return what;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(uploads, upload_fixture)

BOOST_AUTO_TEST_CASE(an_answer_ends_the_sending)
{
    // A server that reads no more says why, over plain connections and over TLS.
    auto context = authority.server("IP:127.0.0.1");
    for (boost::asio::ssl::context* tls : {static_cast<boost::asio::ssl::context*>(nullptr), &context}) {
        BOOST_TEST_CONTEXT((tls ? "https" : "http"))
        {
            std::promise<void> over;
            std::shared_future<void> is_over = over.get_future().share();
            test::scripted_server server(
                [&](test::peer& client) {
                    if (client.read_request().starts_with("GET ")) {
                        client.send(test::ok("next"));
                        return;
                    }
                    client.discard(mebibyte);
                    client.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge");
                    is_over.wait_for(60s);
                },
                tls);
            tandem::http::client trusting(threads, options);
            request what = upload(server.url("/"), 64 * mebibyte);
            what.options.idle_timeout = 5s;
            check_answer(ask(trusting, what), 413, "large");
            const test::asked next = ask(trusting, {.url = server.url("/")});
            over.set_value();
            check_answer(next, 200, "next");
            BOOST_TEST(!next.answer->reused_connection);
        }
    }
}

// RFC 9112, section 9.5: an error does, a success does not.
BOOST_AUTO_TEST_CASE(an_early_success_does_not_end_the_sending)
{
    constexpr std::size_t size = 8 * mebibyte;
    const std::string body = test::noise(size);
    const auto source_of = [&body](std::size_t& at) {
        return [&body, &at]() -> boost::asio::awaitable<std::string> {
            std::string piece = body.substr(at, 100'000);
            at += piece.size();
            co_return piece;
        };
    };
    auto context = authority.server("IP:127.0.0.1");
    for (boost::asio::ssl::context* tls : {static_cast<boost::asio::ssl::context*>(nullptr), &context}) {
        for (const bool has_source : {false, true}) {
            BOOST_TEST_CONTEXT((tls ? "https" : "http") << ", from a source " << has_source)
            {
                std::string seen;
                test::scripted_server server(
                    [&](test::peer& client) {
                        for (int i = 0; !client.read_request().empty(); ++i) {
                            if (i == 0) {
                                client.send(test::ok("thanks"));
                            }
                            seen = client.read(i == 0 ? size : 0);
                            if (i == 1) {
                                client.send(test::ok("next"));
                            }
                        }
                    },
                    tls);
                tandem::http::client trusting(threads, options);
                request what = upload(server.url("/"), 0);
                std::size_t at = 0;
                if (has_source) {
                    what.source = source_of(at);
                    what.source_size = size;
                } else {
                    what.body = body;
                }
                what.options.idle_timeout = 10s;
                const test::asked answer = ask(trusting, what);
                check_answer(answer, 200, "thanks");
                BOOST_TEST(answer.answer->sent == size);
                const test::asked next = ask(trusting, {.url = server.url("/")});
                check_answer(next, 200, "next");
                BOOST_TEST(next.answer->reused_connection);
            }
        }
    }
}

// Neither waits for the other to read first.
BOOST_AUTO_TEST_CASE(an_answer_that_comes_as_the_body_goes)
{
    constexpr std::size_t size = 12 * mebibyte; // more than both buffers of a connection hold
    auto context = authority.server("IP:127.0.0.1");
    for (boost::asio::ssl::context* tls : {static_cast<boost::asio::ssl::context*>(nullptr), &context}) {
        BOOST_TEST_CONTEXT((tls ? "https" : "http"))
        {
            test::scripted_server server(
                [&](test::peer& client) {
                    client.read_request();
                    client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
                    for (std::size_t i = 0; i < size; i += mebibyte) {
                        client.send(client.read(mebibyte));
                    }
                },
                tls);
            tandem::http::client trusting(threads, options);
            request what = upload(server.url("/"), 0);
            what.body = test::noise(size);
            what.options.idle_timeout = 10s;
            check_answer(ask(trusting, what), 200, what.body);
            what.options.max_body_size = 2 * mebibyte;
            const test::asked large = ask(trusting, what);
            BOOST_TEST((large.code == errc::body_too_large), large);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_success_before_the_body_is_there_and_the_end_is_none)
{
    auto context = authority.server("IP:127.0.0.1");
    for (boost::asio::ssl::context* tls : {static_cast<boost::asio::ssl::context*>(nullptr), &context}) {
        for (const bool with_reset : {false, true}) {
            BOOST_TEST_CONTEXT((tls ? "https" : "http") << ", with a reset " << with_reset)
            {
                test::scripted_server server(
                    [&](test::peer& client) {
                        client.read_request();
                        client.discard(mebibyte);
                        client.send(test::ok("thanks"));
                        if (with_reset) {
                            client.reset();
                        }
                    },
                    tls);
                tandem::http::client trusting(threads, options);
                request what = upload(server.url("/"), 64 * mebibyte);
                what.options.idle_timeout = 10s;
                const test::asked seen = ask(trusting, what);
                BOOST_TEST(!seen.answer.has_value(), seen);
                BOOST_TEST((seen.code == errc::connection_closed), seen);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(all_of_it_arrives)
{
    auto context = authority.server("IP:127.0.0.1");
    for (boost::asio::ssl::context* tls : {static_cast<boost::asio::ssl::context*>(nullptr), &context}) {
        for (const std::size_t size : std::vector<std::size_t>{1, 16 * 1024, 16 * 1024 + 1, 300'000}) {
            const std::string body = test::noise(size);
            std::string seen;
            test::scripted_server server(
                [&](test::peer& client) {
                    for (std::string header; !(header = client.read_request()).empty();) {
                        seen = client.read(size);
                        // What comes early and is not final is passed over.
                        client.send("HTTP/1.1 102 Working\r\n\r\n" + test::ok("thanks"));
                    }
                },
                tls);
            tandem::http::client trusting(threads, options);
            for (const bool again : {false, true}) {
                request what = upload(server.url("/"), 0);
                what.body = body;
                const test::asked answer = ask(trusting, what);
                check_answer(answer, 200, "thanks");
                BOOST_TEST((seen == body), size << " bytes");
                BOOST_TEST(answer.answer->reused_connection == again);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_large_body_is_announced)
{
    std::atomic<bool> says_so = true;
    test::log seen;
    test::scripted_server server([&](test::peer& client) {
        for (std::string header; !(header = client.read_request()).empty();) {
            seen.add(header);
            if (says_so) {
                client.send("HTTP/1.1 100 Continue\r\n\r\n");
            }
            const std::size_t size = std::stoul(header.substr(header.find("Content-Length: ") + 16));
            client.send(test::ok(std::to_string(client.discard(size))));
        }
    });
    request what{.url = server.url("/"), .method = "PUT", .body = std::string(mebibyte, 'b')};
    check_answer(ask(what), 200, std::to_string(mebibyte));
    BOOST_TEST(!test::has_line(seen.last(), "Expect: 100-continue"), seen.last());
    what.body += 'b';
    check_answer(ask(what), 200, std::to_string(mebibyte + 1));
    BOOST_TEST(test::has_line(seen.last(), "Expect: 100-continue"), seen.last());
    says_so = false;
    const test::asked late = ask(what);
    check_answer(late, 200, std::to_string(mebibyte + 1));
    BOOST_TEST((late.answer->elapsed >= 1s), "many servers never say so, and are given a second");
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_large_body_that_is_not_wanted_is_not_sent)
{
    test::log seen;
    std::atomic<std::size_t> bytes = 0;
    test::scripted_server server([&](test::peer& client) {
        const std::string header = client.read_request();
        seen.add(header);
        if (header.starts_with("GET ")) {
            client.send(test::ok("there"));
        } else {
            client.send("HTTP/1.1 303 See Other\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
            bytes += client.discard(mebibyte);
        }
    });
    check_answer(ask({.url = server.url("/"), .method = "POST", .body = std::string(2 * mebibyte, 'b')}), 200, "there");
    BOOST_TEST(bytes == 0u);
    BOOST_TEST(seen.all().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_server_that_knows_no_expectations_is_asked_again_without)
{
    test::log seen;
    test::scripted_server server([&](test::peer& client) {
        const std::string header = client.read_request();
        seen.add(header);
        if (test::has_line(header, "Expect: 100-continue")) {
            client.send("HTTP/1.1 417 What\r\nContent-Length: 0\r\n\r\n");
            client.discard(1);
        } else {
            client.send(test::ok(std::to_string(client.discard(2 * mebibyte))));
        }
    });
    check_answer(ask({.url = server.url("/"), .method = "POST", .body = std::string(2 * mebibyte, 'b')}), 200,
                 std::to_string(2 * mebibyte));
    BOOST_TEST(seen.all().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_body_is_not_copied)
{
    constexpr std::size_t size = 64 * mebibyte;
    std::atomic<std::size_t> half_sent = 0;
    test::scripted_server server([&](test::peer& client) {
        client.read_request();
        const std::size_t half = client.discard(size / 2);
        half_sent = test::allocated_memory();
        client.send(test::ok(std::to_string(half + client.discard(size - half))));
    });
    request what = upload(server.url("/"), size);
    const std::size_t before = test::allocated_memory();
    check_answer(ask(std::move(what)), 200, std::to_string(size));
    BOOST_TEST(half_sent < before + mebibyte, half_sent << " bytes, " << before << " before");
}

BOOST_AUTO_TEST_SUITE_END()
