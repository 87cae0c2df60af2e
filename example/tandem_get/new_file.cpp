#include "tandem_get/new_file.hpp"

#include "tandem_get/writing.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

using file_status = struct stat;

[[noreturn]] void throw_error(int error, const std::string& path)
{
    throw std::system_error(error, std::generic_category(), path);
}

std::int64_t nanoseconds(const timespec& time)
{
    constexpr std::int64_t second = 1'000'000'000;
    return time.tv_sec * second + time.tv_nsec;
}

std::optional<file_status> status_of(const std::string& path)
{
    file_status result{};
    return ::lstat(path.c_str(), &result) == 0 ? std::optional(result) : std::nullopt;
}

/// Of a file that is written now; nothing where that fails.
std::optional<std::int64_t> touch(int file)
{
    file_status status{};
    const bool touched = ::futimens(file, nullptr) == 0 && ::fstat(file, &status) == 0;
    return touched ? std::optional(nanoseconds(status.st_ctim)) : std::nullopt;
}

/// In the folder. Short, so that it fits wherever the file's own name does.
std::string free_name(const std::string& folder)
{
    static unsigned number = 0;
    std::string result;
    do {
        result = folder + "/.tandem-get-" + std::to_string(::getpid()) + '-' + std::to_string(number++);
    } while (status_of(result));
    return result;
}

int link_descriptor(int file, const std::string& path)
{
    const std::string opened = "/proc/self/fd/" + std::to_string(file);
    return ::linkat(AT_FDCWD, opened.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
}

} // namespace

std::int64_t next_file_time(const fs::path& folder)
{
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now); // which most file systems take
    std::int64_t result = nanoseconds(now);
    std::string name = (folder / ".tandem-get-XXXXXX").string();
    const int probe = ::mkostemp(name.data(), O_CLOEXEC);
    if (probe < 0) {
        return result;
    }
    ::unlink(name.c_str());
    const auto before = touch(probe);
    auto after = before;
    constexpr int most = 50; // a clock that goes in seconds is not waited for
    for (int i = 0; i != most && after == before; ++i) {
        ::usleep(1000);
        after = touch(probe);
    }
    ::close(probe);
    return after.value_or(result);
}

new_file::new_file(fs::path path, const file_rule& rule)
    : path_(std::move(path)), folder_(path_.has_parent_path() ? path_.parent_path().string() : "."), rule_(rule)
{
    must_replace(); // seen now rather than after all the work
    descriptor_ = ::access("/proc/self/fd", X_OK) == 0 ? ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;
    if (descriptor_ < 0) {
        take_temporary_name();
    }
}

new_file::~new_file()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

int new_file::duplicate() const
{
    const int result = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (result < 0) {
        throw_error(errno, path_.string());
    }
    return result;
}

void new_file::finish()
{
    if (must_replace()) {
        replace();
    } else {
        name_unless_taken();
    }
}

/// Whether a file is there that it is to replace. Throws where one is that it must not.
bool new_file::must_replace() const
{
    const std::string name = path_.string();
    const std::optional<file_status> there = status_of(name);
    if (!there) {
        return false;
    }
    if (!rule_.replace) {
        throw_error(EEXIST, name);
    }
    file_status behind{};
    const bool link = S_ISLNK(there->st_mode);
    if ((!link && !S_ISREG(there->st_mode)) || (link && ::stat(name.c_str(), &behind) == 0 && S_ISDIR(behind.st_mode))) {
        throw std::runtime_error(name + " is not a regular file, so it is not replaced");
    }
    if (nanoseconds(there->st_ctim) >= rule_.not_written_since) {
        throw std::runtime_error(name + " was written since the downloads began, so it is not replaced");
    }
    return true;
}

/// In one step, and only what must_replace() would still let it.
void new_file::replace()
{
    const std::string name = path_.string();
    const std::optional<file_status> before = status_of(name);
    if (temporary_.empty()) {
        give_temporary_name();
    }
    if (before && S_ISREG(before->st_mode)) {
        // Where there are no modes, it is right all the same.
        [[maybe_unused]] const int ignored = ::fchmod(descriptor_, before->st_mode & 0777);
    }
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, name.c_str(), RENAME_EXCHANGE) == 0) {
        const std::optional<file_status> taken = status_of(temporary_);
        if (before && taken && before->st_dev == taken->st_dev && before->st_ino == taken->st_ino) {
            return; // what it replaced goes with the temporary name
        }
        ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, name.c_str(), RENAME_EXCHANGE);
        throw std::runtime_error(name + " was written meanwhile, so it is not replaced");
    }
    if (::rename(temporary_.c_str(), name.c_str()) != 0) {
        throw_error(errno, name);
    }
    temporary_.clear();
}

void new_file::name_unless_taken()
{
    const std::string name = path_.string();
    if (temporary_.empty()) {
        if (link_descriptor(descriptor_, name) == 0) {
            return;
        }
        if (errno == EEXIST || errno == ENOSPC || errno == EDQUOT || errno == ENAMETOOLONG) {
            throw_error(errno, name);
        }
        give_temporary_name();
    }
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0) {
        temporary_.clear();
        return;
    }
    // Not every file system can do that, nor every sandbox, but most of these can do one of those.
    if (errno == EEXIST || ::link(temporary_.c_str(), name.c_str()) != 0) {
        throw_error(errno, name);
    }
}

void new_file::take_temporary_name()
{
    std::string name = free_name(folder_);
    const int opened = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (opened < 0) {
        throw_error(errno, name);
    }
    temporary_ = std::move(name);
    descriptor_ = opened;
}

/// It had none: it gets it, or its bytes do where it cannot.
void new_file::give_temporary_name()
{
    std::string name = free_name(folder_);
    if (link_descriptor(descriptor_, name) == 0) {
        temporary_ = std::move(name);
        return;
    }
    const int unnamed = std::exchange(descriptor_, -1);
    std::array<char, 65536> piece;
    int error = 0;
    try {
        take_temporary_name();
        ssize_t size = 0;
        for (off_t at = 0; error == 0 && (size = ::pread(unnamed, piece.data(), piece.size(), at)) > 0; at += size) {
            error = write_whole(descriptor_, std::string_view(piece.data(), static_cast<std::size_t>(size)));
        }
        error = size < 0 ? errno : error;
    } catch (...) {
        ::close(unnamed);
        throw;
    }
    ::close(unnamed);
    if (error != 0) {
        throw_error(error, path_.string());
    }
}
