// What comes before the body.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <thread>

using namespace test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(headers)

namespace {

scripted_server::script trickle_header(const std::string& begin)
{
    return [begin](peer& client) {
        client.read_request();
        client.send(begin);
        for (int i = 0; i != 2000 && client.send("x"); ++i) {
            std::this_thread::sleep_for(20ms);
        }
    };
}

/// Each in a packet of its own, so that it is read alone.
scripted_server::script trickle_fields()
{
    return [](peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i != 2000 && client.send("X-" + std::string(1000, 'x') + ": y\r\n"); ++i) {
            std::this_thread::sleep_for(5ms);
        }
    };
}

scripted_server::script send_at_once(const std::string& bytes)
{
    return [bytes](peer& client) {
        client.send(bytes);
        client.read_request();
    };
}

std::string times(const std::string& text, int count)
{
    std::string result;
    for (int i = 0; i != count; ++i) {
        result += text;
    }
    return result;
}

const std::string hello = ok("hello");
const std::string no_http = "not valid HTTP";
const std::string too_large = "over 64 KiB";

const std::vector<row> rows = {
    {"endless fields", answer_endlessly("HTTP/1.1 200 OK\r\n", "X-Field: and another one\r\n"), 1, {}, {too_large}},
    {"one endless field", answer_endlessly("HTTP/1.1 200 OK\r\nX: ", "xxxxxxxxxxxxxxxx"), 1, {}, {too_large}},
    {"an endless field name", answer_endlessly("HTTP/1.1 200 OK\r\n", "xxxxxxxxxxxxxxxx"), 1, {}, {too_large}},
    {"an endless reason", answer_endlessly("HTTP/1.1 200 ", "xxxxxxxxxxxxxxxx"), 1, {}, {too_large}},
    {"endless spaces", answer_endlessly("HTTP/1.1 200 OK\r\nX:", "                "), 1, {}, {too_large}},
    {"endless empty lines", answer_endlessly("", "\r\n"), 1, {}, {"http"}},
    {"endless bytes that are no HTTP", answer_endlessly("", noise(4096)), 1, {}, {no_http}},
    {"a huge field", answer_once(answer("X: " + std::string(300'000, 'x') + "\r\n", "hello")), 1, {}, {too_large}},
    {"very many fields", answer_once(answer(times("X: y\r\n", 30'000), "hello")), 1, {}, {too_large}},
    {"a large header within the limit",
     answer_once(ok("hello", "X: " + std::string(50'000, 'x') + "\r\n")),
     0,
     {{"file", "hello"}}},
    {"a header that stalls",
     answer_and_stall("HTTP/1.1 200 OK\r\nContent-"),
     1,
     {},
     {"nothing was received"},
     {"--idle-timeout", "0.3"}},
    {"no answer at all", answer_and_stall(""), 1, {}, {"nothing was received"}, {"--idle-timeout", "0.3"}},
    {"a header that trickles for ever",
     trickle_header("HTTP/1.1 200 OK\r\nX: "),
     1,
     {},
     {"not complete within"},
     {"--max-time", "0.5"}},
    {"a status line that trickles for ever",
     trickle_header("HTTP/1.1 200 "),
     1,
     {},
     {"not complete within"},
     {"--max-time", "0.5"}},
    {"half a header",
     answer_once("HTTP/1.1 200 OK\r\nContent-Le"),
     1,
     {},
     {"in the middle of its header: the server closed the connection before it answered"}},
    {"the connection closed unanswered", answer_once(""), 1, {}, {"closed the connection before it answered"}},
    {"100, then the answer", answer_once("HTTP/1.1 100 Continue\r\n\r\n" + hello), 0, {{"file", "hello"}}},
    {"102, then the answer", answer_once("HTTP/1.1 102 Processing\r\n\r\n" + hello), 0, {{"file", "hello"}}},
    {"103, then the answer",
     answer_once("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" + hello),
     0,
     {{"file", "hello"}}},
    {"100, 102 and 103, then the answer",
     answer_once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" +
                 hello),
     0,
     {{"file", "hello"}}},
    {"103 with a length of its own",
     answer_once("HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\n" + hello),
     0,
     {{"file", "hello"}}},
    {"100 and no more",
     answer_once("HTTP/1.1 100 Continue\r\n\r\n"),
     1,
     {},
     {"after an interim answer (100): the server closed the connection before it answered"}},
    {"100, then silence",
     answer_and_stall("HTTP/1.1 100 Continue\r\n\r\n"),
     1,
     {},
     {"nothing was received"},
     {"--idle-timeout", "0.3"}},
    {"100 without end",
     answer_endlessly("", "HTTP/1.1 100 Continue\r\n\r\n"),
     1,
     {},
     {"interim answers (100) without end", too_large}},
    {"103 without end",
     answer_endlessly("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
     1,
     {},
     {"interim answers (103) without end", too_large}},
    {"fields without end, one at a time", trickle_fields(), 1, {}, {too_large}, {"--max-time", "60"}},
    {"101",
     answer_once("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello"),
     1,
     {},
     {"switching protocols"}},
    {"another protocol", answer_once("SSH-2.0-OpenSSH_9.2\r\n\r\n"), 1, {}, {no_http}},
    {"another protocol that speaks first", send_at_once("220 mail.example ESMTP\r\n\r\n"), 1, {}, {no_http}},
    {"HTTP/0.9", answer_once("<html>hello</html>"), 1, {}, {"http"}},
    {"HTTP/2",
     answer_once(std::string("\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff", 27)),
     1,
     {},
     {no_http}},
    {"HTTP/3.7", answer_once("HTTP/3.7 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 1, {}, {no_http}},
    {"a status of two digits", answer_once("HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello"), 1, {}, {no_http}},
    {"a status of four digits", answer_once("HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello"), 1, {}, {no_http}},
    {"a status that is none", answer_once("HTTP/1.1 999 What\r\nContent-Length: 5\r\n\r\nhello"), 1, {}, {"999"}},
    {"a field without a colon",
     answer_once(answer("no colon here\r\nContent-Length: 5\r\n", "hello")),
     1,
     {},
     {no_http}},
    {"a space before the colon", answer_once(answer("Content-Length : 5\r\n", "hello")), 1, {}, {"http"}},
    {"NUL in a field",
     answer_once(answer(std::string("X: a\0b\r\n", 8) + "Content-Length: 5\r\n", "hello")),
     1,
     {},
     {no_http}},
    {"a reason for terminals",
     answer_once("HTTP/1.1 404 \x1b[2J\x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n"),
     1,
     {},
     {"http"}},
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_SUITE_END()
