#ifndef TANDEM_HTTP_FILE_NAME_HPP
#define TANDEM_HTTP_FILE_NAME_HPP

#include <tandem/detail/same_build.hpp>

#include <string>
#include <string_view>

namespace tandem::http {

/// A name under which what `url` names can be saved in a local folder: the last segment of its path, decoded, and made
/// safe. Whatever the URL, the name
/// - is not empty, is neither "." nor "..", and is not hidden: a leading '.' becomes '_';
/// - is valid UTF-8, without separators ('/', '\\') and deceptive characters (see is_deceptive()): each becomes '_', as
///   does each byte that is no UTF-8;
/// - has at most 240 bytes, cut between characters and keeping a short extension: a folder's limit is 255, which leaves
///   room for ".part" and a number;
/// - does not end as the names of the downloader's own files do: after ".part", ".part.from" and ".part.new" comes a
/// '_'.
///
/// "index.html" where the URL names no file. Never throws for what `url` holds. Two URLs may give the same name.
std::string file_name(std::string_view url);

/// Whether a text that holds this character is not what it seems. Controls, which a terminal obeys: C0, DEL, C1. Those
/// that turn the direction of the text around them, so that "\u202etxt.exe" looks like "exe.txt": U+061C, U+200E, U+200F,
/// U+202A to U+202E, U+2066 to U+206F. Those that nobody sees, so that two names look the same: U+00AD, U+180E, U+200B to
/// U+200D, U+2060 to U+2065, U+FEFF, U+FFF9 to U+FFFB, U+E0000 to U+E007F. And the separators of lines U+2028, U+2029.
/// Who prints what others have written replaces them.
bool is_deceptive(char32_t character) noexcept;

} // namespace tandem::http

#endif
