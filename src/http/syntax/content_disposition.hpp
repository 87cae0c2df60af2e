#ifndef TANDEM_SRC_HTTP_SYNTAX_CONTENT_DISPOSITION_HPP
#define TANDEM_SRC_HTTP_SYNTAX_CONTENT_DISPOSITION_HPP

#include <optional>
#include <string>
#include <string_view>

namespace tandem::http {

/// The name that a Content-Disposition field proposes (RFC 6266), as it is: to be made safe by safe_name(). `filename*`
/// in UTF-8 or ISO-8859-1 (RFC 8187), in UTF-8 here, counts before `filename`. Nothing where there is none, or it is
/// empty.
std::optional<std::string> disposition_name(std::string_view field);

} // namespace tandem::http

#endif
