#include "http/file/open_folder.hpp"

#include "http/failure.hpp"
#include "http/file/descriptor.hpp"

#include <blocked_signal.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tandem::http {
namespace {

/// Mostly it is not, and then there is no signal to be blocked.
bool is_file_size_limited()
{
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

} // namespace

open_folder::open_folder(std::string location)
    : path_(std::move(location)), opened_(::open(path(), O_PATH | O_DIRECTORY | O_CLOEXEC))
{
    struct stat status
    {
    };
    if (!opened_ || ::fstat(opened_.get(), &status) != 0) {
        tandem::http::throw_errno("cannot open the folder", path());
    }
    is_size_limited_ = is_file_size_limited();
    identity_ = status;
}

std::filesystem::path open_folder::path_of(const std::string& name) const
{
    const bool joined = path_.empty() || path_.back() == '/';
    return path_ + (joined ? "" : "/") + name; // a path takes its text apart each time: once is enough
}

bool open_folder::look_at(const std::string& name, struct stat& status) const noexcept
{
    return ::fstatat(get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

bool open_folder::leads_to(const std::string& name, const file_identity& file) const noexcept
{
    struct stat there
    {
    };
    return look_at(name, there) && file == there;
}

descriptor open_folder::open_file(const std::string& name, int flags, mode_t mode) const noexcept
{
    return descriptor(::openat(get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode));
}

void open_folder::remove(const std::string& name) const noexcept
{
    ::unlinkat(get(), name.c_str(), 0);
}

naming open_folder::rename(const std::string& name, const std::string& other) const
{
    if (::renameat2(get(), name.c_str(), get(), other.c_str(), RENAME_NOREPLACE) == 0) {
        return naming::named;
    }
    // Not every file system can do that, nor every sandbox, but most of these can do this. What is wrong otherwise, it
    // meets too.
    if (errno != EEXIST && ::linkat(get(), name.c_str(), get(), other.c_str(), 0) == 0) {
        remove(name);
        return naming::named;
    }
    switch (errno) {
    case EEXIST:
        return naming::taken;
    case EINVAL:
    case EMLINK:
    case ENOSYS:
    case EOPNOTSUPP:
    case EPERM:
        return naming::unsupported;
    default:
        throw_errno("cannot rename to", other);
    }
}

bool open_folder::can_rename() const
{
    std::call_once(renaming_tried_, [this] {
        std::string name;
        if (!make_probe(name)) {
            return; // what comes next says why
        }
        const std::string other = name + ".new";
        try {
            can_rename_ = rename(name, other) != naming::unsupported;
        } catch (const failure&) {
            // The same.
        }
        remove(name);
        remove(other);
    });
    return can_rename_;
}

void open_folder::check_length(const std::string& name, std::string_view suffix) const
{
    // The fewest that a file system in use takes. Others need not be asked, which may be on the network.
    constexpr std::size_t always_fits = 143;
    if (name.size() + suffix.size() <= always_fits) {
        return;
    }
    const long most = ::fpathconf(get(), _PC_NAME_MAX);
    if (most < 0 || name.size() + suffix.size() <= static_cast<std::size_t>(most)) {
        return;
    }
    const std::size_t longest = static_cast<std::size_t>(most) - std::min(suffix.size(), static_cast<std::size_t>(most));
    const std::string beside = suffix.empty() ? std::string() : " with " + std::string(suffix) + " beside it";
    throw failure::local(boost::system::error_code(ENAMETOOLONG, boost::system::system_category()),
                         path_of(name).string() + beside + ": choose a name of " + std::to_string(longest) +
                             " bytes at most");
}

descriptor open_folder::make_probe(std::string& name) const
{
    descriptor result;
    for (int attempt = 0; !result && attempt != 100; ++attempt) {
        name = temporary_name();
        result = open_file(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (!result && errno != EEXIST) {
            break;
        }
    }
    return result;
}

bool open_folder::owns(const struct stat& status) const
{
    if (status.st_uid == ::geteuid()) {
        return true;
    }
    // Some file systems give a file another owner than who makes it: NFS where root is made nobody, FAT, FUSE.
    std::string name;
    const descriptor probe = make_probe(name);
    struct stat made
    {
    };
    if (!probe) {
        return false;
    }
    remove(name);
    return ::fstat(probe.get(), &made) == 0 && made.st_uid == status.st_uid;
}

bool open_folder::is_still_there() const noexcept
{
    struct stat status
    {
    };
    const bool result = ::stat(path(), &status) == 0 && identity_ == status;
    if (result) {
        seen_there_ = std::chrono::steady_clock::now();
    }
    return result;
}

bool open_folder::was_there_lately() const noexcept
{
    return std::chrono::steady_clock::now() - seen_there_.load() < std::chrono::milliseconds(100) || is_still_there();
}

void open_folder::check_still_there() const
{
    if (!is_still_there()) {
        throw failure(errc::folder_changed, path());
    }
}

void open_folder::throw_errno(const char* what, const std::string& name) const
{
    const int error = errno;
    if (error == ENOENT) {
        check_still_there();
    }
    errno = error;
    tandem::http::throw_errno(what, path_of(name));
}

void open_folder::write(const descriptor& file, const std::string& name, std::uint64_t offset,
                        std::span<const char> bytes) const
{
    std::optional<blocked_signal> blocked;
    if (is_size_limited_) {
        blocked.emplace(SIGXFSZ);
    }
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
            offset += static_cast<std::uint64_t>(written);
        } else if (errno == EFBIG && blocked) {
            blocked->take();
            errno = EFBIG;
            throw_errno("files may not be so large here (RLIMIT_FSIZE); raise that limit (ulimit -f) to write", name);
        } else if (errno == EFBIG) {
            throw_errno("the file system has no files so large; choose another folder than that of", name);
        } else if (errno != EINTR) {
            throw_errno("cannot write", name);
        }
    }
}

void open_folder::close_written(descriptor& file, const std::string& name) const
{
    if (!file.close()) {
        const int error = errno;
        remove(name);
        errno = error;
        throw_errno("cannot write", name);
    }
}

void open_folder::sync(const descriptor& file) const
{
    const descriptor readable(::openat(get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable && errno == EACCES && ::syncfs(file.get()) == 0) {
        return; // one that may be written, not read
    }
    // Some file systems cannot sync folders, and need not.
    if (!readable || (::fsync(readable.get()) != 0 && errno != EINVAL && errno != EROFS)) {
        tandem::http::throw_errno("cannot sync", path());
    }
}

std::shared_ptr<const open_folder> open_folders::open(const std::string& path)
{
    // Not with the lock: a file system that does not answer holds up those alone who ask for it. What was wrong about
    // "lately" is found when a file is made or gets its name.
    std::shared_ptr<const open_folder> result = find(path);
    if (result && result->was_there_lately()) {
        return result;
    }
    result = std::make_shared<const open_folder>(path);
    std::lock_guard guard(mutex_);
    if (folders_.size() >= sweep_at_) {
        std::erase_if(folders_, [](const auto& entry) { return entry.second.expired(); });
        sweep_at_ = std::max<std::size_t>(64, 2 * folders_.size());
    }
    folders_[path] = result;
    return result;
}

std::shared_ptr<const open_folder> open_folders::find(const std::string& path) const
{
    std::lock_guard guard(mutex_);
    const auto found = folders_.find(path);
    return found != folders_.end() ? found->second.lock() : nullptr;
}

std::string temporary_name()
{
    static std::atomic<unsigned> next = 0;
    return ".tandem-" + std::to_string(::getpid()) + '-' + std::to_string(next++);
}

std::string folder_of(const std::filesystem::path& name)
{
    const std::size_t slash = name.native().rfind('/');
    if (slash == std::string::npos) {
        return {};
    }
    return name.native().substr(0, std::max<std::size_t>(slash, 1));
}

} // namespace tandem::http
