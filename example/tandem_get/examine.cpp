#include "tandem_get/examine.hpp"

#include "tandem_get/digest.hpp"

#include <array>
#include <stdexcept>

#include <zlib.h>

namespace {

/// Compresses and counts; the compressed bytes themselves are not kept.
class gzip_counter
{
public:
    gzip_counter()
    {
        constexpr int gzip_format = 16;
        if (deflateInit2(&stream_, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + gzip_format, 8, Z_DEFAULT_STRATEGY) !=
            Z_OK) {
            throw std::runtime_error("gzip failed in zlib");
        }
    }
    gzip_counter(const gzip_counter&) = delete;
    gzip_counter& operator=(const gzip_counter&) = delete;
    ~gzip_counter() { deflateEnd(&stream_); }

    void add(byte_view piece) { run(piece, Z_NO_FLUSH); }

    std::uint64_t finish()
    {
        run({}, Z_FINISH);
        return count_;
    }

private:
    void run(byte_view piece, int flush)
    {
        std::array<unsigned char, 65536> out;
        stream_.next_in = const_cast<unsigned char*>(piece.data());
        stream_.avail_in = static_cast<unsigned>(piece.size());
        do {
            stream_.next_out = out.data();
            stream_.avail_out = static_cast<unsigned>(out.size());
            deflate(&stream_, flush);
            count_ += out.size() - stream_.avail_out;
        } while (stream_.avail_out == 0);
    }

    z_stream stream_{};
    std::uint64_t count_ = 0;
};

} // namespace

findings examine(const std::string& path)
{
    findings result;
    digester hash("sha256");
    gzip_counter gzip;
    for_each_piece(path, [&](byte_view piece) {
        result.bytes += piece.size();
        hash.add(piece);
        gzip.add(piece);
    });
    result.sha256 = hash.finish();
    result.gzip_bytes = gzip.finish();
    return result;
}
