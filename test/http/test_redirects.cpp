#include "http/fixture.hpp"
#include "http/serve.hpp"

using tandem::http::errc;

BOOST_FIXTURE_TEST_SUITE(redirects, test::fixture)

namespace {

std::string redirect(std::string_view to, std::string_view body = "moved")
{
    return "HTTP/1.1 302 Found\r\nLocation: " + std::string(to) + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

} // namespace

BOOST_AUTO_TEST_CASE(are_followed_over_the_same_connection)
{
    test::scripted_server server([](test::peer& client) {
        for (std::string request = client.read_request(); !request.empty(); request = client.read_request()) {
            client.send(request.starts_with("GET /a/old ")         ? redirect("../b/next?x=1#y")
                        : request.starts_with("GET /b/next?x=1 ")  ? redirect("/last name")
                        : request.starts_with("GET /last%20name ") ? test::ok("found")
                                                                   : "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        }
    });
    const test::outcome seen = get(server.url("/a/old"));
    check_complete(seen, "found");
    BOOST_TEST(seen.report->redirects == 2u);
    BOOST_TEST(seen.report->url == server.url("/last%20name"));
    BOOST_TEST(seen.report->reused_connection);
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(reach_the_server_with_every_byte_of_the_location)
{
    const std::string target = "/group%2Fproject/%2e%2E/g%2B%2B.tar.gz?a=%2F%7e&b=c+d";
    for (const std::string where : {"absolute", "without the scheme", "path", "relative"}) {
        BOOST_TEST_CONTEXT(where)
        {
            test::request_log log;
            test::scripted_server server([&](test::peer& client) {
                for (std::string request; !(request = client.read_request()).empty();) {
                    log.add(request);
                    const std::string whole = "http://" + test::field_of(request, "Host") + target;
                    const std::string to = where == "absolute"             ? whole
                                           : where == "without the scheme" ? whole.substr(5)
                                           : where == "path"               ? target
                                                                           : "." + target;
                    client.send(request.starts_with("GET /start ") ? redirect(to) : test::ok("found"));
                }
            });
            const test::outcome seen = get(server.url("/start"));
            check_complete(seen, "found");
            BOOST_TEST(seen.report->url == server.url(target));
            BOOST_TEST(log.all().at(1).starts_with("GET " + target + " HTTP/1.1\r\n"), log.all().at(1));
        }
    }
}

BOOST_AUTO_TEST_CASE(keep_every_byte_of_the_location_where_a_download_goes_on)
{
    const std::string bytes = test::noise(2'000'003);
    const std::string tag = "ETag: \"one\"\r\n";
    test::request_log log;
    test::scripted_server server([&](test::peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            const std::size_t count = log.add(request);
            if (request.starts_with("GET /a%2Fstart ")) {
                client.send(redirect("/group%2Fproject"));
            } else if (count == 2) {
                client.send(test::broken_off(bytes, 1'500'000, tag));
                return;
            } else {
                client.send(test::part_of(bytes, test::range_of(request, bytes.size()).value(), tag));
            }
        }
    });
    test::outcome seen = get(server.url("/a%2Fstart"));
    BOOST_TEST((seen.code == errc::truncated_body), seen);
    seen = get(server.url("/a%2Fstart"));
    check_complete(seen, bytes);
    BOOST_TEST(seen.report->resumed_at == 1'500'000u);
    BOOST_REQUIRE(log.all().size() == 4u);
    for (const std::size_t i : {1u, 3u}) {
        BOOST_TEST(log.all()[i].starts_with("GET /group%2Fproject HTTP/1.1\r\n"), log.all()[i]);
    }
}

BOOST_AUTO_TEST_CASE(go_to_other_hosts)
{
    test::scripted_server there(test::answer_always(test::ok("there")));
    test::scripted_server here(test::answer_always(redirect(there.url("/x"))));
    tandem::http::client_options options;
    options.max_connections = 1;
    tandem::http::downloader one_connection(threads, options);
    const test::outcome seen = get(one_connection, here.url("/"));
    check_complete(seen, "there");
    BOOST_TEST(seen.report->url == there.url("/x"));
}

BOOST_AUTO_TEST_CASE(end_at_the_limit)
{
    test::scripted_server server(test::answer_always(redirect("/again")));
    const test::outcome loop = get(server.url("/"));
    check_failed(loop, errc::too_many_redirects);
    BOOST_TEST(loop.status == 302u);
    BOOST_TEST(loop.url == server.url("/again"));
    BOOST_TEST(server.connections() == 1);

    tandem::http::download_options options = test::once();
    options.max_redirects = 0;
    check_failed(get(server.url("/"), options), errc::too_many_redirects);
}

BOOST_AUTO_TEST_CASE(that_lead_nowhere_are_errors)
{
    struct row
    {
        std::string to;
        std::string said; ///< of it
    };
    for (const row& r :
         {row{"file:///etc/passwd", "file:///etc/passwd"}, row{"ftp://a/b", "ftp://a/b"}, row{"", "no Location"},
          row{"http://[", "http://["}, row{"http://user:secret@a:0/", "http://a:0/"}, row{"///x", "///x"},
          row{"http:///x", "http:///x"}, row{"//a:99999/", "//a:99999/"}, row{"mailto:you", "mailto:"},
          row{"http://a%00b/", "http://a%00b/"}}) {
        BOOST_TEST_CONTEXT(r.to)
        {
            test::scripted_server server(test::answer_always(redirect(r.to)));
            const test::outcome seen = get(server.url("/"));
            check_failed(seen, errc::bad_redirect);
            BOOST_TEST((seen.what.find(r.said) != seen.what.npos), seen);
            BOOST_TEST((seen.what.find("secret") == seen.what.npos));
        }
    }
}

BOOST_AUTO_TEST_CASE(with_a_body_that_never_ends_are_followed)
{
    test::scripted_server server([](test::peer& client) {
        if (client.read_request().starts_with("GET /start ")) {
            client.send("HTTP/1.1 301 Moved\r\nLocation: /end\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (client.send("5\r\nagain\r\n")) {
            }
        } else {
            client.send(test::ok("end"));
        }
    });
    check_complete(get(server.url("/start")), "end");
}

// A body that nobody wants, a byte at a time: of a length, in chunks, and in a trailer.
BOOST_AUTO_TEST_CASE(with_a_body_that_comes_slowly_are_followed)
{
    for (const char* framing : {"Content-Length: 60000", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTrailer: t"}) {
        BOOST_TEST_CONTEXT(framing)
        {
            test::scripted_server server([&](test::peer& client) {
                if (!client.read_request().starts_with("GET /start ")) {
                    client.send(test::ok("end"));
                    return;
                }
                const bool trailer = std::string(framing).ends_with("t");
                const std::string piece = *framing == 'C' || trailer ? "t" : "1\r\nt\r\n";
                client.send("HTTP/1.1 301 Moved\r\nLocation: /end\r\n" + std::string(framing) + "\r\n\r\n" +
                            (trailer ? "0\r\n" : ""));
                for (int i = 0; i != 300 && client.send(piece); ++i) {
                    std::this_thread::sleep_for(std::chrono::milliseconds(100));
                }
            });
            const auto start = std::chrono::steady_clock::now();
            check_complete(get(server.url("/start")), "end");
            const auto took = std::chrono::steady_clock::now() - start;
            BOOST_TEST((took < std::chrono::seconds(15)), took / std::chrono::milliseconds(1) << " ms");
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
