// Connections that end between requests, what is tried again, and proxies.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

#include <signal.h>

using namespace test;
using namespace std::chrono_literals;

namespace {

const std::string hello = ok("hello");
const std::string unavailable = "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n";
const std::string again = "Retry-After: 0\r\nContent-Length: 0\r\n\r\n";
const tree file = {{"file", "hello"}};

row retried(const std::string& name, const std::string& first, int status = 0,
            const std::vector<std::string>& says = {})
{
    return {name,   answer_in_turn({first, hello}),
            status, status == 0 ? file : tree{},
            says,   {"--retries", "1", "--retry-delay", "0.05"}};
}

const std::vector<row> rows = {
    retried("503", unavailable),
    retried("503 with Retry-After", "HTTP/1.1 503 Later\r\n" + again),
    retried("429 with Retry-After", "HTTP/1.1 429 Slowly\r\n" + again),
    retried("429 with a date that has been",
            "HTTP/1.1 429 Slowly\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n"),
    retried("503 with a Retry-After that is none",
            "HTTP/1.1 503 Later\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n"),
    retried("503 with a negative Retry-After", "HTTP/1.1 503 Later\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n"),
    retried("503 with a Retry-After of years",
            "HTTP/1.1 503 Later\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n", 1, {"503"}),
    retried("503 with a Retry-After over 64 bits",
            "HTTP/1.1 503 Later\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n", 1, {"503"}),
    retried("500", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    retried("408", "HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n"),
    retried("a connection closed unanswered", ""),
    retried("404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 1, {"404"}),
    retried("401", "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", 1, {"401"}),
    {"503 for ever", answer_always(unavailable), 1, {}, {"503"}, {"--retries", "2", "--retry-delay", "0.05"}},
};

/// Counts and answers.
struct counter
{
    scripted_server::script answering(const std::string& bytes)
    {
        return [this, bytes](peer& client) {
            while (!client.read_request().empty()) {
                ++requests;
                client.send(bytes);
            }
        };
    }

    std::atomic<int> requests{0};
};

std::string list_of(const scripted_server& server, int count)
{
    std::string result;
    for (int i = 0; i != count; ++i) {
        result += server.url("/" + std::to_string(i)) + '\n';
    }
    return result;
}

ended get_list(const sandbox& box, const std::string& list, std::vector<std::string> options)
{
    write_file(box.own() / "list", list);
    options.insert(options.end(), {"-i", (box.own() / "list").string()});
    return box.get(options);
}

} // namespace

BOOST_AUTO_TEST_SUITE(retrying)

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_CASE(what_will_not_get_better_is_asked_for_once)
{
    for (const char* const status : {"404 Not Found", "403 Forbidden", "410 Gone", "400 Bad", "501 What"}) {
        BOOST_TEST_CONTEXT(status)
        {
            const sandbox box;
            counter count;
            const scripted_server server(
                count.answering(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 0\r\n\r\n"));
            box.check_ended(box.get({"--retries", "3", "--retry-delay", "0.05", server.url("/file")}), 1,
                            {server.url("/file")});
            BOOST_TEST(count.requests == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(retries_are_counted)
{
    const sandbox box;
    counter count;
    const scripted_server server(count.answering(unavailable));
    box.check_ended(box.get({"--retries", "2", "--retry-delay", "0.05", server.url("/file")}), 1, {"503"});
    BOOST_TEST(count.requests == 3);
}

BOOST_AUTO_TEST_CASE(a_truncated_body_is_tried_again_and_goes_on)
{
    const sandbox box;
    const std::string bytes = noise(3'000'000);
    std::atomic<int> connections{0};
    std::mutex mutex;
    std::string second;
    const scripted_server server([&](peer& client) {
        const std::string request = client.read_request();
        if (connections++ == 0) {
            client.send(answer("ETag: \"one\"\r\nContent-Length: 3000000\r\n", bytes.substr(0, 2'000'000)));
            return;
        }
        std::lock_guard guard(mutex);
        second = request;
        client.send("HTTP/1.1 206 Partial Content\r\nETag: \"one\"\r\nContent-Range: bytes 2000000-2999999/3000000\r\n"
                    "Content-Length: 1000000\r\n\r\n" +
                    bytes.substr(2'000'000));
    });
    box.check_ended(box.get({"--retries", "1", "--retry-delay", "0.05", server.url("/file")}), 0);
    box.check_there({{"file", bytes}});
    std::lock_guard guard(mutex);
    BOOST_TEST((second.find("Range: bytes=2000000-\r\n") != second.npos), second);
    BOOST_TEST((second.find("If-Range: \"one\"\r\n") != second.npos), second);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_tried_again)
{
    const sandbox box;
    const ended seen = box.get({"--retries", "1", "--retry-delay", "0.05", "http://127.0.0.1:1/file"});
    box.check_ended(seen, 1, {"http://127.0.0.1:1/file", "refused"});
    box.check_there({});
}

// 429 makes every download from there wait, not only the one that was told.
BOOST_AUTO_TEST_CASE(too_many_requests_pause_the_host)
{
    const sandbox box;
    std::mutex mutex;
    std::vector<std::chrono::steady_clock::time_point> times;
    const scripted_server server([&](peer& client) {
        while (!client.read_request().empty()) {
            std::size_t number = 0;
            {
                std::lock_guard guard(mutex);
                number = times.size();
                times.push_back(std::chrono::steady_clock::now());
            }
            client.send(number == 0 ? "HTTP/1.1 429 Slowly\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" : hello);
        }
    });
    const ended seen = get_list(box, list_of(server, 6), {"-p", "1", "--retries", "2", "--retry-delay", "0.05"});
    box.check_ended(seen, 0);
    BOOST_TEST(box.there().size() == 6u);
    std::lock_guard guard(mutex);
    BOOST_TEST_REQUIRE(times.size() == 7u);
    BOOST_TEST((times[1] - times[0] >= 900ms));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connections)

BOOST_AUTO_TEST_CASE(closed_before_the_answer_on_a_reused_connection)
{
    const sandbox box;
    std::atomic<int> unanswered{0};
    const scripted_server server([&](peer& client) {
        if (client.read_request().empty()) {
            return;
        }
        client.send(hello); // which promises to keep the connection
        if (!client.read_request().empty()) {
            ++unanswered;
        }
    });
    box.check_ended(get_list(box, list_of(server, 10), {"-p", "1", "--per-host", "1"}), 0);
    BOOST_TEST(box.there().size() == 10u);
    BOOST_TEST(unanswered > 0);
}

BOOST_AUTO_TEST_CASE(reset_before_the_answer_on_a_reused_connection)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        if (!client.read_request().empty() && client.send(hello)) {
            client.read_request();
            client.reset();
        }
    });
    box.check_ended(get_list(box, list_of(server, 10), {"-p", "1", "--per-host", "1"}), 0);
    BOOST_TEST(box.there().size() == 10u);
}

BOOST_AUTO_TEST_CASE(closed_at_once_after_the_answer)
{
    const sandbox box;
    const scripted_server server(answer_once(hello));
    box.check_ended(get_list(box, list_of(server, 30), {"-p", "2", "--per-host", "2"}), 0);
    BOOST_TEST(box.there().size() == 30u);
}

BOOST_AUTO_TEST_CASE(closed_within_the_answer_on_a_reused_connection)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        if (!client.read_request().empty() && client.send(hello) && !client.read_request().empty()) {
            client.send("HTTP/1.1 200 OK\r\nContent-Le");
        }
    });
    const ended seen = get_list(box, list_of(server, 2), {"-p", "1", "--per-host", "1"});
    box.check_ended(seen, 1, {server.url("/1"), "closed the connection before it answered"});
    box.check_there({{"0", "hello"}});
}

// A new connection for each try of one that is always closed: a failure, and not without end.
BOOST_AUTO_TEST_CASE(always_closed)
{
    const sandbox box;
    const scripted_server server([](peer& client) { client.read_request(); });
    box.check_ended(get_list(box, list_of(server, 5), {"-p", "1"}), 1, {server.url("/0"), server.url("/4")});
    box.check_there({});
    BOOST_TEST(server.connections() <= 10);
}

// What stands in the connection before the request is no answer to it.
BOOST_AUTO_TEST_CASE(an_answer_before_the_request)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        if (!client.read_request().empty()) {
            client.send(hello + ok("smuggled"));
            client.read_request();
        }
    });
    const ended seen = get_list(box, list_of(server, 2), {"-p", "1", "--per-host", "1"});
    for (const auto& [name, bytes] : box.there()) {
        BOOST_TEST((bytes == "hello"), name << " holds " << bytes);
    }
    box.check_ended(seen, 1, {"more than it promised"});
}

BOOST_AUTO_TEST_CASE(one_failure_costs_one_file)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            if (request.starts_with("GET /3 ")) {
                client.send(answer("Content-Length: 100\r\n", "short"));
                return;
            }
            client.send(hello);
        }
    });
    box.check_ended(get_list(box, list_of(server, 8), {"-p", "4"}), 1, {server.url("/3")});
    tree expected;
    for (const int i : {0, 1, 2, 4, 5, 6, 7}) {
        expected.emplace(std::to_string(i), "hello");
    }
    box.check_there(expected);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(checksums)

BOOST_AUTO_TEST_CASE(are_verified)
{
    const std::string right = "sha256=2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const std::string wrong = "sha256=0000000000000000000000000000000000000000000000000000000000000000";
    const scripted_server server(answer_always(hello));
    {
        const sandbox box;
        box.check_ended(box.get({server.url("/file"), right}), 0);
        box.check_there(file);
    }
    {
        const sandbox box;
        box.check_ended(box.get({server.url("/file"), wrong}), 1, {server.url("/file"), "checksum"});
        box.check_there({});
    }
    {
        const sandbox box;
        write_file(box.files() / "file", "from before");
        box.check_ended(box.get({"--if-exists", "replace", server.url("/file"), wrong}), 1, {server.url("/file")});
        box.check_there({{"file", "from before"}});
    }
    for (const char* const bad : {"sha256=123", "sha256=", "sha256=xyz", "rot13=2cf24dba"}) {
        BOOST_TEST_CONTEXT(bad)
        {
            const sandbox box;
            const ended seen = get_list(box, server.url("/file") + ' ' + bad + '\n', {});
            BOOST_TEST((seen.status == 1 || seen.status == 2), seen);
            box.check_ended(seen, seen.status);
            box.check_there({});
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(proxies)

BOOST_AUTO_TEST_CASE(plain_http_goes_through)
{
    const sandbox box;
    std::mutex mutex;
    std::string asked;
    const scripted_server proxy([&](peer& client) {
        const std::string request = client.read_request();
        std::lock_guard guard(mutex);
        asked = request;
        client.send(hello);
    });
    box.check_ended(box.get({"--proxy", proxy.url(""), "http://name:secret@server.invalid/file"}), 0);
    box.check_there(file);
    std::lock_guard guard(mutex);
    BOOST_TEST((asked.starts_with("GET http://server.invalid/file HTTP/1.1\r\n")), asked);
}

BOOST_AUTO_TEST_CASE(a_tunnel_is_refused)
{
    struct refusal
    {
        std::string bytes;
        std::string says;
    };
    for (const refusal& r :
         {refusal{"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "403"},
          refusal{"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", "407"},
          refusal{"HTTP/1.1 502 Bad\r\nContent-Length: 5\r\n\r\nsorry", "502"}, refusal{"not a proxy\r\n\r\n", ""},
          refusal{"", ""}, refusal{"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ""}}) {
        BOOST_TEST_CONTEXT(r.bytes)
        {
            const sandbox box;
            const scripted_server proxy(answer_once(r.bytes));
            box.check_ended(box.get({"--proxy", proxy.url(""), "https://server.invalid/file"}), 1,
                            {"https://server.invalid/file", r.says});
            box.check_there({});
        }
    }
}

BOOST_AUTO_TEST_CASE(a_tunnel_with_an_endless_header)
{
    const sandbox box;
    const scripted_server proxy(answer_endlessly("HTTP/1.1 200 OK\r\n", "X: and another one\r\n"));
    box.check_ended(box.get({"--proxy", proxy.url(""), "https://server.invalid/file"}), 1,
                    {"https://server.invalid/file"});
}

BOOST_AUTO_TEST_CASE(a_tunnel_that_stalls)
{
    const sandbox box;
    const scripted_server proxy([](peer& client) { client.wait_for_end(); });
    box.check_ended(box.get({"--connect-timeout", "0.3", "--proxy", proxy.url(""), "https://server.invalid/file"}), 1,
                    {"https://server.invalid/file", "--connect-timeout"});
}

BOOST_AUTO_TEST_CASE(of_the_environment)
{
    const sandbox box;
    counter by_proxy;
    counter direct;
    const scripted_server proxy(by_proxy.answering(hello));
    const scripted_server server(direct.answering(hello));
    surroundings place = box.place();
    place.environment.push_back("http_proxy=" + proxy.url(""));
    process(box.command({server.url("/one")}), place).wait();
    BOOST_TEST(by_proxy.requests == 1);
    BOOST_TEST(direct.requests == 0);
    place.environment.push_back("NO_PROXY=127.0.0.1");
    process(box.command({server.url("/two")}), place).wait();
    BOOST_TEST(by_proxy.requests == 1);
    BOOST_TEST(direct.requests == 1);
    box.check_there({{"one", "hello"}, {"two", "hello"}});

    // One that is none matters to who would use it.
    place.environment.push_back("all_proxy=gopher://name:secret@127.0.0.1");
    box.check_ended(process(box.command({server.url("/three")}), place).wait(), 0);
    box.check_there({{"one", "hello"}, {"two", "hello"}, {"three", "hello"}});
    const ended unusable = process(box.command({"https://server.invalid/"}), place).wait();
    box.check_ended(unusable, 1, {"https://server.invalid/", "the proxy for https URLs"});
    BOOST_TEST((unusable.err.find("secret") == std::string::npos), unusable);
    box.check_ended(box.get({"--proxy", "gopher://name:secret@127.0.0.1", server.url("/four")}), 2,
                    {"--proxy", "socks5h"});
}

BOOST_AUTO_TEST_CASE(a_variable_that_a_request_could_set_counts_not)
{
    const sandbox box;
    const scripted_server server(answer_always(hello));
    surroundings place = box.place();
    place.environment.push_back("HTTP_PROXY=http://127.0.0.1:1");
    box.check_ended(process(box.command({server.url("/file")}), place).wait(), 0);
    box.check_there(file);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hostile_stopped)

BOOST_AUTO_TEST_CASE(while_the_process_is_stopped_no_limit_of_the_servers_runs)
{
    for (const std::vector<std::string>& limit :
         {std::vector<std::string>{"--idle-timeout", "3"}, {"--min-rate", "1K", "--min-rate-time", "3"}}) {
        BOOST_TEST_CONTEXT(limit.front())
        {
            const sandbox box;
            std::promise<void> begun;
            std::promise<void> go_on;
            const std::string half(200'000, 'x');
            const scripted_server server([&](peer& client) {
                client.read_request();
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + half);
                begun.set_value();
                go_on.get_future().wait();
                client.send(half);
            });
            std::vector<std::string> arguments = limit;
            arguments.push_back(server.url("/file"));
            process running(box.command(arguments), box.place());
            begun.get_future().wait();
            std::this_thread::sleep_for(200ms);
            running.send(SIGSTOP);
            std::this_thread::sleep_for(7s);
            running.send(SIGCONT);
            std::this_thread::sleep_for(500ms);
            go_on.set_value();
            box.check_ended(running.wait(), 0);
            box.check_there({{"file", half + half}});
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
