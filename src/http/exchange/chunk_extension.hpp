#ifndef TANDEM_SRC_HTTP_EXCHANGE_CHUNK_EXTENSION_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_CHUNK_EXTENSION_HPP

#include <span>

namespace tandem::http {

/// Makes the line of a chunk's size, with which `bytes` begin or which follows the last chunk's CR LF, one without an
/// extension, of the same length: servers pad sizes with blanks (RFC 9112, section 7.1.1, knows them within extensions
/// alone), and nobody needs the rest. False where it is no such line: then nothing is changed.
bool drop_chunk_extension(std::span<char> bytes);

} // namespace tandem::http

#endif
