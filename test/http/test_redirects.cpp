#include "http/fixture.hpp"

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
        errc expected;
    };
    for (const row& r : {row{"file:///etc/passwd", errc::unsupported_scheme},
                         row{"ftp://a/b", errc::unsupported_scheme}, row{"", errc::bad_redirect},
                         row{"http://[", errc::bad_redirect}, row{"http://user:secret@a:0/", errc::invalid_url}}) {
        BOOST_TEST_CONTEXT(r.to)
        {
            test::scripted_server server(test::answer_always(redirect(r.to)));
            const test::outcome seen = get(server.url("/"));
            check_failed(seen, r.expected);
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

BOOST_AUTO_TEST_SUITE_END()
