// What several tests of requests make or measure.
#ifndef TANDEM_TEST_HTTP_NET_SAMPLES_HPP
#define TANDEM_TEST_HTTP_NET_SAMPLES_HPP

#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <string>

namespace test {

inline std::string gzipped(std::string bytes)
{
    z_stream stream{};
    BOOST_REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string result(bytes.size() + 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    BOOST_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

} // namespace test

#endif
