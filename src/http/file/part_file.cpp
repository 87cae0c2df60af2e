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

bool has_record_file(const std::filesystem::path& target)
{
    struct stat there
    {
    };
    return ::lstat(resume_record_path(target).c_str(), &there) == 0 && S_ISREG(there.st_mode);
}

/// Not to be written over: neither a record, nor one that was just about to be written.
bool is_foreign_record(const std::filesystem::path& target)
{
    struct stat there
    {
    };
    return ::lstat(resume_record_path(target).c_str(), &there) == 0 &&
           (!S_ISREG(there.st_mode) || (there.st_size > 0 && !read_resume_record(target)));
}

} // namespace

part_file::part_file(std::filesystem::path target, std::filesystem::path path, descriptor file,
                     const struct stat& status) noexcept
    : target_(std::move(target)), path_(std::move(path)), file_(std::move(file)), device_(status.st_dev),
      inode_(status.st_ino)
{
}

bool part_file::is_still_there() const
{
    struct stat there
    {
    };
    return ::lstat(path_.c_str(), &there) == 0 && there.st_ino == inode_ && there.st_dev == device_;
}

std::optional<part_file> part_file::open_locked(const std::filesystem::path& target, int flags)
{
    std::filesystem::path path = target;
    path += ".part";
    for (int attempt = 0; attempt < 100; ++attempt) {
        // Not O_TRUNC: until it is locked it is somebody else's. O_NONBLOCK: a FIFO in the way must not hang.
        descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0666));
        if (!file) {
            if (errno == ENOENT && (flags & O_CREAT) == 0) {
                return std::nullopt;
            }
            if (errno == ELOOP || errno == EISDIR || errno == ENXIO) {
                throw failure(errc::target_is_not_a_file, path.string());
            }
            throw_errno("cannot open", path);
        }
        struct stat status
        {
        };
        if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
            throw failure(errc::target_is_not_a_file, path.string());
        }
        // The lock goes with the descriptor, so a killed program leaves none.
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
            throw failure(errc::target_in_use, path.string());
        }
        part_file result(target, path, std::move(file), status);
        if (result.is_still_there()) {
            return result;
        }
    }
    throw failure(errc::target_in_use, path.string());
}

bool part_file::look()
{
    struct stat status
    {
    };
    if (::fstat(file_.get(), &status) != 0) {
        throw_errno("cannot read", path_);
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size == 0) {
        return true;
    }
    keep_ = true;
    record_ = read_resume_record(target_);
    if (!record_) {
        // One that a dying system has damaged still tells that a download was here.
        has_damaged_record_ = has_record_file(target_);
        return has_damaged_record_;
    }
    if (record_->inode != inode_) {
        record_.reset();
        return false;
    }
    good_ = std::min(size, record_->good);
    return true;
}

part_file part_file::open(const std::filesystem::path& target)
{
    part_file result = std::move(*open_locked(target, O_CREAT));
    if (!result.look()) {
        throw failure(errc::target_exists,
                      result.path_.string() + " is in the way and no unfinished download, move it elsewhere");
    }
    return result;
}

std::optional<part_file> part_file::find(const std::filesystem::path& target)
{
    // Mostly there is none, and this takes less to find out than an attempt to open it.
    struct stat there
    {
    };
    if (::lstat((target.native() + ".part").c_str(), &there) != 0 && errno == ENOENT) {
        return std::nullopt;
    }
    std::optional<part_file> result = open_locked(target, 0);
    if (result && !result->look()) {
        result.reset();
    }
    return result;
}

part_file::~part_file()
{
    // Another download's target may be named like this .part, and have taken its place.
    if (file_ && !keep_ && is_still_there()) {
        // The record last: without it what is there would be taken for somebody else's.
        ::unlink(path_.c_str());
        if (record_) {
            remove_resume_record(target_);
        }
    }
}

void part_file::begin(resume_record what)
{
    if (!has_damaged_record_ && is_foreign_record(target_)) {
        throw failure(errc::target_exists, resume_record_path(target_).string() + " is in the way, move it elsewhere");
    }
    cut(0);
    what.inode = inode_;
    record_ = std::move(what);
    write_resume_record(target_, *record_);
}

void part_file::save_good()
{
    record_->good = good_;
    write_resume_record(target_, *record_);
}

void part_file::cut(std::uint64_t length)
{
    if (::ftruncate(file_.get(), static_cast<off_t>(length)) != 0) {
        throw_errno("cannot write", path_);
    }
    good_ = std::min(good_, length);
}

void part_file::check_still_there() const
{
    if (!is_still_there()) {
        throw failure(errc::target_in_use, path_.string());
    }
}

unnamed::naming part_file::try_name(const std::filesystem::path& name)
{
    check_still_there();
    // Renamed while it is locked, so that no other writer can open it in between.
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0) {
        return naming::named;
    }
    if (errno == EINVAL || errno == ENOSYS) {
        // Not every file system can do that, but most of these can do this.
        if (::link(path_.c_str(), name.c_str()) == 0) {
            ::unlink(path_.c_str());
            return naming::named;
        }
        if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) {
            return naming::unsupported;
        }
    }
    if (errno != EEXIST) {
        throw_errno("cannot rename to", name);
    }
    return naming::taken;
}

void part_file::replace(const std::filesystem::path& name)
{
    check_still_there();
    if (::rename(path_.c_str(), name.c_str()) != 0) {
        throw_errno("cannot rename to", name);
    }
}

void part_file::close(const std::filesystem::path& name)
{
    if (record_) {
        remove_resume_record(target_);
    }
    close_written(file_, name);
}

} // namespace tandem::http
