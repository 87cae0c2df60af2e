#include "http/file/running_checksum.hpp"

#include "http/failure.hpp"

#include <boost/algorithm/hex.hpp>
#include <boost/system/errc.hpp>

#include <array>
#include <iterator>
#include <new>
#include <openssl/evp.h>
#include <stdexcept>
#include <utility>

namespace tandem::http {
namespace {

struct deleter
{
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

using context_ptr = std::unique_ptr<EVP_MD_CTX, deleter>;

context_ptr make_digest_context()
{
    context_ptr result(EVP_MD_CTX_new());
    if (!result) {
        throw std::bad_alloc();
    }
    return result;
}

/// With these arguments OpenSSL fails only for lack of memory.
void require(int result)
{
    if (result != 1) {
        throw std::bad_alloc();
    }
}

checksum checked(const checksum& expected)
{
    try {
        return checksum::parse(expected.algorithm + '=' + expected.digest);
    } catch (const std::invalid_argument& e) {
        throw failure::local(boost::system::errc::make_error_code(boost::system::errc::invalid_argument), e.what());
    }
}

} // namespace

struct running_checksum::state
{
    context_ptr context = make_digest_context();
};

running_checksum::running_checksum(const checksum& expected)
    : expected_(checked(expected)), state_(std::make_unique<state>())
{
    const EVP_MD* algorithm = EVP_get_digestbyname(expected_.algorithm.c_str());
    if (!algorithm || EVP_DigestInit_ex(state_->context.get(), algorithm, nullptr) != 1) {
        throw failure::local(boost::system::errc::make_error_code(boost::system::errc::operation_not_supported),
                      "OpenSSL is configured without " + expected_.algorithm);
    }
}

running_checksum::running_checksum(running_checksum&&) noexcept = default;
running_checksum& running_checksum::operator=(running_checksum&&) noexcept = default;
running_checksum::~running_checksum() = default;

void running_checksum::update(std::span<const char> bytes)
{
    require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string running_checksum::digest() const
{
    const context_ptr copy = make_digest_context();
    require(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    require(EVP_DigestFinal_ex(copy.get(), bytes.data(), &size));
    std::string result;
    boost::algorithm::hex_lower(bytes.begin(), bytes.begin() + size, std::back_inserter(result));
    return result;
}

bool running_checksum::matches() const
{
    return digest() == expected_.digest;
}

} // namespace tandem::http
