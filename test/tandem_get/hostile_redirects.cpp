// Where a server sends its clients.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <mutex>

using namespace test;

BOOST_AUTO_TEST_SUITE(redirects)

namespace {

std::string redirect(const std::string& to, const std::string& status = "302 Found")
{
    return "HTTP/1.1 " + status + "\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n";
}

row refused(const std::string& name, const std::string& to, const std::string& says)
{
    return {name, answer_always(redirect(to)), 1, {}, {says}};
}

row followed(const std::string& name, const std::string& to, const std::string& status = "302 Found",
             const std::string& file = "file")
{
    return {name, answer_in_turn({redirect(to, status), ok("there")}), 0, {{file, "there"}}};
}

const std::vector<row> rows = {
    followed("301", "/there", "301 Moved Permanently"),
    followed("302", "/there", "302 Found"),
    followed("303", "/there", "303 See Other"),
    followed("307", "/there", "307 Temporary Redirect"),
    followed("308", "/there", "308 Permanent Redirect"),
    followed("to a relative path", "../there"),
    followed("to a query", "?there"),
    followed("to non-ASCII", "/\xc3\xbc b"),
    followed("to encoded CR LF, which stays encoded", "/a%0d%0aX-Injected:%20yes"),
    followed("to a name outside the folder", "/..%2f..%2fevil"),
    {"to a name outside the folder, where it is the file's",
     answer_in_turn({redirect("/..%2f..%2fevil"), ok("there")}),
     0,
     {{"_._.._evil", "there"}},
     {},
     {"--content-disposition"}},
    {"a loop", answer_always(redirect("/file")), 1, {}, {"too many redirects"}},
    {"a loop, with a limit",
     answer_always(redirect("/file")),
     1,
     {},
     {"too many redirects", "3"},
     {"--max-redirects", "3"}},
    {"none allowed", answer_always(redirect("/there")), 1, {}, {"--max-redirects 0"}, {"--max-redirects", "0"}},
    {"no Location",
     answer_always("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
     1,
     {},
     {"without saying where to"}},
    refused("an empty Location", "", "without saying where to"),
    refused("to file:", "file:///etc/passwd", "no http or https URL"),
    refused("to file: in capitals", "FILE:///etc/passwd", "no http or https URL"),
    refused("to ftp:", "ftp://127.0.0.1/file", "no http or https URL"),
    refused("to data:", "data:text/plain,evil", "http"),
    refused("to javascript:", "javascript:alert(1)", "http"),
    refused("to no host", "http:///file", "http"),
    refused("to a port that is none", "http://127.0.0.1:99999/", "http"),
    refused("to a host that is none", "http://[::1/", "http"),
    refused("with a raw escape", "/\x1b[31mred", "http"),
    {"with an endless body",
     answer_endlessly("HTTP/1.1 302 Found\r\nLocation: file:///x\r\n\r\n", "and on and on..."),
     1,
     {},
     {"no http or https URL"}},
    {"https to http", answer_always(redirect("http://127.0.0.1:1/file")), 1, {}, {"unencrypted"}, {}, "/file", trusted},
    {"https to HTTP", answer_always(redirect("HTTP://127.0.0.1:1/file")), 1, {}, {"unencrypted"}, {}, "/file", trusted},
    {"https to https",
     answer_in_turn({redirect("/there"), ok("there")}),
     0,
     {{"file", "there"}},
     {},
     {},
     "/file",
     trusted},
    {"http, where only https may be", answer_always(ok("there")), 1, {}, {"https"}, {"--https-only"}},
};

/// Keeps what it was asked.
struct recorder
{
    std::string asked()
    {
        std::lock_guard guard(mutex);
        return requests;
    }

    scripted_server::script answering(const std::string& bytes)
    {
        return [this, bytes](peer& client) {
            for (std::string request; !(request = client.read_request()).empty();) {
                {
                    std::lock_guard guard(mutex);
                    requests += request;
                }
                client.send(bytes);
            }
        };
    }

    std::mutex mutex{};
    std::string requests{};
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

// On the command line, in a list, of a mirror, and where each of them redirects to.
BOOST_AUTO_TEST_CASE(every_byte_of_a_url_reaches_the_server)
{
    const std::string given = "/group%2Fproject/g%2B%2B.tar.gz?a=%2F&b=c+d";
    const std::string moved = "/other%2Fproject/%2e%2E/%7Ename//?a=%2f";
    for (const bool absolute : {false, true}) {
        std::mutex mutex;
        std::vector<std::string> targets;
        const scripted_server server([&](peer& client) {
            for (std::string request; !(request = client.read_request()).empty();) {
                const std::string target = request.substr(4, request.find(" HTTP/1.1\r\n") - 4);
                const std::size_t host = request.find("Host: ") + 6;
                const std::string origin = "http://" + request.substr(host, request.find('\r', host) - host);
                {
                    std::lock_guard guard(mutex);
                    targets.push_back(target);
                }
                client.send(target == "/missing" ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                            : target == given    ? redirect((absolute ? origin : "") + moved)
                                                 : ok("there"));
            }
        });
        const sandbox box;
        const std::string list = (box.own() / "list").string();
        write_file(list, server.url(given) + " out=second\n" + server.url("/missing") +
                             " out=third mirror=" + server.url(given) + '\n');
        box.check_ended(box.get({server.url(given)}), 0);
        box.check_ended(box.get({"-p", "1", "-i", list}), 0);
        box.check_there({{"g++.tar.gz", "there"}, {"second", "there"}, {"third", "there"}});
        const std::vector<std::string> expected = {given, moved, given, moved, "/missing", given, moved};
        std::lock_guard guard(mutex);
        BOOST_TEST(targets == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_limit_of_three_makes_four_requests)
{
    const sandbox box;
    std::atomic<int> requests{0};
    const scripted_server server([&](peer& client) {
        while (!client.read_request().empty()) {
            ++requests;
            client.send(redirect("/file"));
        }
    });
    box.check_ended(box.get({"--max-redirects", "3", server.url("/file")}), 1, {server.url("/file")});
    BOOST_TEST(requests == 4);
}

BOOST_AUTO_TEST_CASE(credentials_stay_with_their_origin)
{
    const sandbox box;
    recorder there;
    const scripted_server second(there.answering(ok("there")));
    recorder here;
    const scripted_server first(here.answering(redirect(second.url("/other"))));
    const std::string url = first.url("/file");
    box.check_ended(
        box.get({"--user", "name:secret", "--header", "Cookie: session=secret", "--header", "X-Kept: yes", url}), 0);
    box.check_there({{"file", "there"}});
    BOOST_TEST((here.asked().find("Authorization: Basic bmFtZTpzZWNyZXQ=\r\n") != std::string::npos), here.asked());
    BOOST_TEST((here.asked().find("Cookie: session=secret\r\n") != std::string::npos), here.asked());
    BOOST_TEST((there.asked().find("Authorization") == std::string::npos), there.asked());
    BOOST_TEST((there.asked().find("secret") == std::string::npos), there.asked());
    BOOST_TEST((there.asked().find("X-Kept: yes\r\n") != std::string::npos), there.asked());
}

// A redirect that cannot be followed is that server's fault: the next one is asked.
BOOST_AUTO_TEST_CASE(a_mirror_makes_up_for_a_redirect_that_leads_nowhere)
{
    const scripted_server good(answer_always(complete("there")));
    for (const char* const location : {"ftp://127.0.0.1/file", "http://", "http://127.0.0.1:0/", "/again", "file:///etc/passwd"}) {
        BOOST_TEST_CONTEXT(location)
        {
            const sandbox box;
            const scripted_server bad(answer_always(redirect(location)));
            box.check_ended(box.get({bad.url("/file"), "mirror=" + bad.url("/2"), "mirror=" + good.url("/file")}), 0);
            box.check_there({{"file", "there"}});
        }
    }
}

// Whoever comes without the cookie is sent for it, for ever.
BOOST_AUTO_TEST_CASE(a_wall_of_consent_is_passed)
{
    const sandbox box;
    const std::string file = noise(3'000'000);
    std::atomic<int> without{0};
    const scripted_server server([&](peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            const std::string fields = "ETag: \"one\"\r\nAccept-Ranges: bytes\r\n";
            const std::size_t range = request.find("\r\nRange: bytes=");
            if (request.find("\r\nCookie: consent=yes\r\n") == request.npos) {
                ++without;
                client.send(
                    "HTTP/1.1 302 Found\r\nLocation: /file\r\nSet-Cookie: consent=yes\r\nContent-Length: 0\r\n\r\n");
            } else if (range == request.npos) {
                client.send(ok(file, fields));
            } else {
                const std::size_t first = std::stoul(request.substr(range + 15));
                const std::size_t dash = request.find('-', range);
                const std::size_t last =
                    request[dash + 1] == '\r' ? file.size() - 1 : std::stoul(request.substr(dash + 1));
                client.send("HTTP/1.1 206 Partial\r\nContent-Range: bytes " + std::to_string(first) + '-' +
                            std::to_string(last) + '/' + std::to_string(file.size()) + "\r\n" + fields +
                            "Content-Length: " + std::to_string(last + 1 - first) + "\r\n\r\n" +
                            file.substr(first, last + 1 - first));
            }
        }
    });
    box.check_ended(box.get({server.url("/file")}), 0);
    box.check_there({{"file", file}});
    BOOST_TEST(without == 1);
}

BOOST_AUTO_TEST_CASE(credentials_in_a_url_stay_with_their_origin)
{
    const sandbox box;
    recorder there;
    const scripted_server second(there.answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    recorder here;
    const scripted_server first(here.answering(redirect(second.url("/other"))));
    const ended seen = box.get({"http://name:secret@127.0.0.1:" + std::to_string(first.port()) + "/file"});
    box.check_ended(seen, 1, {"404", std::to_string(second.port())});
    BOOST_TEST((seen.err.find("secret") == std::string::npos), seen);
    BOOST_TEST((seen.out.find("secret") == std::string::npos), seen);
    BOOST_TEST((here.asked().find("Authorization: Basic bmFtZTpzZWNyZXQ=\r\n") != std::string::npos), here.asked());
    BOOST_TEST((there.asked().find("Authorization") == std::string::npos), there.asked());
}

BOOST_AUTO_TEST_CASE(the_hint_is_for_the_server_that_wants_a_login)
{
    const sandbox box;
    const scripted_server asking(answer_always("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n"));
    const scripted_server leading(answer_always(redirect(asking.url("/file"))));
    const scripted_server odd(answer_always("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"));
    box.check_ended(box.get({asking.url("/file")}), 1, {"401 Who", "(--user or --netrc)"});
    box.check_ended(box.get({leading.url("/file")}), 1, {"401 Who", "(--netrc)"});
    const ended server = box.get({odd.url("/file")});
    box.check_ended(server, 1, {"407 Who"});
    BOOST_TEST((server.err.find("(--") == server.err.npos), server);
    box.check_ended(box.get({"--proxy", odd.url(""), "http://host.invalid/file"}), 1,
                    {"the proxy ", "407 Who", "(--proxy http://NAME:PASSWORD@HOST:PORT)"});
}

BOOST_AUTO_TEST_CASE(credentials_in_a_location_are_not_sent_elsewhere_in_clear_sight)
{
    const sandbox box;
    const scripted_server server(answer_always(redirect("http://name:secret@127.0.0.1:1/file")));
    const ended seen = box.get({server.url("/file")});
    box.check_ended(seen, 1, {"127.0.0.1"});
    BOOST_TEST((seen.err.find("secret") == std::string::npos), seen);
}

BOOST_AUTO_TEST_SUITE_END()
