#ifndef TANDEM_SRC_HTTP_SYNTAX_PRINTABLE_HPP
#define TANDEM_SRC_HTTP_SYNTAX_PRINTABLE_HPP

#include <string>
#include <string_view>

namespace tandem::http {

/// What a server says, for a message: each deceptive character, and each byte that is not UTF-8, is a question mark.
std::string printable(std::string_view text);

/// Whether there is such a character. Bytes that are not UTF-8 are none.
bool has_deceptive(std::string_view text);

} // namespace tandem::http

#endif
