// A folder that is held open, and those that are.
#ifndef TANDEM_SRC_HTTP_FILE_OPEN_FOLDER_HPP
#define TANDEM_SRC_HTTP_FILE_OPEN_FOLDER_HPP

#include <descriptor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

namespace tandem::http {

/// What became of an attempt to give a file a name that nothing has.
enum class naming
{
    named,
    taken,      ///< something has that name
    unsupported ///< the file system cannot do it without replacing what may be there
};

/// Which file it is, whatever its names are.
struct file_identity
{
    file_identity() = default;
    file_identity(const struct stat& status) noexcept : device(status.st_dev), inode(status.st_ino) {}

    bool operator==(const file_identity&) const = default;

    dev_t device = 0;
    ino_t inode = 0;
};

/// A name in it leads to the same file for a whole download, whatever becomes of the folder's own name. Names are those
/// of files in it, without a slash. Thread-safe.
class open_folder
{
public:
    /// Empty: where the program works. Throws `failure`.
    explicit open_folder(std::string location);

    const char* path() const noexcept { return path_.empty() ? "." : path_.c_str(); }

    std::filesystem::path path_of(const std::string& name) const;

    /// For system calls that take a folder and a name in it.
    int get() const noexcept { return opened_.get(); }

    /// What has the name, a symbolic link itself; false, with `errno`, where nothing has it.
    bool look_at(const std::string& name, struct stat& status) const noexcept;

    /// Whether the name is that file's.
    bool leads_to(const std::string& name, const file_identity& file) const noexcept;

    /// As ::openat; close-on-exec. A symbolic link is not followed, a FIFO not waited for.
    descriptor open_file(const std::string& name, int flags, mode_t mode = 0) const noexcept;

    /// As ::unlinkat.
    void remove(const std::string& name) const noexcept;

    /// Gives a file of it another name, which replaces nothing. Throws `failure`.
    naming rename(const std::string& name, const std::string& other) const;

    /// Whether that can be done here. Found out with a file of its own, once.
    bool can_rename() const;

    /// Whether a file without a name can get one here: true until somebody says that it cannot.
    bool can_link() const noexcept { return can_link_; }
    void cannot_link() const noexcept { can_link_ = false; }

    /// Throws `failure` where its file system takes no name of so many bytes: `suffix` is what is to be appended to the
    /// user's.
    void check_length(const std::string& name, std::string_view suffix) const;

    /// Whether it is owned as what this process makes in it would be.
    bool owns(const struct stat& status) const;

    /// Whether its path leads to it.
    bool is_still_there() const noexcept;

    /// The same, as it was a tenth of a second ago or later.
    bool was_there_lately() const noexcept;

    /// Throws `failure` (`errc::folder_changed`) where its path leads elsewhere by now, or nowhere.
    void check_still_there() const;

    /// Throws a `failure` with `errno`: "cannot write /a/b". Or that the folder is not there any more, where that is why.
    [[noreturn]] void throw_errno(const char* what, const std::string& name) const;

    /// All of it, from `offset` on, into the file `name`. Throws `failure`; a limit to the size of files (RLIMIT_FSIZE) that
    /// there was when the folder was opened is no signal here.
    void write(const descriptor& file, const std::string& name, std::uint64_t offset,
               std::span<const char> bytes) const;

    /// Closes a file that was written as `name`, and removes it where that shows that it is not there whole. Throws
    /// `failure`.
    void close_written(descriptor& file, const std::string& name) const;

    /// Its names, on the disk, where `file` is in it. Throws `failure`.
    void sync(const descriptor& file) const;

private:
    /// An empty file that is of no use otherwise, and its name.
    descriptor make_probe(std::string& name) const;

    const std::string path_;
    const descriptor opened_;
    file_identity identity_{};
    bool is_size_limited_ = false;
    mutable std::atomic<std::chrono::steady_clock::time_point> seen_there_{}; ///< when it was, at last
    mutable std::once_flag renaming_tried_;
    mutable bool can_rename_ = true;
    mutable std::atomic<bool> can_link_ = true;
};

/// Those that a client's downloads are under way in: each is open once, however many they are. Thread-safe.
class open_folders
{
public:
    /// Throws `failure`.
    std::shared_ptr<const open_folder> open(const std::string& path);

private:
    /// Perhaps in another place by now.
    std::shared_ptr<const open_folder> find(const std::string& path) const;

    mutable std::mutex mutex_;
    std::map<std::string, std::weak_ptr<const open_folder>> folders_{};
    std::size_t sweep_at_ = 64;
};

/// Another one at each call, of this process, that is short: a file's own name may be as long as names can be.
std::string temporary_name();

/// The folder to open for a file: empty where the path has none. Text: a path's parts would be taken apart for nothing.
std::string folder_of(const std::filesystem::path& name);

} // namespace tandem::http

#endif
