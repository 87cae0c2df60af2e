#include "http/net/asked.hpp"
#include "http/net/samples.hpp"

#include <boost/asio/error.hpp>

#include <atomic>
#include <thread>

using tandem::http::errc;
using tandem::http::request;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(requests, test::net_fixture)

BOOST_AUTO_TEST_CASE(an_answer_is_all_there)
{
    test::scripted_server server(test::answer_always(
        "HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello"));
    for (const bool again : {false, true}) {
        const test::asked seen = ask(server.url("/x#y"));
        check_answer(seen, 200, "hello");
        BOOST_TEST(seen.answer->reason == "Fine");
        BOOST_TEST(seen.answer->url == server.url("/x"));
        BOOST_TEST(seen.answer->redirects == 0u);
        BOOST_TEST(seen.answer->reused_connection == again);
        BOOST_TEST(seen.answer->headers.size() == 4u);
        BOOST_TEST(seen.answer->header("SET-cookie").value_or("none") == "a=1");
        BOOST_TEST(seen.answer->headers.at(1).value == "b=2");
        BOOST_TEST(seen.answer->header("x-empty").value_or("none") == "");
        BOOST_TEST(!seen.answer->header("X-Other").has_value());
    }
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(any_status_is_an_answer)
{
    for (const unsigned status : {201u, 204u, 206u, 300u, 304u, 400u, 401u, 404u, 429u, 500u, 503u}) {
        const std::string body = status == 204 || status == 304 ? "" : "body";
        test::scripted_server server(
            test::answer_always("HTTP/1.1 " + std::to_string(status) + " Word\r\n" +
                                (body.empty() ? std::string("\r\n") : "Content-Length: 4\r\n\r\n" + body)));
        check_answer(ask(server.url("/")), status, body);
        check_answer(ask(server.url("/")), status, body);
        BOOST_TEST(server.connections() == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_body_is_sent)
{
    const std::string body(300'000, 'b');
    test::log seen;
    test::scripted_server server([&](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            seen.add(header);
            const std::string sent = client.read(test::has_line(header, "Content-Length: 300000") ? body.size() : 0);
            client.send(test::ok(sent == body ? "all" : sent.empty() ? "none" : "other"));
        }
    });
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "REPORT"}) {
        check_answer(ask({.url = server.url("/"), .method = method, .body = body}), 200, "all");
        BOOST_TEST(seen.last().starts_with(method + std::string(" / HTTP/1.1\r\n")));
        check_answer(ask({.url = server.url("/"), .method = method}), 200, "none");
        const bool always = method[0] == 'P';
        BOOST_TEST(test::has_line(seen.last(), "Content-Length: 0") == always, seen.last());
    }
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(a_head_has_no_body)
{
    test::scripted_server server(test::answer_always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
    for (int i = 0; i < 3; ++i) {
        const test::asked seen = ask({.url = server.url("/"), .method = "HEAD"});
        check_answer(seen, 200, "");
        BOOST_TEST(seen.answer->header("Content-Length").value_or("none") == "1000");
    }
    BOOST_TEST(server.connections() == 1);
}

// A body where there can be none costs its connection, and nothing else: neither this answer nor the next.
BOOST_AUTO_TEST_CASE(stray_bytes_of_an_answer_without_a_body)
{
    struct stray_row
    {
        const char* method;
        unsigned status;
        std::string fields;
    };
    for (const stray_row& r : {stray_row{"HEAD", 200, "Content-Length: 6\r\n"}, stray_row{"HEAD", 404, ""},
                               stray_row{"HEAD", 200, "Transfer-Encoding: chunked\r\n"}, stray_row{"GET", 204, ""},
                               stray_row{"GET", 204, "Content-Length: 6\r\n"}, stray_row{"GET", 304, ""}}) {
        // With the header, soon after it, and as the next request is on its way.
        for (const int when : {0, 1, 2}) {
            BOOST_TEST_CONTEXT(r.method << ' ' << r.status << ", " << r.fields << "when " << when)
            {
                const std::string header = "HTTP/1.1 " + std::to_string(r.status) + " Word\r\n" + r.fields + "\r\n";
                test::log seen;
                test::scripted_server server([&](test::peer& client) {
                    for (std::string one = client.read_request(); !one.empty(); one = client.read_request()) {
                        seen.add(one);
                        if (one.find(" /plain ") != one.npos) {
                            client.send((when == 2 && client.index() == 0 ? "a body" : "") + test::ok("plain"));
                        } else {
                            client.send(header + (when == 0 ? "a body" : ""));
                            if (when == 1) {
                                std::this_thread::sleep_for(20ms);
                                client.send("a body");
                            }
                        }
                    }
                });
                const test::asked first = ask({.url = server.url("/stray"), .method = r.method});
                check_answer(first, r.status, "");
                if (when == 1) {
                    std::this_thread::sleep_for(100ms);
                }
                check_answer(ask(server.url("/plain")), 200, "plain");
                check_answer(ask(server.url("/plain")), 200, "plain");
                BOOST_TEST(server.connections() == 2);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(stray_bytes_do_not_send_a_post_twice)
{
    std::atomic<int> posts = 0;
    test::scripted_server server([&](test::peer& client) {
        for (std::string one = client.read_request(); !one.empty(); one = client.read_request()) {
            posts += one.starts_with("POST ") ? 1 : 0;
            client.send(one.starts_with("HEAD ") ? "HTTP/1.1 200 OK\r\n\r\n" : "a body" + test::ok("x"));
        }
    });
    check_answer(ask({.url = server.url("/"), .method = "HEAD"}), 200, "");
    check_failed(ask({.url = server.url("/"), .method = "POST"}), errc::malformed_response);
    BOOST_TEST(posts == 1);
}

BOOST_AUTO_TEST_CASE(fields_are_sent_as_they_are_given)
{
    test::log seen;
    test::scripted_server server(test::noting(seen, test::ok("x")));
    request what{.url = server.url("/")};
    what.options.headers = {
        {"X-One", "1"}, {"X-one", "2"}, {"User-Agent", "mine"}, {"accept", "a/b"}, {"Authorization", "Bearer token"}};
    what.options.login = {{"not", "sent"}};
    check_answer(ask(what), 200, "x");
    BOOST_TEST_CONTEXT(seen.last())
    {
        for (const char* line : {"X-One: 1", "X-one: 2", "User-Agent: mine", "accept: a/b",
                                 "Authorization: Bearer token", "Accept-Encoding: identity"}) {
            BOOST_TEST(test::has_line(seen.last(), line), line);
        }
        for (const char* text : {"tandem", "Basic", "*/*"}) {
            BOOST_TEST((seen.last().find(text) == std::string::npos), text);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sent_is_refused_before)
{
    test::scripted_server server(test::answer_always(test::ok("x")));
    const std::vector<tandem::http::header_field> bad = {{"", "x"},
                                                         {"a b", "x"},
                                                         {"a:", "x"},
                                                         {"X", "secret\r\nY: z"},
                                                         {"X", std::string("secret\0", 7)},
                                                         {"Host", "x"},
                                                         {"connection", "close"},
                                                         {"Content-Length", "3"},
                                                         {"Transfer-Encoding", "chunked"},
                                                         {"Accept-Encoding", "br"},
                                                         {"Proxy-Authorization", "Basic secret"}};
    for (const auto& field : bad) {
        request what{.url = server.url("/")};
        what.options.headers = {field};
        const test::asked seen = ask(what);
        check_failed(seen, errc::invalid_option);
        BOOST_TEST((seen.what.find("secret") == seen.what.npos), seen);
        BOOST_TEST((seen.what.find("in the proxy's URL") != seen.what.npos) == (field.name == "Proxy-Authorization"), seen);
    }
    for (const char* method : {"", "GE T", "GET\r\n", "CONNECT"}) {
        check_failed(ask({.url = server.url("/"), .method = method}), errc::invalid_option);
    }
    request what;
    for (std::chrono::milliseconds tandem::http::transfer_options::*limit :
         {&tandem::http::transfer_options::idle_timeout, &tandem::http::transfer_options::total_timeout,
          &tandem::http::transfer_options::min_rate_period}) {
        what = {.url = server.url("/")};
        what.options.*limit = -1ms;
        check_failed(ask(what), errc::invalid_option);
    }
    what = {.url = server.url("/")};
    what.options.https_only = true;
    check_failed(ask(what), errc::unsupported_scheme);
    BOOST_TEST(server.connections() == 0);
}

BOOST_AUTO_TEST_CASE(what_may_be_sent_twice_is_sent_again_where_a_kept_connection_ends)
{
    for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"}) {
        test::scripted_server server([](test::peer& client) {
            client.read_request();
            client.send("HTTP/1.1 204 Empty\r\n\r\n");
            client.read_request();
        });
        check_answer(ask(server.url("/")), 204, "");
        const test::asked seen = ask({.url = server.url("/"), .method = method});
        if (method[0] == 'P' && method[1] != 'U') {
            check_failed(seen, errc::connection_closed);
            BOOST_TEST(server.connections() == 1);
        } else {
            check_answer(seen, 204, "");
            BOOST_TEST(server.connections() == 2);
        }
    }
}

BOOST_AUTO_TEST_CASE(gzip_is_decoded_where_it_was_asked_for)
{
    std::string text;
    for (int i = 0; i < 20'000; ++i) {
        text += std::to_string(i * 7919) + ' ';
    }
    test::log seen;
    test::scripted_server server(test::noting(seen, test::ok(test::gzipped(text), "Content-Encoding: gzip\r\n")));
    request what{.url = server.url("/")};
    what.options.compressed = true;
    check_answer(ask(what), 200, text);
    BOOST_TEST(test::has_line(seen.last(), "Accept-Encoding: gzip"));

    // Unasked it comes as it is, or not at all.
    const test::asked raw = ask(server.url("/"));
    check_answer(raw, 200, test::gzipped(text));
    BOOST_TEST(raw.answer->encoding.value_or("none") == "gzip");
    request strict{.url = server.url("/")};
    strict.options.encoded = tandem::http::encoded_body::refuse;
    check_failed(ask(strict), errc::unexpected_encoding, 200);

    // Before decoding it is within the limit, after it is not.
    what.options.max_body_size = text.size() - 1;
    check_failed(ask(what), errc::body_too_large, 200);
}

BOOST_AUTO_TEST_CASE(encodings_that_are_wrong)
{
    struct row
    {
        const char* name;
        std::string answer;
        errc expected;
    };
    const std::string whole = test::gzipped("hello");
    const std::string bomb = test::gzipped(std::string(20'000'000, '\0'));
    const std::string field = "Content-Encoding: gzip\r\n";
    for (const row& r : {row{"no gzip", test::ok("hello", field), errc::undecodable_body},
                         row{"half", test::ok(whole.substr(0, whole.size() / 2), field), errc::undecodable_body},
                         row{"a bomb", test::ok(bomb, field), errc::decoded_too_large}}) {
        BOOST_TEST_CONTEXT(r.name)
        {
            test::scripted_server server(test::answer_always(r.answer));
            request what{.url = server.url("/")};
            what.options.compressed = true;
            check_failed(ask(what), r.expected, 200);
        }
    }
    for (const char* other : {"br", "gzip, gzip", "br, gzip", "none", ""}) {
        BOOST_TEST_CONTEXT("Content-Encoding: " << other)
        {
            test::scripted_server server(
                test::answer_always(test::ok(whole, "Content-Encoding: " + std::string(other) + "\r\n")));
            request what{.url = server.url("/")};
            what.options.compressed = true;
            const test::asked seen = ask(what);
            check_answer(seen, 200, whole);
            BOOST_TEST(seen.answer->encoding.value_or("no field") == other);
            what.options.encoded = tandem::http::encoded_body::refuse;
            check_failed(ask(what), errc::unexpected_encoding, 200);
        }
    }
    test::scripted_server plain(test::answer_always(test::ok("hello", "Content-Encoding: identity\r\n")));
    const test::asked seen = ask(plain.url("/"));
    check_answer(seen, 200, "hello");
    BOOST_TEST(!seen.answer->encoding.has_value());
}

BOOST_AUTO_TEST_CASE(chunks_that_never_begin_and_trailers_that_never_end)
{
    for (const char* endless : {"5;name=", "0\r\nTrailer: ", "0\r\na: b\r\nc"}) {
        BOOST_TEST_CONTEXT(endless)
        {
            test::scripted_server server([&](test::peer& peer) {
                peer.read_request();
                peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + std::string(endless));
                while (peer.send(std::string(1000, 'x'))) {
                }
            });
            check_failed(ask(server.url("/")), errc::malformed_response, 200);
        }
    }
}

BOOST_AUTO_TEST_CASE(cancelled)
{
    std::promise<void> came;
    test::scripted_server server([&](test::peer& client) {
        client.read_request();
        came.set_value();
        client.wait_for_end();
    });
    test::asking one(direct, {.url = server.url("/")});
    came.get_future().wait();
    one.signal.emit(boost::asio::cancellation_type::total);
    check_failed(one.wait(), boost::asio::error::operation_aborted);
}

BOOST_AUTO_TEST_SUITE_END()
