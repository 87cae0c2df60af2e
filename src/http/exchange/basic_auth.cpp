#include "http/exchange/basic_auth.hpp"

#include "http/syntax/lower_case.hpp"
#include "http/syntax/printable.hpp"

#include <algorithm>
#include <vector>

#include <limits>
#include <openssl/evp.h>
#include <stdexcept>

namespace tandem::http {
namespace {

/// Of "Digest realm=\"a, b\", nonce=c, Basic": what is no parameter (RFC 9110, section 11.6.1).
std::vector<std::string> schemes_in(std::string_view challenges)
{
    constexpr std::string_view blanks = " \t";
    std::vector<std::string> result;
    bool quoted = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= challenges.size(); ++i) {
        const bool at_end = i == challenges.size();
        if (!at_end && challenges[i] == '\\' && quoted) {
            ++i;
        } else if (!at_end && challenges[i] == '"') {
            quoted = !quoted;
        } else if (at_end || (challenges[i] == ',' && !quoted)) {
            std::string_view item = challenges.substr(begin, i - begin);
            begin = i + 1;
            item.remove_prefix(std::min(item.find_first_not_of(blanks), item.size()));
            const std::string_view word = item.substr(0, item.find_first_of(" \t="));
            item.remove_prefix(word.size());
            item.remove_prefix(std::min(item.find_first_not_of(blanks), item.size()));
            if (!word.empty() && !item.starts_with('=')) {
                result.emplace_back(word);
            }
        }
    }
    return result;
}

} // namespace

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

std::string describe_other_login(const boost::beast::http::fields& header, boost::beast::http::field name,
                                 std::string_view who)
{
    std::string first;
    const auto [begin, end] = header.equal_range(name);
    for (auto i = begin; i != end; ++i) {
        for (const std::string& scheme : schemes_in({i->value().data(), i->value().size()})) {
            if (lower_case(scheme) == "basic") {
                return {};
            }
            first = first.empty() ? scheme : first;
        }
    }
    return first.empty() ? std::string()
                         : ", " + std::string(who) + " wants a login by " + printable(first) + "; only Basic is supported";
}

} // namespace tandem::http
