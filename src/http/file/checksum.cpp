#include "http/syntax/lower_case.hpp"

#include <tandem/http/checksum.hpp>

#include <boost/url/grammar/hexdig_chars.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace tandem::http {
namespace {

namespace grammar = boost::urls::grammar;

struct known
{
    std::string_view name;
    std::size_t bytes;
};

constexpr std::array algorithms{known{"sha256", 32}, known{"sha512", 64}, known{"sha1", 20}, known{"md5", 16}};

} // namespace

checksum checksum::parse(std::string_view text)
{
    const std::size_t equals = text.find('=');
    checksum result{lower_case(text.substr(0, equals)), {}};
    const auto found = std::find_if(algorithms.begin(), algorithms.end(),
                                    [&](const known& each) { return each.name == result.algorithm; });
    if (equals == text.npos || found == algorithms.end()) {
        throw std::invalid_argument("a checksum is sha256=, sha512=, sha1= or md5= and hexadecimal digits");
    }
    result.digest = lower_case(text.substr(equals + 1));
    if (result.digest.size() != 2 * found->bytes ||
        !std::all_of(result.digest.begin(), result.digest.end(), grammar::hexdig_chars)) {
        throw std::invalid_argument("a checksum of " + result.algorithm + " has " + std::to_string(2 * found->bytes) +
                                    " hexadecimal digits");
    }
    return result;
}

} // namespace tandem::http
