#ifndef TANDEM_SRC_HTTP_FILE_RESUME_RECORD_HPP
#define TANDEM_SRC_HTTP_FILE_RESUME_RECORD_HPP

#include "http/file/open_folder.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tandem::http {

/// What a `<target>.part` is of: kept beside it, as `<target>.part.from`, so that the next download can go on from it,
/// and takes nobody else's file for one. Whoever calls these holds the .part's lock.
struct resume_record
{
    std::string url{};
    std::string validator{};  ///< a strong entity tag, or a date; empty: cannot be gone on with
    std::uint64_t total = 0;  ///< bytes of the whole file
    std::uint64_t good = 0;   ///< of the .part's bytes, from the first, so many count at most
    std::uint64_t inode = 0;  ///< of the .part
    std::string boot{};       ///< the system's run in which it was written: current_boot(); empty: it is on the disk
    std::string encoding{};   ///< of its bytes, as the server names it; empty: none

    bool operator==(const resume_record&) const = default;
};

/// Beside the file `target` of the same folder.
std::string resume_record_name(const std::string& target);

/// Nothing where there is none, or anything about it is odd: not a regular file, somebody else's, linked, over 64 KiB, not
/// complete.
std::optional<resume_record> read_resume_record(const open_folder& folder, const std::string& target);

/// Whether it has room in one, and can be read from it.
bool can_be_written(const resume_record& record);

/// A record of the same URL, tag and boot is replaced in one step: whenever the program is killed, there is the former
/// or this one. Of another, there may be neither, so its .part is to be empty. Only for its owner to read, as URLs may
/// hold secrets. Not written to the disk at once: after a crash of the system it may be gone, never wrong. Throws
/// `failure`, also where what is there is not this user's alone.
void write_resume_record(const open_folder& folder, const std::string& target, const resume_record& record);

/// Whether there was one or not.
void remove_resume_record(const open_folder& folder, const std::string& target) noexcept;

/// Changes with each start of the system; where that cannot be known, with each start of this program. Never empty.
const std::string& current_boot();

} // namespace tandem::http

#endif
