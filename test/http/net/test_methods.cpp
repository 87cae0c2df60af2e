#include "http/net/asked.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

using tandem::http::errc;
using tandem::http::request;

BOOST_FIXTURE_TEST_SUITE(methods_over_redirects, test::net_fixture)

BOOST_AUTO_TEST_CASE(stay_or_become_get)
{
    struct row
    {
        unsigned status;
        const char* method;
        const char* then;
    };
    for (const row& r :
         {row{301, "GET", "GET"}, row{301, "POST", "GET"}, row{301, "PUT", "PUT"}, row{301, "HEAD", "HEAD"},
          row{302, "POST", "GET"}, row{302, "DELETE", "DELETE"}, row{303, "GET", "GET"}, row{303, "POST", "GET"},
          row{303, "PUT", "GET"}, row{303, "HEAD", "HEAD"}, row{307, "POST", "POST"}, row{307, "PUT", "PUT"},
          row{308, "POST", "POST"}, row{308, "PATCH", "PATCH"}}) {
        BOOST_TEST_CONTEXT(r.status << ' ' << r.method)
        {
            const std::string body =
                std::string_view(r.method) == "GET" || std::string_view(r.method) == "HEAD" ? "" : "four";
            test::log seen;
            test::scripted_server server([&](test::peer& client) {
                for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
                    header += client.read(test::has_line(header, "Content-Length: 4") ? 4 : 0);
                    seen.add(header);
                    client.send(header.find(" /from ") != header.npos
                                    ? "HTTP/1.1 " + std::to_string(r.status) +
                                          " Moved\r\nLocation: to\r\nContent-Length: 0\r\n\r\n"
                                    : "HTTP/1.1 204 There\r\n\r\n");
                }
            });
            request what{.url = server.url("/from"), .method = r.method, .body = body};
            what.options.headers = {{"Content-Type", "text/plain"}, {"X-Kept", "1"}};
            const test::asked answer = ask(what);
            check_answer(answer, 204, "");
            BOOST_TEST(answer.answer->redirects == 1u);
            const bool kept = std::string_view(r.method) == r.then;
            BOOST_TEST(seen.last().starts_with(std::string(r.then) + " /to HTTP/1.1\r\n"), seen.last());
            BOOST_TEST(seen.last().ends_with("\r\n\r\n" + (kept ? body : "")), seen.last());
            BOOST_TEST(test::has_line(seen.last(), "Content-Type: text/plain") == kept, seen.last());
            BOOST_TEST(test::has_line(seen.last(), "X-Kept: 1"), seen.last());
        }
    }
}

BOOST_AUTO_TEST_CASE(are_not_followed_at_a_limit_of_zero)
{
    test::scripted_server server(
        test::answer_always("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 4\r\n\r\nbody"));
    request what{.url = server.url("/")};
    what.options.max_redirects = 0;
    const test::asked seen = ask(what);
    check_answer(seen, 302, "body");
    BOOST_TEST(seen.answer->header("Location").value_or("") == "/again");

    what.options.max_redirects = 3;
    const test::asked loop = ask(what);
    check_failed(loop, errc::too_many_redirects, 302);
    BOOST_TEST((loop.what.find("3 followed") != loop.what.npos), loop);
}

BOOST_AUTO_TEST_CASE(do_not_follow_what_is_no_redirect)
{
    for (const unsigned status : {300u, 304u, 305u}) {
        test::scripted_server server(test::answer_always("HTTP/1.1 " + std::to_string(status) +
                                                         " X\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"));
        check_answer(ask(server.url("/")), status, "");
    }
}

BOOST_AUTO_TEST_CASE(of_their_own_are_sent_in_a_coroutine)
{
    test::log seen;
    test::scripted_server server([&](test::peer& peer) {
        for (std::string header = peer.read_request(); !header.empty(); header = peer.read_request()) {
            const bool is_head = header.starts_with("HEAD ");
            seen.add(header + peer.read(test::has_line(header, "Content-Length: 5") ? 5 : 0));
            peer.send(std::string("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n") + (is_head ? "" : "four"));
        }
    });
    const auto run = [&]() -> boost::asio::awaitable<void> {
        tandem::http::response answer = co_await direct.async_get(server.url("/a"));
        BOOST_TEST(answer.body == "four");
        answer = co_await direct.async_head(server.url("/b"), boost::asio::use_awaitable);
        BOOST_TEST(answer.body == "");
        BOOST_TEST(answer.header("Content-Length").value_or("") == "4");
        answer = co_await direct.async_post(server.url("/c"), "{\"a\"}", "application/json");
        BOOST_TEST(answer.body == "four");
    };
    boost::asio::co_spawn(threads, run(), boost::asio::use_future).get();
    const std::vector<std::string> all = seen.all();
    BOOST_REQUIRE(all.size() == 3u);
    BOOST_TEST(all[0].starts_with("GET /a HTTP/1.1\r\n"), all[0]);
    BOOST_TEST(all[1].starts_with("HEAD /b HTTP/1.1\r\n"), all[1]);
    BOOST_TEST(all[2].starts_with("POST /c HTTP/1.1\r\n"), all[2]);
    BOOST_TEST(test::has_line(all[2], "Content-Type: application/json"), all[2]);
    BOOST_TEST(all[2].ends_with("\r\n\r\n{\"a\"}"), all[2]);
}

BOOST_AUTO_TEST_SUITE_END()
