// URLs that are more, or less, than a host and a path.
#include "support/preconditions.hpp"
#include "tandem_get/hostile.hpp"
#include "tandem_get/the_authority.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

using namespace test;

BOOST_AUTO_TEST_SUITE(urls)

namespace {

/// Keeps the requests, and answers each.
struct listener
{
    explicit listener(const std::string& at = "127.0.0.1")
        : server(
              [this](peer& client) {
                  for (std::string request; !(request = client.read_request()).empty();) {
                      {
                          std::lock_guard guard(mutex);
                          requests += request;
                      }
                      client.send(ok("bytes"));
                  }
              },
              nullptr, at)
    {
    }

    std::string asked()
    {
        std::lock_guard guard(mutex);
        return requests;
    }
    std::string port() const { return std::to_string(server.port()); }

    std::mutex mutex{};
    std::string requests{};
    scripted_server server;
};

bool has_ipv6()
{
    std::ifstream in("/proc/net/if_inet6");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("00000000000000000000000000000001 ")) {
            return true;
        }
    }
    return false;
}

boost::unit_test::decorator::precondition ipv6_loopback()
{
    return precondition(has_ipv6, "there is no ::1 here");
}

/// "PORT" stands for the server's. Nothing may be sent.
const std::vector<std::string> refused = {
    "http://",
    "http:///file",
    "http:/127.0.0.1:PORT/file",
    "//127.0.0.1:PORT/file",
    "/etc/passwd",
    "file:///etc/passwd",
    "ftp://127.0.0.1:PORT/file",
    "http://[::1/file",
    "http://[::g]/file",
    "http://[127.0.0.1]:PORT/file",
    "http://[v1.x]/file",
    "http://127.0.0.1:PORTx/file",
    "http://127.0.0.1:99999/file",
    "http://127.0.0.1:-1/file",
    "http://127.0.0.1:0/file",
    "http://127.0.0.1 :PORT/file",
    "http://127.0.0.1:PORT/a\r\nX-Injected: yes",
    "http://127.0.0.1:PORT/a\nX-Injected: yes",
    "http://127.0.0.1:PORT\r\nX-Injected: yes/",
    "http://name\r\nX-Injected: yes@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/\x7f",
    "http://127.0.0.1:PORT/\x1b[31m",
    "http://b\xc3\xbc"
    "cher.example/file",
    "http://a%2fb:PORT/file",
    "http://127.0.0.1%00.example:PORT/file",
    "http://127.0.0.1\\@127.0.0.1:PORT/file",
    std::string("http://") + std::string(5000, 'a') + ".invalid/file",
};

std::string with_port(std::string url, const std::string& port)
{
    const std::size_t at = url.find("PORT");
    return at == url.npos ? url : url.replace(at, 4, port);
}

struct accepted
{
    std::string url;
    std::string request; ///< a piece of what the server sees
    std::string file = "file";
};

std::ostream& operator<<(std::ostream& out, const accepted& a)
{
    return out << a.url;
}

const std::vector<accepted> good = {
    {"HTTP://127.0.0.1:PORT/file", "GET /file HTTP/1.1\r\n"},
    {"http://127.0.0.1:PORT", "GET / HTTP/1.1\r\n", "index.html"},
    {"http://127.0.0.1:PORT?query", "GET /?query HTTP/1.1\r\n", "index.html"},
    {"http://127.0.0.1:PORT/file#fragment", "GET /file HTTP/1.1\r\n"},
    {"http://127.0.0.1:PORT#@example.invalid/file", "GET / HTTP/1.1\r\n", "index.html"},
    {"http://127.0.0.1:PORT/a b\xc3\xbc", "GET /a%20b%C3%BC HTTP/1.1\r\n", "a b\xc3\xbc"},
    {"http://127.0.0.1:PORT/%c3%bc", "GET /%c3%bc HTTP/1.1\r\n", "\xc3\xbc"},
    {"http://127.0.0.1:PORT/\xff\xfe", "GET /%FF%FE HTTP/1.1\r\n", "__"},
    {"http://127.0.0.1:PORT/a%0d%0aX-Injected:%20yes", "GET /a%0d%0aX-Injected:%20yes HTTP/1.1\r\n",
     "a__X-Injected: yes"},
    {"http://127.0.0.1:PORT/file?x=\xc3\xbc|y", "GET /file?x=%C3%BC%7Cy HTTP/1.1\r\n"},
    {"http://127.0.0.1:PORT/100%", "GET /100%25 HTTP/1.1\r\n", "100%"},
    {"http://name:secret@127.0.0.1:PORT/file", "Authorization: Basic bmFtZTpzZWNyZXQ=\r\n"},
    {"http://na%40me:se%3acret@127.0.0.1:PORT/file", "Authorization: Basic bmFAbWU6c2U6Y3JldA==\r\n"},
    {"http://name@127.0.0.1:PORT/file", "Authorization: Basic bmFtZTo=\r\n"},
    {"http://127.0.0.1:80@127.0.0.1:PORT/file", "Host: 127.0.0.1:PORT\r\n"},
    {"http://a%0d%0aX-Injected:yes@127.0.0.1:PORT/file", ""},
};

} // namespace

BOOST_DATA_TEST_CASE(refused_unsent, boost::unit_test::data::make(refused), given)
{
    const sandbox box;
    listener to;
    const ended seen = box.get({with_port(given, to.port())});
    BOOST_TEST((seen.status == 1 || seen.status == 2), seen);
    box.check_ended(seen, seen.status);
    BOOST_TEST(!seen.err.empty());
    box.check_there({});
    BOOST_TEST(to.asked() == "");
}

BOOST_DATA_TEST_CASE(fetched, boost::unit_test::data::make(good), given)
{
    const sandbox box;
    listener to;
    const ended seen = box.get({with_port(given.url, to.port())});
    if (!given.request.empty()) {
        box.check_ended(seen, 0);
        box.check_there({{given.file, "bytes"}});
        BOOST_TEST((to.asked().find(with_port(given.request, to.port())) != std::string::npos), to.asked());
    }
    BOOST_TEST((to.asked().find("\r\nX-Injected") == std::string::npos), to.asked());
    BOOST_TEST((seen.err.find("secret") == std::string::npos), seen);
    BOOST_TEST((seen.out.find("secret") == std::string::npos), seen);
}

// Whatever a URL lacks: its host is asked by https first, and only where that is none by http.
BOOST_AUTO_TEST_CASE(without_a_scheme)
{
    for (const bool secure : {true, false}) {
        const sandbox box;
        boost::asio::ssl::context tls = trusted();
        std::atomic<int> hellos{0};
        const scripted_server server(
            [&](peer& client) {
                const std::string first = client.read(1);
                if (first == "\x16") { // of TLS
                    ++hellos;
                    return;
                }
                for (std::string request = first + client.read_request(); !request.empty();
                     request = client.read_request()) {
                    client.send(request.starts_with("HEAD") ? answer("Content-Length: 5\r\n", "") : ok("bytes"));
                }
            },
            secure ? &tls : nullptr);
        const std::string there = "127.0.0.1:" + std::to_string(server.port()) + "/file";
        box.check_ended(box.get({there}), 0, {secure ? "1 of 1 file" : "asked by http"});
        box.check_there({{"file", "bytes"}});
        BOOST_TEST(hellos == (secure ? 0 : 1));
    }
}

// One that cannot be verified is not asked without.
BOOST_AUTO_TEST_CASE(without_a_scheme_and_a_certificate_to_trust)
{
    const sandbox box;
    boost::asio::ssl::context tls = the_authority().server("DNS:another.example");
    std::atomic<int> requests{0};
    const scripted_server server(
        [&](peer& client) {
            for (; !client.read_request().empty();) {
                ++requests;
                client.send(ok("bytes"));
            }
        },
        &tls);
    const std::string there = "127.0.0.1:" + std::to_string(server.port()) + "/file";
    box.check_ended(box.get({there}), 1, {"https://" + there, "certificate"});
    box.check_there({});
    BOOST_TEST(requests == 0);
}

BOOST_AUTO_TEST_CASE(ipv6_where_nobody_listens)
{
    const sandbox box;
    box.check_ended(box.get({"http://[::1]:1/file"}), 1, {"http://[::1]:1/file"});
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(ipv6, *ipv6_loopback())
{
    for (const char* const host : {"[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]"}) {
        BOOST_TEST_CONTEXT(host)
        {
            const sandbox box;
            listener to("::1");
            box.check_ended(box.get({std::string("http://") + host + ':' + to.port() + "/file"}), 0);
            box.check_there({{"file", "bytes"}});
            BOOST_TEST(
                (to.asked().find(std::string("\r\nHost: ") + host + ':' + to.port() + "\r\n") != std::string::npos),
                to.asked());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_password_is_not_shown_where_it_fails)
{
    const sandbox box;
    const ended seen = box.get({"--json", "-", "http://name:secret@127.0.0.1:1/file"});
    box.check_ended(seen, 1, {"127.0.0.1:1/file"});
    BOOST_TEST((seen.err.find("secret") == std::string::npos), seen);
    BOOST_TEST((seen.out.find("secret") == std::string::npos), seen);
}

namespace {

const std::vector<std::string> not_quite_urls = {
    "http:/name:secret@127.0.0.1:1/file",
    "http//name:secret@127.0.0.1:1/file",
    "http:name:secret@127.0.0.1:1/file",
    "name:secret@127.0.0.1:1/file",
    "name:secret@127.0.0.1",
    "//name:secret@127.0.0.1:1/file",
    "http:\\\\name:secret@127.0.0.1:1",
    "http://na%zzme:secret@127.0.0.1:1/file",
    "http://name:secret/word@127.0.0.1:1/file",
    "http://name:word/secret@127.0.0.1:1/file",
    "http://name:word?secret@127.0.0.1:1/file",
    "http://name:word#secret@127.0.0.1:1/file",
    "http://name:sec@ret[secret@127.0.0.1:1/file",
    "http://name:secret@127.0.0.1:none/file",
    "http://name:secret@127.0.0.1:99999/file",
    "http://name:secret@[::1/file",
    "http://name:secret@/file",
    "http://name:secret@",
    "http://name:secret",
    "http://name:secret/file",
    "ftp://name:secret@127.0.0.1:1/file",
    "secrets://name:secret@127.0.0.1:1/file",
};

void check_silent(const ended& seen)
{
    for (const std::string& text : {seen.err, seen.out}) {
        BOOST_TEST((text.find("secret@") == text.npos && text.find(":secret") == text.npos &&
                    text.find("/secret") == text.npos && text.find("?secret") == text.npos &&
                    text.find("#secret") == text.npos),
                   seen);
    }
}

} // namespace

// The URL that fails, a file's name, a mirror, a list's line with a blank in the password, a proxy, a redirect's
// target.
BOOST_AUTO_TEST_CASE(a_password_is_not_shown_where_the_url_is_none)
{
    for (const std::string& url : not_quite_urls) {
        BOOST_TEST_CONTEXT(url)
        {
            const sandbox box;
            check_silent(box.get({"--json", "-", url}));
            check_silent(box.get({"mirror=" + url}));
            check_silent(box.get({"http://127.0.0.1:1/file", "mirror=" + url}));
            check_silent(box.get({"--proxy", url, "http://127.0.0.1:1/file"}));
            check_silent(box.get({"--prox=" + url, "http://127.0.0.1:1/file"}));
            check_silent(box.get({"--usr=" + url, "http://127.0.0.1:1/file"}));
            check_silent(box.get({"--header", url.substr(0, url.find(':')) + url, url}));
            write_file(box.own() / "list", url + '\n' + url + " and more\n" + "http://127.0.0.1:1/x " + url + "\n" +
                                               "http://name:with " + url + "\nhttp://127.0.0.1:1/x mirror=" + url +
                                               "\n");
            check_silent(box.get({"--json", "-", "-i", (box.own() / "list").string()}));
            if (url.starts_with("http//")) {
                continue; // a path, and nothing secret, where it comes from a server
            }
            const scripted_server server(
                answer_always("HTTP/1.1 302 Found\r\nLocation: " + url + "\r\nContent-Length: 0\r\n\r\n"));
            check_silent(box.get({"--json", "-", "--max-redirects", "2", server.url("/file")}));
            box.check_there({});
        }
    }
}

// Everybody on a machine can read everybody's command line.
BOOST_AUTO_TEST_CASE(a_password_is_not_in_the_command_line_that_others_see)
{
    const sandbox box;
    const scripted_server server(answer_and_stall(answer("Content-Length: 10\r\n", "short")));
    const process running(
        box.command({"--header", "Authorization: secret", "--proxy", server.url("", "name:secret@127.0.0.1"),
                     "ftp://name:secret@127.0.0.1/x", server.url("/file", "name:secret@127.0.0.1"),
                     "mirror=" + server.url("/file", "name:secret@127.0.0.1"), "--user=name:secret"}),
        box.place());
    std::string seen;
    const std::string file = "/proc/" + std::to_string(running.pid()) + "/cmdline";
    for (int i = 0; i != 2000 && (seen.find("127.0.0.1") == seen.npos || seen.find("secret") != seen.npos); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        std::ifstream in(file, std::ios::binary);
        seen.assign(std::istreambuf_iterator<char>(in), {});
    }
    BOOST_TEST((seen.find("secret") == seen.npos && seen.find("127.0.0.1") != seen.npos), seen);
}

BOOST_AUTO_TEST_CASE(a_header_takes_no_second_one_along)
{
    for (const std::string& header : {std::string("X: a\r\nX-Injected: yes"), std::string("X: a\nX-Injected: yes"),
                                      std::string("X\r\n: a"), std::string("no colon"), std::string(": empty"),
                                      std::string("Host: elsewhere"), std::string("Content-Length: 3"),
                                      std::string("Range: bytes=0-1"), std::string("Transfer-Encoding: chunked")}) {
        BOOST_TEST_CONTEXT(header)
        {
            const sandbox box;
            listener to;
            box.check_ended(box.get({"--header", header, to.server.url("/file")}), 2, {"--header"});
            box.check_there({});
            BOOST_TEST(to.asked() == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(lines_of_a_list)
{
    const sandbox box;
    listener to;
    const std::string base = "http://127.0.0.1:" + to.port();
    write_file(box.own() / "list", "# a comment\n\n" + base + "/one\n  " + base + "/two \t out=second\n" + base +
                                       "/three\x01\n" + base + "/four" + std::string(1, '\0') + "\nnot-a-url\n" + base +
                                       "/five");
    const ended seen = box.get({"-i", (box.own() / "list").string()});
    box.check_ended(seen, 1, {"not-a-url"});
    box.check_there({{"one", "bytes"}, {"second", "bytes"}, {"five", "bytes"}});
}

BOOST_AUTO_TEST_CASE(an_endless_line_of_a_list_takes_no_memory)
{
    const sandbox box;
    listener to;
    {
        std::ofstream out(box.own() / "list", std::ios::binary);
        out << to.server.url("/first") << '\n';
        for (int i = 0; i != 3000; ++i) {
            out << std::string(64 * 1024, 'x');
        }
    }
    const ended seen = box.get({"-i", (box.own() / "list").string()});
    BOOST_TEST((seen.status == 1 || seen.status == 2), seen);
    box.check_ended(seen, seen.status);
    box.check_there({{"first", "bytes"}});
}

BOOST_AUTO_TEST_SUITE_END()
