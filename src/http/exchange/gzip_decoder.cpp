#include "http/exchange/gzip_decoder.hpp"

#include "http/failure.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string>
#include <zlib.h>

namespace tandem::http {
namespace {

constexpr std::uint64_t free_of_ratio = 1024 * 1024;

} // namespace

struct gzip_decoder::state
{
    z_stream stream{};
    std::array<char, 64 * 1024> buffer;
};

gzip_decoder::gzip_decoder(std::uint64_t max_decoded, unsigned max_ratio)
    : max_decoded_(max_decoded), max_ratio_(std::max(max_ratio, 1u)), state_(std::make_unique<state>())
{
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&state_->stream, gzip_only) != Z_OK) {
        throw std::bad_alloc(); // the only error that the arguments leave
    }
}

gzip_decoder::~gzip_decoder()
{
    inflateEnd(&state_->stream);
}

void gzip_decoder::write(std::span<const char> encoded, const sink& to)
{
    z_stream& stream = state_->stream;
    while (!encoded.empty()) {
        const std::size_t given = std::min<std::size_t>(encoded.size(), std::numeric_limits<uInt>::max());
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(encoded.data()));
        stream.avail_in = static_cast<uInt>(given);
        do {
            if (at_end_) {
                // Another member follows (RFC 1952, section 2.2), or what does not belong here, which its header tells.
                inflateReset(&stream);
                at_end_ = false;
            }
            const uInt before = stream.avail_in;
            stream.next_out = reinterpret_cast<Bytef*>(state_->buffer.data());
            stream.avail_out = static_cast<uInt>(state_->buffer.size());
            const int result = inflate(&stream, Z_NO_FLUSH);
            if (result == Z_MEM_ERROR) {
                throw std::bad_alloc();
            }
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
                throw failure(errc::undecodable_body,
                              std::string("gzip: ") + (stream.msg ? stream.msg : "a preset dictionary is asked for"));
            }
            const std::size_t made = state_->buffer.size() - stream.avail_out;
            received_ += before - stream.avail_in;
            decoded_ += made;
            at_end_ = result == Z_STREAM_END;
            check_size();
            if (made != 0) {
                to(std::span<const char>(state_->buffer.data(), made));
            }
            // A full buffer may have more behind it although all input is taken.
        } while (stream.avail_in != 0 || (stream.avail_out == 0 && !at_end_));
        encoded = encoded.subspan(given);
    }
}

void gzip_decoder::check_size() const
{
    if (decoded_ > max_decoded_) {
        throw failure(errc::body_too_large, "decoded");
    }
    if (decoded_ > free_of_ratio && (decoded_ - free_of_ratio) / max_ratio_ > received_) {
        throw failure(errc::decoded_too_large, std::to_string(decoded_) + " bytes of " + std::to_string(received_));
    }
}

void gzip_decoder::finish() const
{
    if (!at_end_) {
        throw failure(errc::undecodable_body, "gzip: it ends too early");
    }
}

} // namespace tandem::http
