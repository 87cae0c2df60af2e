#ifndef TANDEM_SRC_HTTP_FILE_RESUME_RECORD_HPP
#define TANDEM_SRC_HTTP_FILE_RESUME_RECORD_HPP

#include "http/file/open_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

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

/// Whether it has room in a record's file, and can be read from it.
bool can_be_written(const resume_record& record);

/// A record's file, beside the file `target` of the same folder, which must outlive it. Once it has been read or written,
/// another file that gets its name is another download's target: it is left alone.
class record_file
{
public:
    record_file(const open_folder& folder, const std::string& target) : folder_(&folder), name_(name_for(target)) {}

    static std::string name_for(const std::string& target) { return target + ".part.from"; }

    std::filesystem::path path() const { return folder_->path_of(name_); }

    /// Whether there is a file that is this user's alone, whatever is in it.
    bool is_there() const;

    /// Whether what is there must not be written over: neither a record, nor one that was just about to be written.
    bool is_foreign();

    /// Nothing where there is none, or anything about it is odd: not a regular file, somebody else's, linked, over 64 KiB,
    /// not complete.
    std::optional<resume_record> read();

    /// A record of the same URL, tag and boot is replaced in one step: whenever the program is killed, there is the former
    /// or this one. Of another, there may be neither, so its .part is to be empty. Only for its owner to read, as URLs may
    /// hold secrets. Not written to the disk at once: after a crash of the system it may be gone, never wrong. Throws
    /// `failure`, also where what is there is not this user's alone.
    void write(const resume_record& record);

    /// Whether the name is still that of what was read or written.
    bool is_still_there() const noexcept;

    /// What was read or written, if it is there still.
    void remove() noexcept;

    /// What is of the .part with this inode.
    void remove_of(ino_t part) noexcept;

private:
    const open_folder* folder_;
    std::string name_;
    std::optional<file_identity> identity_{};
};

/// Changes with each start of the system; where that cannot be known, with each start of this program. Never empty.
const std::string& current_boot();

} // namespace tandem::http

#endif
