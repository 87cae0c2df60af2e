#ifndef TANDEM_SRC_HTTP_FILE_SAFE_NAME_HPP
#define TANDEM_SRC_HTTP_FILE_SAFE_NAME_HPP

#include <string>
#include <string_view>

namespace tandem::http {

/// What a server or a URL calls a file, made a name for a local folder: see file_name() for the rules.
std::string safe_name(std::string_view raw);

} // namespace tandem::http

#endif
