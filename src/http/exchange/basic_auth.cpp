#include "http/exchange/basic_auth.hpp"

#include <limits>
#include <openssl/evp.h>
#include <stdexcept>

namespace tandem::http {

std::string basic_authorization(const credentials& login)
{
    const std::string plain = login.user + ':' + login.password;
    if (plain.size() > std::numeric_limits<int>::max() / 2) {
        throw std::length_error("a password too long for a header");
    }
    std::string result = "Basic ";
    const std::size_t begin = result.size();
    result.resize(begin + (plain.size() + 2) / 3 * 4 + 1); // OpenSSL ends it with a NUL
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data() + begin),
                        reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
    result.resize(begin + static_cast<std::size_t>(size));
    return result;
}

} // namespace tandem::http
