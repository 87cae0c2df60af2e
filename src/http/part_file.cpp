#include "http/part_file.hpp"

#include "http/failure.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tandem::http {
namespace {

[[noreturn]] void throw_errno(const char* what, const std::filesystem::path& path)
{
    throw failure(boost::system::error_code(errno, boost::system::system_category()),
                  std::string(what) + ' ' + path.string());
}

/// Whether `path` still names the file that is open: who held it before may have renamed or removed it.
bool same_file(int descriptor, const std::filesystem::path& path)
{
    struct stat open_file
    {
    };
    struct stat named_file
    {
    };
    return ::fstat(descriptor, &open_file) == 0 && ::lstat(path.c_str(), &named_file) == 0 &&
           open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
}

bool is_regular(int descriptor)
{
    struct stat status
    {
    };
    return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// An open file that nobody else writes, emptied. The lock goes with the descriptor, so a killed program leaves none.
int open_locked(const std::filesystem::path& path)
{
    for (int attempt = 0; attempt < 100; ++attempt) {
        // Not O_TRUNC: until it is locked it is somebody else's. O_NONBLOCK: a FIFO in the way must not hang.
        const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (descriptor < 0) {
            if (errno == ELOOP || errno == EISDIR || errno == ENXIO) {
                throw failure(errc::target_is_not_a_file, path.string());
            }
            throw_errno("cannot create", path);
        }
        const bool regular = is_regular(descriptor);
        if (!regular || ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
            ::close(descriptor);
            throw failure(regular ? errc::target_in_use : errc::target_is_not_a_file, path.string());
        }
        if (same_file(descriptor, path)) {
            if (::ftruncate(descriptor, 0) != 0) {
                const int error = errno;
                ::close(descriptor);
                errno = error;
                throw_errno("cannot write", path);
            }
            return descriptor;
        }
        ::close(descriptor);
    }
    throw failure(errc::target_in_use, path.string());
}

} // namespace

part_file::part_file(const std::filesystem::path& target) : target_(target), path_(target)
{
    path_ += ".part";
    std::error_code ignored;
    const std::filesystem::file_status status = std::filesystem::status(target_, ignored);
    if (!target_.has_filename() || (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))) {
        throw failure(errc::target_is_not_a_file, target_.string());
    }
    descriptor_ = open_locked(path_);
}

part_file::~part_file()
{
    if (descriptor_ >= 0) {
        // Another download's target may be named like this .part, and have taken its place.
        if (same_file(descriptor_, path_)) {
            ::unlink(path_.c_str());
        }
        ::close(descriptor_);
    }
}

void part_file::write(std::span<const char> bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw_errno("cannot write", path_);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

void part_file::commit(bool sync)
{
    if (sync && ::fsync(descriptor_) != 0) {
        throw_errno("cannot write", path_);
    }
    if (!same_file(descriptor_, path_)) {
        throw failure(errc::target_in_use, path_.string());
    }
    // Renamed while it is locked, so that no other writer can open it in between.
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
        throw_errno("cannot rename to", target_);
    }
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0 && errno != EINTR) {
        // Network file systems may report a failed write only here.
        const int error = errno;
        ::unlink(target_.c_str());
        errno = error;
        throw_errno("cannot write", target_);
    }
}

} // namespace tandem::http
