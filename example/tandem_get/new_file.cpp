#include "tandem_get/new_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

[[noreturn]] void throw_error(int error, const std::string& path)
{
    throw std::system_error(error, std::generic_category(), path);
}

} // namespace

new_file::new_file(fs::path path, bool replace)
    : path_(std::move(path)), temporary_(path_.string() + '.' + std::to_string(::getpid()) + ".tmp"), replace_(replace)
{
    // Seen now rather than after all the work.
    if (!replace_ && fs::exists(fs::symlink_status(path_))) {
        throw_error(EEXIST, path_.string());
    }
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
        throw_error(errno, temporary_);
    }
}

new_file::~new_file()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
    if (!finished_) {
        ::unlink(temporary_.c_str());
    }
}

int new_file::take_descriptor()
{
    return std::exchange(descriptor_, -1);
}

void new_file::finish()
{
    const unsigned how = replace_ ? 0 : RENAME_NOREPLACE;
    finished_ = ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), how) == 0;
    // Not every file system can do that, nor every sandbox, but most of these can do one of those.
    if (!finished_ && replace_) {
        finished_ = ::rename(temporary_.c_str(), path_.c_str()) == 0;
    } else if (!finished_ && errno != EEXIST && ::link(temporary_.c_str(), path_.c_str()) == 0) {
        ::unlink(temporary_.c_str());
        finished_ = true;
    }
    if (!finished_) {
        throw_error(errno, path_.string());
    }
}
