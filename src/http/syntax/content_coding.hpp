#ifndef TANDEM_SRC_HTTP_SYNTAX_CONTENT_CODING_HPP
#define TANDEM_SRC_HTTP_SYNTAX_CONTENT_CODING_HPP

#include <string_view>
#include <vector>

namespace tandem::http {

/// The codings that a Content-Encoding or Transfer-Encoding field lists, in order, without "identity", which is none.
std::vector<std::string_view> listed_codings(std::string_view field);

/// gzip, or x-gzip, which is the same.
bool is_gzip_coding(std::string_view coding);

/// Whether a file of that name is expected to hold bytes in that coding, as "a.tar.gz" is for gzip. `field` is a whole
/// Content-Encoding.
bool name_tells_coding(std::string_view name, std::string_view field);

} // namespace tandem::http

#endif
