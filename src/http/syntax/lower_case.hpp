#ifndef TANDEM_SRC_HTTP_SYNTAX_LOWER_CASE_HPP
#define TANDEM_SRC_HTTP_SYNTAX_LOWER_CASE_HPP

#include <boost/url/grammar/ci_string.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace tandem::http {

/// Of ASCII's letters: names of hosts and algorithms have no others.
inline std::string lower_case(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), boost::urls::grammar::to_lower);
    return result;
}

} // namespace tandem::http

#endif
