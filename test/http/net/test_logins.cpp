#include "http/net/asked.hpp"

#include <filesystem>
#include <fstream>

#include <unistd.h>

using tandem::http::errc;
using tandem::http::request;

BOOST_FIXTURE_TEST_SUITE(logins, test::net_fixture)

namespace {

// base64 of "user:pass", of "us@er:p:ss" and of "netrc:word"
constexpr const char* of_user = "Authorization: Basic dXNlcjpwYXNz";
constexpr const char* of_encoded = "Authorization: Basic dXNAZXI6cDpzcw==";
constexpr const char* of_netrc = "Authorization: Basic bmV0cmM6d29yZA==";

std::string with_login(const test::scripted_server& server, const std::string& login, const std::string& path)
{
    return server.url(path, login + "@127.0.0.1");
}

bool has_authorization(const std::string& header)
{
    return header.find("\r\nAuthorization:") != header.npos;
}

std::string redirect(const std::string& to)
{
    return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to + "\r\n\r\n";
}

} // namespace

BOOST_AUTO_TEST_CASE(in_the_url)
{
    test::log seen;
    test::scripted_server server(test::noting(seen, test::ok("x")));
    const test::asked one = ask(with_login(server, "us%40er:p%3ass", "/a"));
    check_answer(one, 200, "x");
    BOOST_TEST(one.answer->url == server.url("/a"));
    BOOST_TEST(test::has_line(seen.last(), of_encoded), seen.last());
    BOOST_TEST((seen.last().find('@') == std::string::npos), seen.last());

    // It counts before the option.
    request what{.url = with_login(server, "user:pass", "/")};
    what.options.login = {{"other", "one"}};
    check_answer(ask(what), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), of_user), seen.last());

    check_answer(ask(with_login(server, "", "/")), 200, "x");
    BOOST_TEST(!has_authorization(seen.last()), seen.last());
}

BOOST_AUTO_TEST_CASE(are_in_no_message)
{
    test::scripted_server server(test::answer_always("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"));
    for (const std::string& url :
         {with_login(server, "user:secret", "/"), std::string("http://user:secret@/"),
          std::string("ftp://user:secret@host/"), std::string("http://user:secret@host:99999/")}) {
        const test::asked seen = ask(url);
        BOOST_TEST(!seen.answer.has_value());
        BOOST_TEST((seen.what.find("secret") == seen.what.npos), seen.what);
        BOOST_TEST((seen.url.find("user") == seen.url.npos), seen.url);
    }
}

BOOST_AUTO_TEST_CASE(in_an_option)
{
    test::log seen;
    test::scripted_server server(test::noting(seen, test::ok("x")));
    request what{.url = server.url("/")};
    what.options.login = {{"user", "pass"}};
    check_answer(ask(what), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), of_user), seen.last());
}

BOOST_AUTO_TEST_CASE(in_a_netrc_file)
{
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("tandem-netrc-" + std::to_string(::getpid()));
    std::ofstream(file) << "machine 127.0.0.1 login netrc password word\n";
    tandem::http::client_options options;
    options.netrc_file = file;
    tandem::http::client with_netrc(threads, options);
    std::filesystem::remove(file);

    test::log seen;
    test::scripted_server server(test::noting(seen, test::ok("x")));
    check_answer(ask(with_netrc, {.url = server.url("/")}), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), of_netrc), seen.last());
    check_answer(ask(with_netrc, {.url = with_login(server, "user:pass", "/")}), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), of_user), seen.last());
    check_answer(ask(with_netrc, {.url = server.url("/", "localhost")}), 200, "x");
    BOOST_TEST(!has_authorization(seen.last()), seen.last());

    options.netrc_file = file;
    BOOST_CHECK_THROW(tandem::http::client(threads, options), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(stay_on_their_origin)
{
    test::log here;
    test::log there;
    test::scripted_server other(test::noting(there, test::ok("there")));
    test::scripted_server server([&](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            here.add(header);
            client.send(header.starts_with("GET /near ")  ? redirect("/end")
                        : header.starts_with("GET /far ") ? redirect(other.url("/x"))
                                                          : test::ok("here"));
        }
    });
    request what{.url = server.url("/near")};
    what.options.login = {{"user", "pass"}};
    what.options.headers = {{"Cookie", "a=b"}, {"X-Other", "kept"}};
    check_answer(ask(what), 200, "here");
    BOOST_TEST(test::has_line(here.last(), of_user), here.last());
    BOOST_TEST(test::has_line(here.last(), "Cookie: a=b"), here.last());

    what.url = server.url("/far");
    check_answer(ask(what), 200, "there");
    BOOST_TEST(!has_authorization(there.last()), there.last());
    BOOST_TEST((there.last().find("Cookie") == std::string::npos), there.last());
    BOOST_TEST(test::has_line(there.last(), "X-Other: kept"), there.last());

    // Those of a URL, and a user's own field.
    check_answer(ask(with_login(server, "user:pass", "/near")), 200, "here");
    BOOST_TEST(test::has_line(here.last(), of_user), here.last());
    check_answer(ask(with_login(server, "user:pass", "/far")), 200, "there");
    BOOST_TEST(!has_authorization(there.last()), there.last());
    what.options.login.reset();
    what.options.headers = {{"authorization", "Bearer token"}};
    check_answer(ask(what), 200, "there");
    BOOST_TEST((there.last().find("Bearer") == std::string::npos), there.last());

    // The same host at another port is another origin; another host is one as well.
    what.url = server.url("/far", "localhost");
    check_answer(ask(what), 200, "there");
    BOOST_TEST((there.last().find("Bearer") == std::string::npos), there.last());
}

BOOST_AUTO_TEST_CASE(are_not_sent_again_after_a_detour)
{
    test::log seen;
    std::string back;
    test::scripted_server other([&](test::peer& client) {
        client.read_request();
        client.send(redirect(back));
    });
    test::scripted_server server([&](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            seen.add(header);
            client.send(header.starts_with("GET /start ") ? redirect(other.url("/")) : test::ok("end"));
        }
    });
    back = server.url("/end");
    request what{.url = server.url("/start")};
    what.options.login = {{"user", "pass"}};
    check_answer(ask(what), 200, "end");
    BOOST_TEST(test::has_line(seen.all().front(), of_user));
    BOOST_TEST(!has_authorization(seen.last()), seen.last());
}

BOOST_AUTO_TEST_SUITE_END()
