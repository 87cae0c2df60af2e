// Bodies that are not the file itself.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <openssl/evp.h>
#include <zlib.h>

#include <mutex>
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

std::string sha256(const std::string& bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    BOOST_REQUIRE(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1);
    std::string result;
    for (unsigned i = 0; i != size; ++i) {
        constexpr char digits[] = "0123456789abcdef";
        result += {digits[digest[i] >> 4], digits[digest[i] & 15]};
    }
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

/// Its file is what came, with a warning.
row stored(const std::string& name, const std::string& encoding, const std::vector<std::string>& options = {})
{
    return {name + (options.empty() ? ", unasked" : ", asked for gzip"),
            answer_once(ok("abc", "Content-Encoding: " + encoding + "\r\n")),
            0,
            {{"file", "abc"}},
            {"warning: ", "stored as the server sent them, Content-Encoding: "},
            options};
}

row refused(const std::string& name, const std::string& encoding)
{
    return {name + ", where none is wanted",
            answer_once(ok("abc", "Content-Encoding: " + encoding + "\r\n")),
            1,
            {},
            {"Content-Encoding: ", "not asked for (--encoded=keep stores it as it is)"},
            {"--encoded", "refuse"}};
}

row asked(const std::string& name, const std::string& bytes, int status, const tree& files,
          const std::vector<std::string>& says, const std::vector<std::string>& options = {})
{
    row result{name, answer_once(bytes), status, files, says, options};
    result.options.push_back("--compressed");
    return result;
}

const std::vector<row> rows = {
    {"gzip, unasked",
     answer_once(ok(zipped, encoded_so)),
     0,
     {{"file", zipped}},
     {"warning: ", "/file: its bytes are stored as the server sent them, Content-Encoding: gzip"}},
    {"gzip in chunks, unasked",
     answer_once("HTTP/1.1 200 OK\r\n" + encoded_so + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
     0,
     {{"file", "abc"}},
     {"warning: "}},
    stored("an encoding of no name", "rot13"),
    stored("the encoding \"none\"", "none"),
    stored("a charset as an encoding", "utf-8"),
    stored("what an upload was encoded in", "aws-chunked"),
    stored("an upload's encoding and the file's", "gzip,aws-chunked"),
    stored("an empty encoding", ""),
    stored("two encodings", "identity\r\nContent-Encoding: br"),
    stored("an encoding for terminals", "a\tb"),
    refused("gzip", "gzip"),
    refused("an encoding of no name", "rot13"),
    refused("an empty encoding", ""),
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
    stored("another encoding", "br", {"--compressed"}),
    stored("gzip twice", "gzip, gzip", {"--compressed"}),
    stored("gzip in two fields", "gzip\r\nContent-Encoding: gzip", {"--compressed"}),
    stored("no encoding's name", "none", {"--compressed"}),
    stored("an empty encoding", "", {"--compressed"}),
    asked("gzip and nothing", ok(zipped, "Content-Encoding: , gzip,\r\n"), 0, {{"file", text}}, {}),
    asked("gzip and identity", ok(zipped, "Content-Encoding: identity, gzip\r\n"), 0, {{"file", text}}, {}),
    asked("a bomb", ok(gzip(std::string(1 << 20, '\0'), 1024), encoded_so), 1, {}, {"decoding makes"}),
    asked("a bomb that stays below the ratio, over the maximum size", ok(gzip(noise(2'000), 2'500), encoded_so), 1, {},
          {"max"}, {"--max-size", "2000000"}),
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

namespace {

/// Nothing of it is a warning.
void check_no_warning(const ended& seen)
{
    BOOST_TEST((seen.err.find("warning") == seen.err.npos), seen);
}

} // namespace

// An object store hands out what was put into it, with the encoding that was said then.
BOOST_AUTO_TEST_CASE(a_gzip_file_that_is_said_to_be_encoded_is_as_it_is_stored)
{
    const scripted_server server(answer_always(ok(zipped, encoded_so + "Content-Type: application/x-tar\r\n")));
    for (const std::string name : {"a.tar.gz", "a.tgz", "a.svgz", "A.TAR.GZ"}) {
        for (const bool compressed : {false, true}) {
            const sandbox box;
            std::vector<std::string> arguments = {server.url('/' + name), "sha256=" + sha256(zipped)};
            if (compressed) {
                arguments.insert(arguments.begin(), "--compressed");
            }
            const ended seen = box.get(arguments);
            box.check_ended(seen, 0);
            check_no_warning(seen);
            box.check_there({{name, zipped}});
        }
    }
}

BOOST_AUTO_TEST_CASE(gzip_is_asked_for_only_where_the_name_does_not_tell_it)
{
    std::mutex mutex;
    std::string asked_for;
    const scripted_server server([&](peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            const std::lock_guard guard(mutex);
            asked_for += request.find("Accept-Encoding: gzip\r\n") != request.npos ? "gzip " : "identity ";
            client.send(ok(zipped, encoded_so + "Content-Disposition: attachment; filename=named.tar.gz\r\n"));
        }
    });
    const sandbox box;
    for (const ended& seen :
         {box.get({"--compressed", server.url("/a.tar.gz")}), box.get({"--compressed", server.url("/a.tar")}),
          box.get({"--compressed", server.url("/b.tar"), "out=b.tar.gz"}),
          box.get({"--compressed", "--content-disposition", server.url("/c")})}) {
        box.check_ended(seen, 0);
        check_no_warning(seen);
    }
    box.check_there({{"a.tar.gz", zipped}, {"a.tar", text}, {"b.tar.gz", zipped}, {"named.tar.gz", zipped}});
    BOOST_TEST(asked_for == "identity gzip identity gzip ");
}

BOOST_AUTO_TEST_CASE(json_tells_the_encoding)
{
    const sandbox box;
    const scripted_server server(answer_always(ok(zipped, encoded_so)));
    const ended kept = box.get({"--json", "-", "-q", server.url("/a")});
    box.check_ended(kept, 0, {"warning: "});
    BOOST_TEST((kept.out.find("\"encoding\":\"gzip\"") != kept.out.npos), kept);
    BOOST_TEST((kept.out.find("\"warnings\":[\"its bytes are stored") != kept.out.npos), kept);
    const ended decoded = box.get({"--json", "-", "--compressed", server.url("/b")});
    box.check_ended(decoded, 0);
    BOOST_TEST((decoded.out.find("\"encoding\":null,\"warnings\":[]") != decoded.out.npos), decoded);
}

BOOST_AUTO_TEST_CASE(a_skipped_file_warns_again)
{
    const sandbox box;
    const scripted_server server(
        answer_always(ok(zipped, encoded_so + "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n")));
    for (const char* said : {"/file: ", "there already"}) {
        box.check_ended(box.get({"--if-exists", "skip", server.url("/file")}), 0, {said, "warning: "});
        box.check_there({{"file", zipped}});
    }
    box.check_ended(box.get({"--if-exists", "skip", "--compressed", server.url("/file")}), 0);
    box.check_there({{"file", text}});
}

BOOST_AUTO_TEST_SUITE_END()
