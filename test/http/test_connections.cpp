#include "http/fixture.hpp"

#include <list>

using tandem::http::errc;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(connections, test::fixture)

BOOST_AUTO_TEST_CASE(are_used_again)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    for (int i = 0; i < 10; ++i) {
        const test::outcome seen = get(server.url("/"));
        check_complete(seen, "hello");
        BOOST_TEST(seen.report->reused_connection == (i > 0));
    }
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(are_used_again_after_a_404)
{
    test::scripted_server server([](test::peer& client) {
        for (std::string request = client.read_request(); !request.empty(); request = client.read_request()) {
            client.send(request.starts_with("GET /bad") ? "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nsorry"
                                                        : test::ok("good"));
        }
    });
    check_failed(get(server.url("/bad")), errc::bad_status);
    check_complete(get(server.url("/good")), "good");
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(are_closed_where_the_server_says_so)
{
    test::scripted_server server(test::answer_always(test::ok("hello", "Connection: close\r\n")));
    check_complete(get(server.url("/")), "hello");
    check_complete(get(server.url("/")), "hello");
    BOOST_TEST(server.connections() == 2);
}

BOOST_AUTO_TEST_CASE(are_closed_after_chunks_of_http_1_0_which_has_none)
{
    test::scripted_server server(test::answer_always("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
                                                     "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
    check_complete(get(server.url("/")), "hello");
    check_complete(get(server.url("/")), "hello");
    BOOST_TEST(server.connections() == 2);
}

BOOST_AUTO_TEST_CASE(are_kept_or_closed_as_the_header_says_whatever_a_trailer_does)
{
    const auto connections_for = [this](const std::string& fields, const std::string& trailer) {
        test::scripted_server server(test::answer_always("HTTP/1.1 200 OK\r\n" + fields +
                                                         "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" +
                                                         trailer + "\r\n"));
        check_complete(get(server.url("/")), "hello");
        check_complete(get(server.url("/")), "hello");
        return server.connections();
    };
    BOOST_TEST(connections_for("", "Connection: close\r\n") == 1);
    BOOST_TEST(connections_for("Connection: close\r\n", "Connection: keep-alive\r\n") == 2);
}

BOOST_AUTO_TEST_CASE(are_not_kept_when_idle_too_long)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    tandem::http::client_options options;
    options.idle_connection_timeout = 0ms;
    tandem::http::downloader keeps_none(threads, options);
    check_complete(get(keeps_none, server.url("/")), "hello");
    check_complete(get(keeps_none, server.url("/")), "hello");
    BOOST_TEST(server.connections() == 2);

    options.idle_connection_timeout = 1ms;
    tandem::http::downloader keeps_shortly(threads, options);
    check_complete(get(keeps_shortly, server.url("/")), "hello");
    std::this_thread::sleep_for(20ms);
    check_complete(get(keeps_shortly, server.url("/")), "hello");
    BOOST_TEST(server.connections() == 4);
}

BOOST_AUTO_TEST_CASE(closed_by_the_server_while_kept)
{
    test::scripted_server server(test::answer_once(test::ok("hello")));
    for (int i = 0; i < 5; ++i) {
        check_complete(get(server.url("/")), "hello");
    }
    BOOST_TEST(server.connections() == 5);
}

BOOST_AUTO_TEST_CASE(closed_by_the_server_as_the_request_comes)
{
    // The kept connection looks alive, takes the request, and ends with no byte of an answer.
    for (const bool with_reset : {false, true}) {
        test::scripted_server server([&](test::peer& client) {
            client.read_request();
            client.send(test::ok("hello"));
            client.read_request();
            if (with_reset) {
                client.reset();
            }
        });
        for (int i = 0; i < 5; ++i) {
            const test::outcome seen = get(server.url("/"));
            check_complete(seen, "hello");
            BOOST_TEST(!seen.report->reused_connection);
        }
        BOOST_TEST(server.connections() == 5);
    }
}

// The server tells that it closes the connection for nobody asked anything in time (RFC 9110, section 15.5.9).
BOOST_AUTO_TEST_CASE(closed_by_the_server_with_a_408_as_the_request_comes)
{
    for (const bool is_new : {false, true}) {
        BOOST_TEST_CONTEXT("the first request " << is_new)
        {
            test::scripted_server server([&](test::peer& client) {
                client.read_request();
                if (!is_new) {
                    client.send(test::ok("hello"));
                    client.read_request();
                }
                client.send("HTTP/1.1 408 Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            });
            for (int i = 0; i < 3; ++i) {
                const test::outcome seen = get(server.url("/"));
                if (is_new) {
                    check_failed(seen, errc::bad_status);
                } else {
                    check_complete(seen, "hello");
                    BOOST_TEST(!seen.report->reused_connection);
                }
            }
            BOOST_TEST(server.connections() == 3);
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_CASE(that_fail_when_new_are_not_tried_again)
{
    test::scripted_server server([](test::peer& client) { client.read_request(); });
    check_failed(get(server.url("/")), errc::connection_closed);
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(that_fail_within_an_answer_are_not_tried_again)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send(test::ok("hello"));
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nCont");
    });
    check_complete(get(server.url("/")), "hello");
    std::filesystem::remove(folder / "file");
    check_failed(get(server.url("/")), errc::connection_closed);
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(stay_within_the_limits)
{
    // Requests that are being answered: when a connection ends, a server may see late.
    struct count
    {
        std::atomic<int> now = 0;
        std::atomic<int> most = 0;

        void add()
        {
            const int seen = ++now;
            for (int known = most; seen > known && !most.compare_exchange_weak(known, seen);) {
            }
        }
    };
    count of_first, of_second, of_both;
    const auto answering = [&of_both](count& of_one) {
        return [&of_both, &of_one](test::peer& client) {
            while (!client.read_request().empty()) {
                of_one.add();
                of_both.add();
                std::this_thread::sleep_for(1ms);
                --of_one.now;
                --of_both.now;
                client.send(test::ok("hello"));
            }
        };
    };
    test::scripted_server first(answering(of_first));
    test::scripted_server second(answering(of_second));
    tandem::http::client_options options;
    options.max_connections_per_host = 2;
    options.max_connections = 3;
    tandem::http::downloader limited(threads, options);

    std::list<test::started> all;
    for (int i = 0; i < 200; ++i) {
        const std::string name = std::to_string(i);
        all.emplace_back(limited, (i % 2 ? first : second).url("/" + name), folder / name);
    }
    for (auto& one : all) {
        const test::outcome seen = one.wait();
        BOOST_TEST(seen.report.has_value(), seen);
    }
    BOOST_TEST(first.connections() <= 200);
    BOOST_TEST(of_first.most <= 2);
    BOOST_TEST(of_second.most <= 2);
    BOOST_TEST(of_both.most <= 3);
}

BOOST_AUTO_TEST_CASE(many_at_once)
{
    const std::string body = test::noise(30'000);
    test::scripted_server server(test::answer_always(test::ok(body)));
    std::list<test::started> all;
    for (int i = 0; i < 300; ++i) {
        all.emplace_back(downloads, server.url("/x"), folder / std::to_string(i));
    }
    int i = 0;
    for (auto& one : all) {
        const test::outcome seen = one.wait();
        BOOST_TEST(seen.report.has_value(), seen);
        BOOST_TEST((content(std::to_string(i++)) == body));
    }
    BOOST_TEST(server.connections() <= 8);
}

BOOST_AUTO_TEST_SUITE_END()
