// What is said of a failure: whose it is, and advice that can help. Against servers that fail in one way each.

#include "http/certificates.hpp"
#include "http/scripted_server.hpp"
#include "support/process.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/tool.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fs = std::filesystem;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(advice)

namespace {

struct asking
{
    asking() { trusted.write(ca); }

    tool_result run_as_it_is(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), {"--retries=0", "--idle-timeout=20", "--cacert", ca.string(), "--directory",
                                             to.path().string()});
        tool_result result = run_tool(arguments);
        BOOST_TEST_MESSAGE("status " << result.status << "\n" << result.out << result.err);
        return result;
    }
    tool_result run(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), "--no-proxy");
        return run_as_it_is(std::move(arguments));
    }

    temporary_folder to{};
    temporary_folder own{};
    fs::path ca = own.path() / "ca.pem";
    test::authority trusted{};
};

void check_says(const tool_result& result, const std::string& part)
{
    BOOST_TEST_CONTEXT(result.err) { BOOST_TEST((result.err.find(part) != std::string::npos), "no " << part); }
}

void check_says_not(const tool_result& result, const std::string& part)
{
    BOOST_TEST_CONTEXT(result.err) { BOOST_TEST((result.err.find(part) == std::string::npos), part); }
}

std::string with_status(const std::string& status, const std::string& fields = {})
{
    return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + fields + "\r\n";
}

std::string refused_port()
{
    return "127.0.0.1:1";
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_failure_after_a_redirect_names_both_urls, asking)
{
    const test::scripted_server second(test::answer_always(with_status("404 Not Found")));
    boost::asio::ssl::context tls = trusted.server("DNS:other.test");
    const test::scripted_server secure(test::answer_always(with_status("200 OK")), &tls);
    for (const std::string& there : {second.url("/nothere"), secure.url("/x", "localhost"),
                                     std::string("http://nowhere.invalid/x"), "http://" + refused_port() + "/x"}) {
        const test::scripted_server first(test::answer_always(with_status("302 Found", "Location: " + there + "\r\n")));
        const std::string given = first.url("/re");
        check_says(run({given}), "failed: " + given + ": redirected to " + there + ": ");
    }
    check_says(run({second.url("/a")}), "failed: " + second.url("/a") + ": 404 Not Found");
}

BOOST_FIXTURE_TEST_CASE(a_refused_certificate_is_described, asking)
{
    boost::asio::ssl::context other = trusted.server("DNS:other.test,DNS:b.test,IP:127.0.0.9,DNS:d.test,DNS:e.test");
    const test::scripted_server wrong(test::answer_always(test::ok("x")), &other);
    const tool_result name = run({wrong.url("/a", "localhost")});
    check_says(name, "the certificate is for other.test, b.test, 127.0.0.9 and 2 more, not for localhost");
    check_says_not(name, "cacert");

    boost::asio::ssl::context old = trusted.server("DNS:localhost", -60);
    const test::scripted_server late(test::answer_always(test::ok("x")), &old);
    const tool_result expired = run({late.url("/a", "localhost")});
    check_says(expired, "certificate has expired on 2");
    check_says(expired, " UTC; check this machine's clock");
    check_says_not(expired, "cacert");

    boost::asio::ssl::context own_one = test::self_signed("DNS:localhost");
    const test::scripted_server alone(test::answer_always(test::ok("x")), &own_one);
    check_says(run({alone.url("/a", "localhost")}), "; give its authority by --cacert if you trust it: ");
}

BOOST_FIXTURE_TEST_CASE(a_port_without_tls_is_no_https, asking)
{
    const test::scripted_server plain([](test::peer& client) { client.send(test::ok("x")); });
    const std::string there = "https" + plain.url("/a").substr(4);
    check_says(run({there}), "port " + std::to_string(plain.port()) + " does not speak TLS; is it an http:// URL?");
}

BOOST_FIXTURE_TEST_CASE(a_proxy_that_is_not_there_is_named, asking)
{
    const std::string said = "cannot connect to the proxy 127.0.0.1 port 1 (from ";
    check_says(run_as_it_is({"--proxy", "http://" + refused_port(), "http://host.test/a"}), said + "--proxy)");
    check_says(run_as_it_is({"--proxy", "socks5h://" + refused_port(), "http://host.test/a"}), said + "--proxy)");
    check_says(run_as_it_is({"--proxy", "http://proxy.invalid:3128", "http://host.test/a"}),
               "no connection to the proxy proxy.invalid port 3128 (from --proxy), cannot find the host proxy.invalid");
    for (const char* const name : {"http_proxy", "all_proxy"}) {
        ::setenv(name, ("http://" + refused_port()).c_str(), 1);
        check_says(run_as_it_is({"http://host.test/a"}), said + name + ')');
        ::unsetenv(name);
    }
    check_says(run({"http://" + refused_port() + "/a"}), "cannot connect to 127.0.0.1 port 1: ");
}

BOOST_FIXTURE_TEST_CASE(a_login_other_than_basic_is_named, asking)
{
    const auto wants = [](const std::string& challenge) {
        return test::answer_always(with_status("401 Unauthorized", "WWW-Authenticate: " + challenge + "\r\n"));
    };
    const test::scripted_server digest(wants("Digest realm=\"a, Basic b\", nonce=\"x\", algorithm = MD5, Negotiate"));
    const tool_result other = run({digest.url("/a")});
    check_says(other, ": 401 Unauthorized, the server wants a login by Digest; only Basic is supported\n");
    check_says_not(other, "--user");
    const test::scripted_server either(wants("Digest realm=\"a\", Basic realm=\"b\""));
    check_says(run({either.url("/a")}), "--user or --netrc");
    const test::scripted_server proxy(
        test::answer_always(with_status("407 No", "Proxy-Authenticate: Negotiate\r\n")));
    for (const char* const url : {"http://host.test/a", "https://host.test/a"}) {
        const tool_result by_proxy = run_as_it_is({"--proxy", proxy.url(""), url});
        check_says(by_proxy, "407 No, it wants a login by Negotiate; only Basic is supported\n");
    }
    check_says(run({"--help"}).out.empty() ? tool_result{} : tool_result{.err = run({"--help"}).out}, "Basic");
}

BOOST_FIXTURE_TEST_CASE(what_is_in_the_way_gets_advice_that_helps, asking)
{
    const test::scripted_server server(
        test::answer_always(test::ok(test::noise(1'500'000), "ETag: \"1\"\r\n")));
    std::ofstream(to.path() / "a.bin.part") << "mine";
    const tool_result part = run({server.url("/a.bin")});
    BOOST_TEST(part.status == 1);
    check_says(part, "a.bin.part is in the way and no unfinished download, move it elsewhere\n");
    check_says_not(part, "--if-exists");
    fs::create_directory(to.path() / "b.bin");
    for (const char* const choice : {"fail", "replace", "skip"}) {
        const tool_result folder = run({"--if-exists", choice, server.url("/b.bin")});
        BOOST_TEST(folder.status == 1);
        check_says(folder, "not a regular file");
        check_says_not(folder, "--if-exists");
    }
}

BOOST_FIXTURE_TEST_CASE(a_failure_after_mirrors_says_so, asking)
{
    const test::scripted_server none(test::answer_always(with_status("404 Not Found")));
    const test::scripted_server here(test::answer_always(test::ok("abc")));
    const tool_result failed = run({none.url("/a"), "mirror=" + none.url("/b"), "mirror=" + none.url("/c")});
    check_says(failed, "failed: " + none.url("/a") + ": 404 Not Found, after 3 tries, 2 of mirrors: ");
    const tool_result found = run({"--json", "-", none.url("/a"), "mirror=" + here.url("/b")});
    BOOST_TEST(found.status == 0);
    BOOST_TEST((found.out.find("\"from\":\"" + here.url("/b") + '"') != std::string::npos));
    const tool_result nowhere = run({"--json", "-", none.url("/x")});
    BOOST_TEST((nowhere.out.find("\"from\":null") != std::string::npos));
}

BOOST_FIXTURE_TEST_CASE(what_was_not_kept_is_not_gone_on_with, asking)
{
    const std::string half = test::noise(1'500'000);
    const auto stall = [&](const std::string& fields) {
        return [&half, fields](test::peer& client) {
            client.read_request();
            client.send("HTTP/1.1 200 OK\r\n" + fields + "\r\n" + half);
            client.wait_for_end();
        };
    };
    const test::scripted_server good(stall("Content-Length: 3000000\r\nETag: \"1\"\r\n"));
    const test::scripted_server untagged(stall("Content-Length: 3000000\r\n"));
    const test::scripted_server endless(stall("ETag: \"1\"\r\n"));
    struct row
    {
        std::vector<std::string> arguments;
        bool kept;
    };
    for (const row& one : std::vector<row>{{{good.url("/a")}, true},
                                           {{"--no-resume", good.url("/b")}, false},
                                           {{untagged.url("/c")}, false},
                                           {{endless.url("/d")}, false}}) {
        std::vector<std::string> arguments = one.arguments;
        const fs::path part = to.path() / (arguments.back().substr(arguments.back().size() - 1) + ".part");
        arguments.insert(arguments.begin(), {"--no-proxy", "-d", to.path().string()});
        tool running(arguments);
        const auto begun = [&] {
            std::error_code error;
            return fs::file_size(part, error) >= half.size() && !error;
        };
        for (int i = 0; i != 3000 && !begun(); ++i) {
            std::this_thread::sleep_for(10ms);
        }
        running.send(SIGTERM);
        const tool_result result = running.wait();
        BOOST_TEST(result.status == 128 + SIGTERM);
        check_says(result, one.kept ? "goes on where it stopped"
                                    : "downloads what is missing, and 1 file from the beginning: nothing was kept");
        BOOST_TEST(fs::exists(part) == one.kept);
    }
}

BOOST_FIXTURE_TEST_CASE(an_option_that_refuses_is_named, asking)
{
    const test::scripted_server coded(test::answer_always(test::ok("abc", "Content-Encoding: br\r\n")));
    check_says(run({"--encoded=refuse", coded.url("/a")}), "(--encoded=keep stores it as it is)");
    const test::scripted_server moved(test::answer_always(with_status("302 Found", "Location: /there\r\n")));
    const tool_result result = run({"--max-redirects", "0", moved.url("/a")});
    check_says(result, "the server redirects, and --max-redirects 0 has that not followed");
    check_says_not(result, "loop");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_http_is_refused_at_once_and_in_words, asking)
{
    struct row
    {
        std::string bytes;
        std::string says;
    };
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const row& one : std::vector<row>{
             {"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "lines do not end in CR LF"},
             {"HTTP/1.1 200 OK\r\nA: b\nContent-Length: 3\r", "lines do not end in CR LF"},
             {chunked + "3\nabc\n0\n\n", "lines do not end in CR LF"},
             {chunked + "3\r\nabc\r\n0\n", "lines do not end in CR LF"},
             {"HTTP/1.1 000 Foo\r\nContent-Length: 3\r\n\r\nabc", "its status is none"},
             {"220 mail.test ready\r\n", "there is no HTTP header"},
             {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "its Content-Length is no number"},
             {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "both a length and chunks"},
         }) {
        std::atomic<int> asked{0};
        const test::scripted_server server([&](test::peer& client) {
            client.read_request();
            ++asked;
            client.send(one.bytes);
            client.wait_for_end();
        });
        const auto begin = std::chrono::steady_clock::now();
        const tool_result result =
            run_tool({"--no-proxy", "--retry-delay=0.01", "--idle-timeout=20", "-d", to.path().string(), server.url("/a")});
        BOOST_TEST((std::chrono::steady_clock::now() - begin < 15s)); // --idle-timeout is 20 s
        BOOST_TEST(result.status == 1);
        BOOST_TEST(asked == 1);
        check_says(result, one.says);
        check_says(result, "the server's answer is not valid HTTP");
    }
}

BOOST_AUTO_TEST_SUITE_END()
