#include "http/exchange/gzip_decoder.hpp"
#include "http/failure.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <zlib.h>

using namespace tandem::http;

namespace {

std::string deflated(std::string text, int window_bits)
{
    z_stream stream{};
    BOOST_REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string result(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    BOOST_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    result.resize(result.size() - stream.avail_out);
    deflateEnd(&stream);
    return result;
}

std::string gzip(const std::string& text)
{
    return deflated(text, 16 + MAX_WBITS);
}

std::string text_of(std::size_t size)
{
    std::mt19937 random(7);
    std::string text;
    while (text.size() < size) {
        text += std::to_string(random() % 1000) + " words ";
    }
    text.resize(size);
    return text;
}

struct outcome
{
    std::string text{};
    std::string error = "none";
    std::string detail{};
};

outcome decode(const std::string& encoded, std::size_t piece, std::uint64_t max = UINT64_MAX, unsigned ratio = 200)
{
    outcome result;
    try {
        gzip_decoder decoder(max, ratio);
        for (std::size_t at = 0; at < encoded.size(); at += piece) {
            decoder.write(std::span<const char>(encoded).subspan(at, std::min(piece, encoded.size() - at)),
                          [&](std::span<const char> made) {
                              BOOST_REQUIRE(made.size() <= 64 * 1024);
                              result.text.append(made.begin(), made.end());
                          });
        }
        decoder.finish();
        BOOST_TEST(decoder.decoded() == result.text.size());
    } catch (const failure& e) {
        result.error = e.code() == errc::undecodable_body    ? "undecodable_body"
                       : e.code() == errc::body_too_large    ? "body_too_large"
                       : e.code() == errc::decoded_too_large ? "decoded_too_large"
                                                             : e.code().message();
        result.detail = e.detail();
    }
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gzip_bodies)

BOOST_AUTO_TEST_CASE(bodies)
{
    const std::string text = text_of(300'000);
    const std::string zip = gzip(text);
    std::string wrong_sum = zip;
    wrong_sum[zip.size() - 8] ^= 1;
    std::string wrong_size = zip;
    wrong_size[zip.size() - 1] ^= 1;
    std::string broken = zip;
    broken[zip.size() / 2] ^= 0x55;
    std::string preset = deflated(text, MAX_WBITS);
    const std::string empty = gzip("");
    struct row
    {
        const char* name;
        std::string encoded;
        std::string text;
        const char* error;
    };
    for (const row& r : {
             row{"one member", zip, text, "none"},
             row{"two members", zip + gzip("more"), text + "more", "none"},
             row{"three, two of them empty", empty + zip + empty, text, "none"},
             row{"an empty member", empty, "", "none"},
             row{"exactly a buffer", gzip(text.substr(0, 65536)), text.substr(0, 65536), "none"},
             row{"exactly two", gzip(text.substr(0, 131072)), text.substr(0, 131072), "none"},
             row{"nothing", "", "", "undecodable_body"},
             row{"the checksum is cut", zip.substr(0, zip.size() - 4), text, "undecodable_body"},
             row{"the last byte is cut", zip.substr(0, zip.size() - 1), text, "undecodable_body"},
             row{"the header is cut", zip.substr(0, 5), "", "undecodable_body"},
             row{"the second member is cut", zip + gzip("more").substr(0, 12), text + "more", "undecodable_body"},
             row{"another checksum", wrong_sum, text, "undecodable_body"},
             row{"another size", wrong_size, text, "undecodable_body"},
             row{"followed by text", zip + "garbage", text, "undecodable_body"},
             row{"followed by one byte", zip + "x", text, "undecodable_body"},
             row{"followed by zeros", zip + std::string(512, '\0'), text, "undecodable_body"},
             row{"plain text", "hello", "", "undecodable_body"},
             row{"zlib's own format", deflated(text, MAX_WBITS), "", "undecodable_body"},
             row{"bare deflate", deflated(text, -MAX_WBITS), "", "undecodable_body"},
         }) {
        for (std::size_t piece : {std::size_t(1), std::size_t(7), std::size_t(4096), std::size_t(1) << 30}) {
            BOOST_TEST_CONTEXT(r.name << ", " << piece << " bytes at a time")
            {
                const outcome seen = decode(r.encoded, piece);
                BOOST_TEST(seen.error == r.error, seen.error << " (" << seen.detail << ") is not " << r.error);
                // An error may come before what was made right before it.
                const bool right = seen.error == "none" ? seen.text == r.text : r.text.starts_with(seen.text);
                BOOST_TEST(right, seen.text.size() << " bytes, other than expected");
            }
        }
    }
    const outcome seen = decode(broken, 4096);
    BOOST_TEST_MESSAGE("a broken one: " << seen.error << ": " << seen.detail);
    BOOST_TEST(seen.error == "undecodable_body");
    BOOST_TEST(seen.detail.size() > 6u);
}

BOOST_AUTO_TEST_CASE(bounds)
{
    const std::string zeros(20 * 1024 * 1024, '\0');
    const std::string bomb = gzip(zeros);
    const std::string text = gzip(text_of(2'000'000));
    struct row
    {
        const char* name;
        const std::string& encoded;
        std::uint64_t max;
        unsigned ratio;
        const char* error;
        std::size_t most;
    };
    for (const row& r : {
             row{"a bomb", bomb, UINT64_MAX, 200, "decoded_too_large", 2 * 1024 * 1024},
             row{"a bomb that may be", bomb, UINT64_MAX, 2000, "none", zeros.size()},
             row{"a bomb, for no ratio at all", bomb, UINT64_MAX, 0, "decoded_too_large", 2 * 1024 * 1024},
             row{"a bomb, small enough", bomb, zeros.size(), 2000, "none", zeros.size()},
             row{"a bomb, one byte too large", bomb, zeros.size() - 1, 2000, "body_too_large", zeros.size() - 1},
             row{"a bomb, too large at once", bomb, 1000, 2000, "body_too_large", 1000},
             row{"text", text, UINT64_MAX, 200, "none", 2'000'000},
             row{"text", text, 1'000'000, 200, "body_too_large", 1'000'000},
         }) {
        for (std::size_t piece : {std::size_t(100), std::size_t(1) << 30}) {
            BOOST_TEST_CONTEXT(r.name << ", ratio " << r.ratio << ", " << piece << " bytes at a time")
            {
                const outcome seen = decode(r.encoded, piece, r.max, r.ratio);
                BOOST_TEST_MESSAGE(r.name << ": " << seen.text.size() << " bytes, " << seen.error << ' '
                                          << seen.detail);
                BOOST_TEST(seen.error == r.error);
                BOOST_TEST(seen.text.size() <= r.most);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_the_sink_throws_goes_through)
{
    gzip_decoder decoder(UINT64_MAX, 200);
    BOOST_CHECK_THROW(
        decoder.write(gzip("text"), [](std::span<const char>) { throw std::runtime_error("the disk is full"); }),
        std::runtime_error);
}

BOOST_AUTO_TEST_CASE(noise_never_decodes)
{
    std::mt19937 random(3);
    for (int i = 0; i < 2000; ++i) {
        std::string encoded = gzip(text_of(200));
        for (int n = 0; n < 3; ++n) {
            encoded[random() % encoded.size()] = static_cast<char>(random());
        }
        const outcome seen = decode(encoded, 1 + random() % 50);
        if (seen.error == "none" && seen.text != text_of(200)) {
            BOOST_ERROR("other bytes were taken for right");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
