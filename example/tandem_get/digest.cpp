#include "tandem_get/digest.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include <openssl/evp.h>

namespace {

void require(bool ok, const char* what)
{
    if (!ok) {
        throw std::runtime_error(std::string(what) + " failed in OpenSSL");
    }
}

} // namespace

void for_each_piece(const std::string& path, const std::function<void(byte_view)>& use)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    std::array<unsigned char, 65536> piece;
    while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get())) {
        use(byte_view(piece.data(), size));
    }
    if (std::ferror(file.get())) {
        throw std::system_error(errno, std::generic_category(), path);
    }
}

struct digester::context
{
    EVP_MD_CTX* digest = EVP_MD_CTX_new();

    context() = default;
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    ~context() { EVP_MD_CTX_free(digest); }
};

digester::digester(const char* algorithm) : context_(std::make_shared<context>())
{
    const EVP_MD* known = EVP_get_digestbyname(algorithm);
    require(known && context_->digest && EVP_DigestInit_ex(context_->digest, known, nullptr) == 1, algorithm);
}

void digester::add(byte_view piece)
{
    require(EVP_DigestUpdate(context_->digest, piece.data(), piece.size()) == 1, "a digest");
}

std::string digester::finish()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    require(EVP_DigestFinal_ex(context_->digest, digest.data(), &size) == 1, "a digest");
    std::string result;
    for (const unsigned char byte : byte_view(digest.data(), size)) {
        constexpr char digits[] = "0123456789abcdef";
        result += digits[byte >> 4];
        result += digits[byte & 15];
    }
    return result;
}

std::string digest_of(const char* algorithm, const std::string& path)
{
    digester digest(algorithm);
    for_each_piece(path, [&digest](byte_view piece) { digest.add(piece); });
    return digest.finish();
}
