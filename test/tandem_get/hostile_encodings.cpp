// Bodies that are not the file itself.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <stdexcept>

using namespace test;

BOOST_AUTO_TEST_SUITE(encodings)

namespace {

/// `repeat` times `bytes`, as one member of gzip.
std::string gzip(const std::string& bytes, int repeat = 1)
{
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("no zlib");
    }
    std::string result;
    std::string piece(64 * 1024, '\0');
    for (int i = 0; i != repeat; ++i) {
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream.avail_in = static_cast<uInt>(bytes.size());
        const int how = i + 1 == repeat ? Z_FINISH : Z_NO_FLUSH;
        do {
            stream.next_out = reinterpret_cast<Bytef*>(piece.data());
            stream.avail_out = static_cast<uInt>(piece.size());
            ::deflate(&stream, how);
            result.append(piece, 0, piece.size() - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    ::deflateEnd(&stream);
    return result;
}

std::string changed(std::string bytes, std::size_t at)
{
    bytes[at] = static_cast<char>(~bytes[at]);
    return bytes;
}

const std::string text = "a text, a text, a text, and some more text\n";
const std::string zipped = gzip(text);
const std::string encoded_so = "Content-Encoding: gzip\r\n";

row asked(const std::string& name, const std::string& bytes, int status, const tree& files,
          const std::vector<std::string>& says, const std::vector<std::string>& options = {})
{
    row result{name, answer_once(bytes), status, files, says, options};
    result.options.push_back("--compressed");
    return result;
}

const std::vector<row> rows = {
    {"gzip, unasked", answer_once(ok(zipped, encoded_so)), 1, {}, {"Content-Encoding: gzip"}},
    {"an encoding of no name, unasked",
     answer_once(ok("abc", "Content-Encoding: rot13\r\n")),
     1,
     {},
     {"Content-Encoding: rot13"}},
    {"two encodings, unasked",
     answer_once(ok("abc", "Content-Encoding: identity\r\nContent-Encoding: br\r\n")),
     1,
     {},
     {"Content-Encoding: br"}},
    {"identity, in so many words", answer_once(ok(text, "Content-Encoding: identity\r\n")), 0, {{"file", text}}},
    {"a file that is gzip itself",
     answer_once(ok(zipped, "Content-Type: application/gzip\r\n")),
     0,
     {{"file", zipped}}},
    asked("gzip, asked for", ok(zipped, encoded_so), 0, {{"file", text}}, {}),
    asked("gzip in chunks of one byte",
          [] {
              std::string bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
              for (const char c : zipped) {
                  bytes += std::string("1\r\n") + c + "\r\n";
              }
              return bytes + "0\r\n\r\n";
          }(),
          0, {{"file", text}}, {}),
    asked("not encoded, although asked for", ok(text), 0, {{"file", text}}, {}),
    asked("gzip of two members", ok(gzip("first, ") + gzip("second"), encoded_so), 0, {{"file", "first, second"}}, {}),
    asked("gzip of nothing", ok(gzip(""), encoded_so), 0, {{"file", ""}}, {}),
    asked("gzip that is none", ok("this is not gzip", encoded_so), 1, {}, {"gzip"}),
    asked("gzip with a wrong checksum", ok(changed(zipped, zipped.size() - 6), encoded_so), 1, {}, {"gzip"}),
    asked("gzip with a wrong size", ok(changed(zipped, zipped.size() - 2), encoded_so), 1, {}, {"gzip"}),
    asked("gzip with a wrong byte", ok(changed(zipped, 20), encoded_so), 1, {}, {"gzip"}),
    asked("gzip that ends too early", ok(zipped.substr(0, zipped.size() - 4), encoded_so), 1, {}, {"gzip"}),
    asked("gzip that has only begun", ok(zipped.substr(0, 5), encoded_so), 1, {}, {"gzip"}),
    asked("gzip that goes on with something else", ok(zipped + "and more", encoded_so), 1, {}, {"gzip"}),
    asked("gzip that is cut off", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n" + zipped,
          1, {}, {"before the body was complete"}),
    asked("an encoding that was not asked for", ok(text, "Content-Encoding: br\r\n"), 1, {}, {"Content-Encoding: br"}),
    asked("gzip twice", ok(gzip(zipped), "Content-Encoding: gzip, gzip\r\n"), 1, {}, {"Content-Encoding"}),
    asked("gzip in two fields", ok(gzip(zipped), encoded_so + encoded_so), 1, {}, {"Content-Encoding"}),
    asked("a bomb", ok(gzip(std::string(1 << 20, '\0'), 1024), encoded_so), 1, {}, {"decoding makes"}),
    asked("a bomb that stays below the ratio, over the maximum size", ok(gzip(noise(2'000), 2'500), encoded_so), 1, {},
          {"max"}, {"--max-size", "2000000"}),
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_SUITE_END()
