// Bodies in chunks.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace test;

BOOST_AUTO_TEST_SUITE(chunks)

namespace {

std::string in_chunks_of_one(const std::string& bytes)
{
    std::string result;
    for (const char c : bytes) {
        result += std::string("1\r\n") + c + "\r\n";
    }
    return result + "0\r\n\r\n";
}

scripted_server::script byte_by_byte(const std::string& bytes)
{
    return [bytes](peer& client) {
        client.read_request();
        for (const char c : bytes) {
            client.send({&c, 1});
        }
    };
}

const std::vector<row> rows = {
    {"chunks of one byte", answer_once(chunked(in_chunks_of_one(noise(20'000)))), 0, {{"file", noise(20'000)}}},
    {"chunks of one byte, a byte at a time",
     byte_by_byte(chunked(in_chunks_of_one(noise(500)))),
     0,
     {{"file", noise(500)}}},
    {"one chunk, and a size with zeros before it",
     answer_once(chunked("000000005\r\nfirst\r\n0\r\n\r\n")),
     0,
     {{"file", "first"}}},
    {"no chunk but the last", answer_once(chunked("0\r\n\r\n")), 0, {{"file", ""}}},
    {"chunk extensions",
     answer_once(chunked("5;name=value;other=\"a b\"\r\nfirst\r\n0;end\r\n\r\n")),
     0,
     {{"file", "first"}}},
    {"trailers",
     answer_once(chunked("5\r\nfirst\r\n0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n")),
     0,
     {{"file", "first"}}},
    {"a trailer that would frame the body anew",
     answer_once(chunked("5\r\nfirst\r\n0\r\nContent-Length: 3\r\n\r\n")),
     1,
     {},
     {"not valid HTTP"}},
    {"trailers that would tell of another body",
     answer_once(chunked("5\r\nfirst\r\n0\r\nContent-Encoding: gzip\r\nETag: \"x\"\r\nLocation: /other\r\n\r\n")),
     0,
     {{"file", "first"}}},
    {"a chunk and then the end", answer_once(chunked("5\r\nfirst\r\n")), 1, {}, {"before the body was complete"}},
    {"half a chunk", answer_once(chunked("50\r\nfirst")), 1, {}, {"before the body was complete"}},
    {"half a size", answer_once(chunked("5")), 1, {}, {"before the body was complete"}},
    {"the last chunk without the last line",
     answer_once(chunked("5\r\nfirst\r\n0\r\n")),
     1,
     {},
     {"before the body was complete"}},
    {"more after the last chunk",
     answer_once(chunked("5\r\nfirst\r\n0\r\n\r\nmore")),
     1,
     {},
     {"more than it promised"}},
    {"the largest size", answer_once(chunked("ffffffffffffffff\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"http"}},
    {"the largest signed size",
     answer_once(chunked("7fffffffffffffff\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"before the body was complete"}},
    {"a size over 64 bits", answer_once(chunked("10000000000000005\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a size that is no number", answer_once(chunked("xyz\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a negative size", answer_once(chunked("-5\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a size with a sign", answer_once(chunked("+5\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a size with a prefix", answer_once(chunked("0x5\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a size that is empty", answer_once(chunked("\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a chunk longer than its size", answer_once(chunked("3\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"not valid HTTP"}},
    {"a chunk shorter than its size", answer_once(chunked("7\r\nfirst\r\n0\r\n\r\n")), 1, {}, {"http"}},
    {"chunked twice",
     answer_once(answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "5\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"http"}},
    {"chunked, and not as the last coding",
     answer_once(answer("Transfer-Encoding: chunked, gzip\r\n", "5\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"http"}},
    {"a transfer coding of no name",
     answer_once(answer("Transfer-Encoding: xchunked\r\n", "5\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"Transfer-Encoding"}},
    {"gzip as a transfer coding",
     answer_once(answer("Transfer-Encoding: gzip, chunked\r\n", "5\r\nfirst\r\n0\r\n\r\n")),
     1,
     {},
     {"Transfer-Encoding"}},
    {"an endless size", answer_endlessly(chunked(""), "0000000000000000"), 1, {}, {"http"}, {"--max-time", "20"}},
    {"an endless extension",
     answer_endlessly(chunked("5;x="), "yyyyyyyyyyyyyyyy"),
     1,
     {},
     {"http"},
     {"--max-time", "20"}},
    {"endless trailers",
     answer_endlessly(chunked("5\r\nfirst\r\n0\r\n"), "X-More: and more\r\n"),
     1,
     {},
     {"http"},
     {"--max-time", "20"}},
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_SUITE_END()
