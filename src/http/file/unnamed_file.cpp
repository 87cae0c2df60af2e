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
int link_file(int file, const std::filesystem::path& name)
{
    // The way through /proc takes longer. The direct one is for the privileged before Linux 6.10: others find no file.
    static std::atomic<bool> directly = true;
    if (directly) {
        const int result = ::linkat(file, "", AT_FDCWD, name.c_str(), AT_EMPTY_PATH);
        if (result == 0 || errno == EEXIST) {
            return result;
        }
    }
    char path[32];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const int result = ::linkat(AT_FDCWD, path, AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW);
    if (result == 0 && directly) {
        directly = false;
    }
    return result;
}

std::string temporary_suffix()
{
    static std::atomic<unsigned> next = 0;
    return "." + std::to_string(::getpid()) + '-' + std::to_string(next++);
}

} // namespace

std::optional<unnamed_file> unnamed_file::make(const std::filesystem::path& target)
{
    if (!has_descriptor_links()) {
        return std::nullopt;
    }
    const std::string folder = folder_of(target);
    descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (!file) {
        if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOSYS) {
            return std::nullopt;
        }
        throw_errno("cannot create a file in", folder);
    }
    return unnamed_file(std::move(file));
}

unnamed::naming unnamed_file::try_name(const std::filesystem::path& name)
{
    if (link_file(file_.get(), name) == 0) {
        return naming::named;
    }
    if (errno != EEXIST) {
        throw_errno("cannot create", name);
    }
    return naming::taken;
}

void unnamed_file::replace(const std::filesystem::path& name)
{
    // A link replaces nothing, so there are two steps, of which only the second is seen under that name.
    std::filesystem::path temporary;
    do {
        temporary = name;
        temporary += temporary_suffix();
    } while (try_name(temporary) != naming::named);
    if (::rename(temporary.c_str(), name.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        errno = error;
        throw_errno("cannot replace", name);
    }
}

void unnamed_file::close(const std::filesystem::path& name)
{
    close_written(file_, name);
}

} // namespace tandem::http
