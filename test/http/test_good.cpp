#include "http/fixture.hpp"
#include "http/serve.hpp"

#include <sys/wait.h>

BOOST_FIXTURE_TEST_SUITE(good, test::fixture)

BOOST_AUTO_TEST_CASE(a_small_body)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const test::outcome seen = get(server.url("/a"));
    check_complete(seen, "hello");
    BOOST_TEST(seen.report->status == 200u);
    BOOST_TEST(seen.report->url == server.url("/a"));
    BOOST_TEST(seen.report->redirects == 0u);
    BOOST_TEST(!seen.report->reused_connection);
    BOOST_TEST(seen.report->elapsed.count() > 0);
}

BOOST_AUTO_TEST_CASE(an_empty_body)
{
    test::scripted_server server(test::answer_always(test::ok("")));
    check_complete(get(server.url("/")), "");
}

BOOST_AUTO_TEST_CASE(a_large_body)
{
    const std::string body = test::noise(20'000'003);
    test::scripted_server server(test::answer_always(test::ok(body)));
    check_complete(get(server.url("/large")), body);
}

BOOST_AUTO_TEST_CASE(a_program_without_standard_streams_prints_into_no_file_and_no_connection)
{
    for (const std::size_t size : {100'000U, 3'000'000U}) { // without and with a .part
        const std::string body = test::noise(size);
        test::request_log log;
        test::scripted_server server([&](test::peer& client) {
            log.add(client.read_request());
            client.send(test::ok(body));
        });
        const std::string url = server.url("/");
        const std::string target = folder / "file";
        const pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            ::execl("/proc/self/exe", "test_http", "--print-beside-download", url.c_str(), target.c_str(), nullptr);
            ::_exit(1);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        BOOST_TEST(status == 0);
        BOOST_TEST((content() == body), "the file has " << content().size() << " bytes, or others");
        for (const std::string& request : log.all()) {
            BOOST_TEST(request.find("printed") == std::string::npos, request);
        }
        std::filesystem::remove(target);
    }
}

BOOST_AUTO_TEST_CASE(a_chunked_body_with_extensions_and_a_trailer)
{
    const std::string part = test::noise(100'000);
    test::scripted_server server([&](test::peer& client) {
        while (!client.read_request().empty()) {
            client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send("5;name=value\r\nfirst\r\n");
            client.send("186a0\r\n" + part + "\r\n");
            client.send("0\r\nTrailer: yes\r\n\r\n");
        }
    });
    check_complete(get(server.url("/")), "first" + part);
    check_complete(get(server.url("/")), "first" + part);
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(chunks_of_one_byte)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (char c = 'a'; c <= 'z'; ++c) {
            client.send(std::string("1\r\n") + c + "\r\n");
        }
        client.send("0\r\n\r\n");
    });
    check_complete(get(server.url("/")), "abcdefghijklmnopqrstuvwxyz");
}

BOOST_AUTO_TEST_CASE(a_body_without_length_ends_with_the_connection)
{
    test::scripted_server server(test::answer_once("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
    check_complete(get(server.url("/")), "until the end");
}

BOOST_AUTO_TEST_CASE(interim_responses_are_passed_over)
{
    test::scripted_server server(test::answer_once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                                                   "Link: </style.css>\r\n\r\n" +
                                                   test::ok("after")));
    check_complete(get(server.url("/")), "after");
}

BOOST_AUTO_TEST_CASE(the_request_is_what_it_should_be)
{
    std::promise<std::string> request;
    test::scripted_server server([&](test::peer& client) {
        request.set_value(client.read_request());
        client.send(test::ok("x"));
    });
    check_complete(get(server.url("/a b/\xc3\xbc?q=[1]#fragment")), "x");
    const std::string seen = request.get_future().get();
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(seen.starts_with("GET /a%20b/%C3%BC?q=%5B1%5D HTTP/1.1\r\n"));
        BOOST_TEST((seen.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") != seen.npos));
        BOOST_TEST((seen.find("Accept-Encoding: identity\r\n") != seen.npos));
        BOOST_TEST((seen.find("User-Agent: tandem\r\n") != seen.npos));
    }
}

BOOST_AUTO_TEST_CASE(a_target_from_before_is_replaced)
{
    put("file", "something longer from before");
    test::scripted_server server(test::answer_always(test::ok("new")));
    tandem::http::download_options options = test::once();
    options.sync = true;
    check_complete(get(server.url("/"), options), "new");
}

BOOST_AUTO_TEST_SUITE_END()
