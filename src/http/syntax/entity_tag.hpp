#ifndef TANDEM_SRC_HTTP_SYNTAX_ENTITY_TAG_HPP
#define TANDEM_SRC_HTTP_SYNTAX_ENTITY_TAG_HPP

#include <string_view>

namespace tandem::http {

/// Whether an ETag field is well-formed and strong (RFC 9110, section 8.8.3): only by such a one may parts be joined.
bool is_strong_tag(std::string_view field) noexcept;

} // namespace tandem::http

#endif
