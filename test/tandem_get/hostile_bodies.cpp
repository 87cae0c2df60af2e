// Bodies that are not what was promised.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <thread>

using namespace test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(bodies)

namespace {

const std::string body = "the file's bytes";

scripted_server::script reset_after(const std::string& bytes)
{
    return [bytes](peer& client) {
        client.read_request();
        client.send(bytes);
        std::this_thread::sleep_for(100ms); // a reset takes with it what has not been read
        client.reset();
    };
}

/// One byte at a time, `pause` between them, until the client gives up.
scripted_server::script trickle(const std::string& begin, std::chrono::milliseconds pause)
{
    return [begin, pause](peer& client) {
        client.read_request();
        client.send(begin);
        for (int i = 0; i != 2000 && client.send("x"); ++i) {
            std::this_thread::sleep_for(pause);
        }
    };
}

const std::vector<row> rows = {
    {"a body shorter than its length",
     answer_once(answer("Content-Length: 10\r\n", "short")),
     1,
     {},
     {"5 of 10 bytes", "before the body was complete"}},
    {"a length and no body",
     answer_once(answer("Content-Length: 10\r\n", "")),
     1,
     {},
     {"before the body was complete"}},
    {"a large body cut off",
     answer_once(answer("Content-Length: 3000000\r\n", noise(2'999'999))),
     1,
     {},
     {"2999999 of 3000000 bytes", "before the body was complete"}},
    {"a reset in the middle of the body",
     reset_after(answer("Content-Length: 1000000\r\n", noise(100'000))),
     1,
     {},
     {"before the body was complete"}},
    {"a reset in the middle of a chunk",
     reset_after(chunked("186a0\r\n" + noise(50'000))),
     1,
     {},
     {"before the body was complete"}},
    {"a reset where the end would be the body's",
     reset_after(answer("", noise(50'000))),
     1,
     {},
     {"before the body was complete"}},
    {"a length that is too short",
     answer_once(answer("Content-Length: 3\r\n", "longer")),
     1,
     {},
     {"more than it promised"}},
    {"a length of zero and a body",
     answer_once(answer("Content-Length: 0\r\n", "a body")),
     1,
     {},
     {"more than it promised"}},
    {"a length that is too long, and silence",
     answer_and_stall(answer("Content-Length: 10\r\n", "short")),
     1,
     {},
     {"nothing was received"},
     {"--idle-timeout", "0.3"}},
    {"a negative length", answer_once(answer("Content-Length: -5\r\n", "first")), 1, {}, {"not valid HTTP"}},
    {"a length with a sign", answer_once(answer("Content-Length: +5\r\n", "first")), 1, {}, {"not valid HTTP"}},
    {"a length in words", answer_once(answer("Content-Length: five\r\n", "first")), 1, {}, {"not valid HTTP"}},
    {"a length in hexadecimal", answer_once(answer("Content-Length: 0x5\r\n", "first")), 1, {}, {"not valid HTTP"}},
    {"a length of two numbers", answer_once(answer("Content-Length: 5 5\r\n", "first")), 1, {}, {"not valid HTTP"}},
    {"a length that is empty", answer_once(answer("Content-Length: \r\n", "first")), 1, {}, {"not valid HTTP"}},
    {"a length over 64 bits",
     answer_once(answer("Content-Length: 18446744073709551621\r\n", "first")),
     1,
     {},
     {"not valid HTTP"}},
    {"two lengths that differ",
     answer_once(answer("Content-Length: 3\r\nContent-Length: 5\r\n", "first")),
     1,
     {},
     {"not valid HTTP"}},
    {"two lengths that differ in one field",
     answer_once(answer("Content-Length: 5, 3\r\n", "first")),
     1,
     {},
     {"not valid HTTP"}},
    {"a length, then chunks",
     answer_once(answer("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "5\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"not valid HTTP"}},
    {"chunks, then a length",
     answer_once(answer("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "5\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"not valid HTTP"}},
    {"a stalled body",
     answer_and_stall(answer("Content-Length: 1000000\r\n", noise(100'000))),
     1,
     {},
     {"nothing was received"},
     {"--idle-timeout", "0.3"}},
    {"a body that trickles for ever",
     trickle(answer("Content-Length: 1000000\r\n", ""), 20ms),
     1,
     {},
     {"not complete within"},
     {"--max-time", "0.5"}},
    {"a body that trickles below the least rate",
     trickle(answer("Content-Length: 1000000\r\n", ""), 20ms),
     1,
     {},
     {"slower than --min-rate"},
     {"--min-rate", "100000", "--min-rate-time", "0.4"}},
    {"a length over the maximum", answer_once(complete(noise(3000))), 1, {}, {"max"}, {"--max-size", "2000"}},
    {"a body without end, over the maximum",
     answer_endlessly(answer("", ""), noise(4096)),
     1,
     {},
     {"max"},
     {"--max-size", "2000000"}},
    {"chunks without end, over the maximum",
     answer_endlessly(chunked(""), "1000\r\n" + noise(4096) + "\r\n"),
     1,
     {},
     {"max"},
     {"--max-size", "2000000"}},
    {"204 with a length and a body",
     answer_once("HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\na body"),
     1,
     {},
     {"http"}},
    {"304 unasked", answer_once("HTTP/1.1 304 Not Modified\r\n\r\n"), 1, {}, {"304"}},
    {"304 unasked, with a body",
     answer_once("HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\na body"),
     1,
     {},
     {"304"}},
    {"HTTP/1.0 until the end of the connection", answer_once("HTTP/1.0 200 OK\r\n\r\n" + body), 0, {{"file", body}}},
    {"HTTP/1.1 until the end of the connection", answer_once(answer("", body)), 0, {{"file", body}}},
    {"an empty body until the end of the connection", answer_once(answer("", "")), 0, {{"file", ""}}},
    {"HTTP/1.0 with a length, cut off",
     answer_once("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
     1,
     {},
     {"before the body was complete"}},
    {"a status that is not the file's",
     answer_once("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry"),
     1,
     {},
     {"404"}},
    {"503 with a body", answer_once("HTTP/1.1 503 Later\r\nContent-Length: 5\r\n\r\nsorry"), 1, {}, {"503"}},
    {"206 unasked",
     answer_once("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/10\r\nContent-Length: 5\r\n\r\n"
                 "first"),
     1,
     {},
     {"206"}},
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_CASE(a_file_from_before_survives)
{
    const sandbox box;
    write_file(box.files() / "file", "from before");
    const scripted_server server(answer_once(answer("Content-Length: 10\r\n", "short")));
    box.check_ended(box.get({"--if-exists", "replace", server.url("/file")}), 1, {server.url("/file")});
    box.check_there({{"file", "from before"}});
}

// More than the length says, but late, while the connection is kept for the next request: it is no answer to that.
BOOST_AUTO_TEST_CASE(what_comes_late_is_not_the_next_answer)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        if (!client.read_request().empty() && client.send(complete(body))) {
            std::this_thread::sleep_for(50ms);
            client.send(complete("smuggled"));
            client.wait_for_end();
        }
    });
    const scripted_server slow([](peer& client) {
        client.read_request();
        std::this_thread::sleep_for(400ms);
        client.send(complete(body));
    });
    write_file(box.own() / "list",
               server.url("/first") + '\n' + slow.url("/slow") + '\n' + server.url("/second") + '\n');
    box.check_ended(box.get({"-i", (box.own() / "list").string(), "-p", "1", "--per-host", "1"}), 0);
    box.check_there({{"first", body}, {"slow", body}, {"second", body}});
}

BOOST_AUTO_TEST_SUITE_END()
