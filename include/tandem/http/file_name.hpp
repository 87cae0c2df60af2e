#ifndef TANDEM_HTTP_FILE_NAME_HPP
#define TANDEM_HTTP_FILE_NAME_HPP

#include <tandem/detail/same_build.hpp>

#include <string>
#include <string_view>

namespace tandem::http {

/// A name under which what `url` names can be saved in a local folder: the last segment of its path, decoded, and made
/// safe. Whatever the URL, the name
/// - is not empty, is neither "." nor "..", and is not hidden: a leading '.' becomes '_';
/// - is valid UTF-8, without separators ('/', '\\') and control characters: each becomes '_', as does each byte that is
/// no
///   UTF-8;
/// - has at most 240 bytes, cut between characters and keeping a short extension: a folder's limit is 255, which leaves
///   room for ".part" and a number;
/// - does not end as the names of the downloader's own files do: after ".part", ".part.from" and ".part.new" comes a
/// '_'.
///
/// "index.html" where the URL names no file. Never throws for what `url` holds. Two URLs may give the same name.
std::string file_name(std::string_view url);

} // namespace tandem::http

#endif
