#include "http/file/unnamed_file.hpp"

#include "http/failure.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace tandem::http {
namespace {

/// What a descriptor is linked through, as an ordinary user may. Where it is not there, neither are unnamed files.
bool has_descriptor_links()
{
    static const bool result = ::access("/proc/self/fd", X_OK) == 0;
    return result;
}

/// As ::linkat does.
int link_file(int file, const open_folder& folder, const std::string& name)
{
    // The way through /proc takes longer. The direct one is for the privileged before Linux 6.10: others find no file.
    static std::atomic<bool> directly = true;
    if (directly) {
        const int result = ::linkat(file, "", folder.get(), name.c_str(), AT_EMPTY_PATH);
        if (result == 0 || errno == EEXIST) {
            return result;
        }
    }
    char path[32];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const int result = ::linkat(AT_FDCWD, path, folder.get(), name.c_str(), AT_SYMLINK_FOLLOW);
    if (result == 0 && directly) {
        directly = false;
    }
    return result;
}

/// Whether it tells of the name or of the disk, and nothing of what the file system can do.
bool is_passing(int error)
{
    return error == ENAMETOOLONG || error == ENOSPC || error == EDQUOT || error == ENOMEM;
}

} // namespace

std::optional<unnamed_file> unnamed_file::make(const open_folder& folder) noexcept
{
    if (!has_descriptor_links() || !folder.can_link()) {
        return std::nullopt;
    }
    // Why ever it cannot be made: a .part is made in its place, or says why not.
    descriptor file(::openat(folder.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    return file ? std::optional(unnamed_file(folder, std::move(file))) : std::nullopt;
}

naming unnamed_file::try_name(const std::string& name)
{
    if (link_file(file_.get(), *folder_, name) == 0) {
        return naming::named;
    }
    if (errno == EEXIST) {
        return naming::taken;
    }
    // The same: a .part gets the name in its place, or says why not.
    if (!is_passing(errno)) {
        folder_->cannot_link();
    }
    return naming::unsupported;
}

bool unnamed_file::replace(const std::string& name)
{
    // A link replaces nothing, so there are two steps, of which only the second is seen under that name.
    std::string temporary;
    naming seen{};
    do {
        temporary = temporary_name();
        seen = try_name(temporary);
    } while (seen == naming::taken);
    if (seen == naming::unsupported) {
        return false;
    }
    if (::renameat(folder_->get(), temporary.c_str(), folder_->get(), name.c_str()) != 0) {
        const int error = errno;
        folder_->remove(temporary);
        errno = error;
        folder_->throw_errno("cannot replace", name);
    }
    return true;
}

void unnamed_file::close(const std::string& name)
{
    folder_->close_written(file_, name);
}

} // namespace tandem::http
