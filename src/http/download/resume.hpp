#ifndef TANDEM_SRC_HTTP_DOWNLOAD_RESUME_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_RESUME_HPP

#include "http/exchange/exchange.hpp"
#include "http/syntax/content_range.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tandem::http {

/// A part of a file, and which file: by its validator and its size.
struct wanted_range
{
    std::uint64_t first = 0;
    std::uint64_t last = 0; ///< included
    std::uint64_t total = 0;
    std::string validator{};
    std::string encoding{}; ///< as in file_facts
};

/// What tells this version of a file from all others (RFC 9110, section 8.8): its strong entity tag; where the answer has
/// no tag, and `dates` may be used, its Last-Modified, if that is at least a minute before the answer's own Date: else the
/// file could have changed again within that second. Empty where there is none.
std::string validator_of(const answer& from, bool dates);

/// Range and If-Range (RFC 9110, section 13.1.5): the part if the file is still the same, else all of it.
void ask_for(question& what, const wanted_range& part);

/// Its Content-Range; nothing where there is none, or two that differ.
std::optional<content_range> range_of(const answer& from);

/// What is wrong with a 206 as an answer to that; nothing where it is exactly the part.
std::optional<std::string> mismatch(const answer& from, const wanted_range& part);

} // namespace tandem::http

#endif
