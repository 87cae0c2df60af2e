#include "download/examine.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <system_error>

#include <openssl/evp.h>
#include <zlib.h>

namespace {

using bytes = std::span<const unsigned char>;

void for_each_piece(const std::string& path, const std::function<void(bytes)>& use)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    std::array<unsigned char, 65536> piece;
    while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get())) {
        use(bytes(piece.data(), size));
    }
    if (std::ferror(file.get())) {
        throw std::system_error(errno, std::generic_category(), path);
    }
}

class hasher
{
public:
    hasher() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
    {
        require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }

    void add(bytes piece) { require(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1); }

    std::string hex()
    {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
        unsigned size = 0;
        require(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
        std::string result;
        for (const unsigned char byte : bytes(digest.data(), size)) {
            constexpr char digits[] = "0123456789abcdef";
            result += digits[byte >> 4];
            result += digits[byte & 15];
        }
        return result;
    }

private:
    static void require(bool ok)
    {
        if (!ok) {
            throw std::runtime_error("SHA-256 failed in OpenSSL");
        }
    }

    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

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

    void add(bytes piece) { run(piece, Z_NO_FLUSH); }

    std::uint64_t finish()
    {
        run({}, Z_FINISH);
        return count_;
    }

private:
    void run(bytes piece, int flush)
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
    hasher hash;
    gzip_counter gzip;
    for_each_piece(path, [&](bytes piece) {
        result.bytes += piece.size();
        hash.add(piece);
        gzip.add(piece);
    });
    result.sha256 = hash.hex();
    result.gzip_bytes = gzip.finish();
    return result;
}

std::string sha256(const std::string& path)
{
    hasher hash;
    for_each_piece(path, [&](bytes piece) { hash.add(piece); });
    return hash.hex();
}
