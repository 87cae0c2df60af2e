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

BOOST_AUTO_TEST_CASE(of_a_user_whose_password_is_in_a_netrc_file)
{
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("tandem-netrc-users-" + std::to_string(::getpid()));
    std::ofstream(file) << "machine 127.0.0.1 login first password one\n"
                           "machine 127.0.0.1 login user password pass\n";
    tandem::http::client_options options;
    options.netrc_file = file;
    tandem::http::client with_netrc(threads, options);
    std::filesystem::remove(file);
    test::log seen;
    test::scripted_server server([&](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            seen.add(header);
            client.send(header.starts_with("GET /start ") ? redirect("/end") : test::ok("x"));
        }
    });
    for (const char* path : {"/", "/start"}) {
        check_answer(ask(with_netrc, {.url = with_login(server, "user", path)}), 200, "x");
        BOOST_TEST(test::has_line(seen.last(), of_user), seen.last());
    }
    // "other:", "user:": nobody of that name there, and a password that is given, and empty.
    check_answer(ask(with_netrc, {.url = with_login(server, "other", "/")}), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), "Authorization: Basic b3RoZXI6"), seen.last());
    check_answer(ask(with_netrc, {.url = with_login(server, "user:", "/")}), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), "Authorization: Basic dXNlcjo="), seen.last());
}

BOOST_AUTO_TEST_CASE(the_default_of_a_netrc_file_is_for_hosts_that_the_user_names)
{
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("tandem-netrc-default-" + std::to_string(::getpid()));
    std::ofstream(file) << "default login netrc password word\n";
    tandem::http::client_options options;
    options.netrc_file = file;
    tandem::http::client with_netrc(threads, options);
    std::filesystem::remove(file);

    test::log seen;
    std::string there;
    const auto script = [&](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            seen.add(header);
            client.send(header.starts_with("GET /start ") ? redirect(there) : test::ok("x"));
        }
    };
    test::scripted_server server(script);
    test::scripted_server same_host(script);
    check_answer(ask(with_netrc, {.url = server.url("/")}), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), of_netrc), seen.last());
    for (const std::string& far : {server.url("/end", "localhost"), server.url("/end", "any@localhost"),
                                   server.url("/end", "netrc@localhost")}) {
        there = far;
        check_answer(ask(with_netrc, {.url = server.url("/start")}), 200, "x");
        BOOST_TEST((seen.last().find("bmV0cmM6d29yZA==") == std::string::npos), seen.last());
    }
    there = same_host.url("/end"); // as from http to https
    check_answer(ask(with_netrc, {.url = server.url("/start")}), 200, "x");
    BOOST_TEST(test::has_line(seen.last(), of_netrc), seen.last());
}

namespace {

/// Lets in who has its cookie, and sends all others to get it.
test::scripted_server::script with_consent(test::log& seen, const std::string& fields)
{
    return [&seen, fields](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            seen.add(header);
            client.send(header.find("\r\nCookie: ") != header.npos ? test::ok("inside")
                        : header.starts_with("GET /wall ")
                            ? "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n" + fields + "Location: /file\r\n\r\n"
                            : redirect("/wall"));
        }
    };
}

} // namespace

BOOST_AUTO_TEST_CASE(a_cookie_that_a_redirect_sets_opens_the_wall)
{
    test::log seen;
    test::scripted_server server(with_consent(
        seen, "Set-Cookie: consent=yes; Path=/; HttpOnly\r\nSet-Cookie: id=7\r\nSet-Cookie: x=y; Domain=com\r\n"));
    check_answer(ask(server.url("/file")), 200, "inside");
    BOOST_TEST(test::has_line(seen.last(), "Cookie: consent=yes; id=7"), seen.last());

    // It belongs to that chain alone.
    request once{.url = server.url("/file")};
    once.options.max_redirects = 1;
    check_failed(ask(once), errc::too_many_redirects, 302);

    // Beside the user's own, in one field.
    request own{.url = server.url("/wall")};
    own.options.headers = {{"cookie", "a=b"}};
    check_answer(ask(own), 200, "inside");
    BOOST_TEST(test::has_line(seen.last(), "Cookie: a=b"), seen.last());
    test::scripted_server setting([&](test::peer& client) {
        for (std::string header = client.read_request(); !header.empty(); header = client.read_request()) {
            seen.add(header);
            client.send(header.starts_with("GET /end ")
                            ? test::ok("end")
                            : "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nSet-Cookie: c=d\r\n"
                              "Location: /end\r\n\r\n");
        }
    });
    own.url = setting.url("/");
    check_answer(ask(own), 200, "end");
    BOOST_TEST(test::has_line(seen.last(), "Cookie: a=b; c=d"), seen.last());
}

BOOST_AUTO_TEST_CASE(a_cookie_of_a_redirect_is_not_for_another_site)
{
    test::log seen;
    test::scripted_server other(test::noting(seen, test::ok("there")));
    std::string there;
    test::scripted_server server([&](test::peer& client) {
        while (!client.read_request().empty()) {
            client.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nSet-Cookie: a=b; Path=/\r\nLocation: " + there +
                        "\r\n\r\n");
        }
    });
    for (const std::string& far : {other.url("/"), other.url("/", "localhost")}) {
        there = far;
        check_answer(ask(server.url("/")), 200, "there");
        BOOST_TEST((seen.last().find("Cookie") == std::string::npos), seen.last());
    }
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
