#include "http/file/part_file.hpp"

#include "http/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tandem::http {
namespace {

/// Linked to its final name by a download that was killed before it could take this one away.
bool is_complete(const open_folder& folder, const std::string& target, const struct stat& status)
{
    return status.st_nlink == 2 && folder.leads_to(target, status);
}

/// Whose bytes it may hold, and who else may write it. Empty where nobody's and nobody.
std::string foreign_part(const open_folder& folder, const struct stat& status)
{
    if (!folder.owns(status)) {
        return "another user's";
    }
    return status.st_nlink == 1 ? "" : "a file that has another name as well";
}

} // namespace

part_file::part_file(const open_folder& folder, const std::string& target, std::string name, descriptor file,
                     const struct stat& status) noexcept
    : folder_(&folder), record_file_(folder, target), name_(std::move(name)), file_(std::move(file)), identity_(status)
{
}

bool part_file::is_still_there() const
{
    return folder_->leads_to(name_, identity_);
}

std::optional<part_file> part_file::open_locked(const open_folder& folder, const std::string& target,
                                                std::optional<mode_t> mode_of_new)
{
    const std::string name = target + ".part";
    for (int attempt = 0; attempt < 100; ++attempt) {
        // Not O_TRUNC: until it is locked it is somebody else's.
        descriptor file;
        bool is_new = false;
        if (mode_of_new) {
            file = folder.open_file(name, O_RDWR | O_CREAT | O_EXCL, *mode_of_new);
            is_new = static_cast<bool>(file);
            if (!file && errno == ENOENT) {
                folder.throw_errno("cannot make", name); // as in /dev/fd
            }
        }
        if (!file && (!mode_of_new || errno == EEXIST)) {
            file = folder.open_file(name, O_RDWR);
        }
        if (!file) {
            if (errno == ENOENT) {
                folder.check_still_there();
                if (!mode_of_new) {
                    return std::nullopt;
                }
                continue; // gone between the two calls
            }
            if (errno == ELOOP || errno == EISDIR || errno == ENXIO) {
                throw failure(errc::target_is_not_a_file, folder.path_of(name).string());
            }
            folder.throw_errno("cannot open", name);
        }
        struct stat status
        {
        };
        if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
            throw failure(errc::target_is_not_a_file, folder.path_of(name).string());
        }
        const bool complete = is_complete(folder, target, status);
        std::string foreign = is_new || complete ? std::string() : foreign_part(folder, status);
        // The lock goes with the descriptor, so a killed program leaves none. Any other error: there are no locks here.
        const bool locked = foreign.empty() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
        if (foreign.empty() && !locked && errno == EWOULDBLOCK) {
            throw failure(errc::target_in_use, folder.path_of(name).string());
        }
        if (complete) {
            folder.remove(name);
            record_file(folder, target).remove_of(status.st_ino);
            continue;
        }
        part_file result(folder, target, name, std::move(file), status);
        result.is_new_ = is_new;
        if (is_new) {
            folder.check_still_there(); // rather than when all of it has come
        }
        result.is_locked_ = locked;
        result.foreign_ = std::move(foreign);
        if (result.is_still_there()) {
            return result;
        }
    }
    throw failure(errc::target_in_use, folder.path_of(name).string());
}

std::optional<std::string> part_file::look()
{
    if (!foreign_.empty()) {
        keep_ = true;
        return foreign_;
    }
    struct stat status
    {
    };
    if (::fstat(file_.get(), &status) != 0) {
        folder_->throw_errno("cannot read", name_);
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size == 0) {
        keep_ = !is_new_ && !record_file_.is_there(); // until a download begins in it
        return std::nullopt;
    }
    keep_ = true;
    record_ = record_file_.read();
    if (!record_) {
        // One that a dying system has damaged still tells that a download was here.
        has_damaged_record_ = record_file_.is_there();
    } else if (record_->inode != identity_.inode) {
        record_.reset();
    } else {
        good_ = written_ = std::min(size, record_->good);
    }
    return record_ || has_damaged_record_ ? std::nullopt : std::optional<std::string>("no unfinished download");
}

part_file part_file::open(const open_folder& folder, const std::string& target, mode_t mode)
{
    folder.check_length(target, record_file::name_for(""));
    part_file result = std::move(*open_locked(folder, target, mode));
    if (const auto obstacle = result.look()) {
        throw failure(errc::target_exists,
                      result.path().string() + " is in the way and " + *obstacle + ", move it elsewhere");
    }
    return result;
}

std::optional<part_file> part_file::find(const open_folder& folder, const std::string& target)
{
    // Mostly there is none, and this takes less to find out than an attempt to open it.
    struct stat there
    {
    };
    if (!folder.look_at(target + ".part", there) && (errno == ENOENT || errno == ENAMETOOLONG)) {
        return std::nullopt;
    }
    std::optional<part_file> result = open_locked(folder, target, std::nullopt);
    if (result && result->look()) {
        result.reset();
    }
    return result;
}

part_file::~part_file()
{
    if (!file_) {
        return;
    }
    // Another download's target may be named like this .part, and have taken its place.
    if (!is_still_there()) {
        if (record_) {
            record_file_.remove_of(identity_.inode); // another .part of that name has its own
        }
    } else if (!keep_ || (record_ && !record_file_.is_still_there())) {
        // The record last: without it what is there would be taken for somebody else's.
        folder_->remove(name_);
        record_file_.remove();
    }
}

std::uint64_t part_file::size() const
{
    struct stat status
    {
    };
    if (::fstat(file_.get(), &status) != 0) {
        folder_->throw_errno("cannot read", name_);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

void part_file::write(std::uint64_t offset, std::span<const char> bytes)
{
    folder_->write(file_, name_, offset, bytes);
    written_ = std::max(written_, offset + bytes.size());
}

void part_file::begin(resume_record what)
{
    if (!has_damaged_record_ && record_file_.is_foreign()) {
        throw failure(errc::target_exists, record_file_.path().string() + " is in the way, move it elsewhere");
    }
    empty();
    what.inode = identity_.inode;
    if (!is_locked_) {
        what.good = 0; // its length tells nothing where two may write it
    }
    record_ = std::move(what);
    record_file_.write(*record_);
}

void part_file::save_good()
{
    if (!is_locked_) {
        check_still_there(); // else the record is of another one by now
    }
    record_->good = good_;
    record_file_.write(*record_);
}

/// Without locks two downloads may have the same file open. Both go on with bytes of the same version, which do no harm,
/// but neither may take from it, nor write another version into it.
void part_file::empty()
{
    good_ = written_ = 0;
    // A record that was synced is trusted after the system was started anew, and may be on the disk when what is written
    // in its place is not. It tells of this inode alone.
    const bool may_be_trusted = record_ && record_->boot.empty() && record_->good > 0;
    if (may_be_trusted || (!is_locked_ && (!is_new_ || record_))) {
        renew();
    } else if (::ftruncate(file_.get(), 0) != 0) {
        folder_->throw_errno("cannot write", name_);
    }
}

void part_file::renew()
{
    struct stat status
    {
    };
    if (::fstat(file_.get(), &status) != 0) {
        folder_->throw_errno("cannot read", name_);
    }
    check_still_there();
    folder_->remove(name_);
    record_file_.remove();
    // The old one is open still, so its inode is not used again.
    descriptor file = folder_->open_file(name_, O_RDWR | O_CREAT | O_EXCL, status.st_mode & 0777);
    if (!file && errno == EEXIST) {
        throw failure(errc::target_in_use, path().string());
    }
    if (!file || ::fstat(file.get(), &status) != 0) {
        folder_->throw_errno("cannot open", name_);
    }
    if (is_locked_ && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        throw failure(errc::target_in_use, path().string()); // another has found it already
    }
    file_ = std::move(file);
    identity_ = status;
    is_new_ = true;
    record_.reset();
}

void part_file::cut(std::uint64_t length)
{
    good_ = std::min(good_, length);
    if (!is_locked_) {
        good_ = length;
        save_good();
    } else if (::ftruncate(file_.get(), static_cast<off_t>(length)) != 0) {
        folder_->throw_errno("cannot write", name_);
    }
}

void part_file::check_still_there() const
{
    if (!is_still_there()) {
        folder_->check_still_there();
        throw failure(errc::part_changed, path().string());
    }
}

naming part_file::try_name(const std::string& name)
{
    check_still_there();
    // Renamed while it is locked, so that no other writer can open it in between.
    return folder_->rename(name_, name);
}

bool part_file::replace(const std::string& name)
{
    check_still_there();
    if (::renameat(folder_->get(), name_.c_str(), folder_->get(), name.c_str()) != 0) {
        folder_->throw_errno("cannot rename to", name);
    }
    return true;
}

void part_file::close(const std::string& name)
{
    record_file_.remove();
    folder_->close_written(file_, name);
}

} // namespace tandem::http
