#ifndef TANDEM_HTTP_CHECKSUM_HPP
#define TANDEM_HTTP_CHECKSUM_HPP

#include <tandem/detail/same_build.hpp>

#include <string>
#include <string_view>

namespace tandem::http {

/// What a file's bytes must have.
struct checksum
{
    std::string algorithm{}; ///< "sha256", "sha512", "sha1" or "md5"
    std::string digest{};    ///< hexadecimal, in small letters

    bool operator==(const checksum&) const = default;

    /// Of "sha256=0a1b...", in letters of any case. Throws `std::invalid_argument` where the algorithm is none of the
    /// above, or the digest has another length or other characters.
    static checksum parse(std::string_view text);
};

} // namespace tandem::http

#endif
