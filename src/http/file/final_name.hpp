#ifndef TANDEM_SRC_HTTP_FILE_FINAL_NAME_HPP
#define TANDEM_SRC_HTTP_FILE_FINAL_NAME_HPP

#include <tandem/http/options.hpp>

#include <filesystem>
#include <optional>
#include <string>

#include <sys/stat.h>

namespace tandem::http {

/// A complete file that has yet to get its final name.
class unnamed
{
public:
    enum class naming
    {
        named,
        taken,      ///< something has that name
        unsupported ///< the file system cannot do it without replacing what may be there
    };

    /// Throws `failure`.
    virtual naming try_name(const std::filesystem::path& name) = 0;

    /// In one step in place of what has that name. Throws `failure`.
    virtual void replace(const std::filesystem::path& name) = 0;

protected:
    ~unnamed() = default;
};

/// What is to happen with what is there.
struct name_policy
{
    existing_file existing = existing_file::replace;
    std::optional<std::filesystem::file_time_type> not_written_since{};
};

/// Returns the name that it got. Throws `failure`.
std::filesystem::path give_name(unnamed& file, const std::filesystem::path& wanted, const name_policy& policy);

/// "name-2.txt" of "name.txt"; `name` itself for 1.
std::filesystem::path numbered(const std::filesystem::path& name, unsigned number);

/// How many names existing_file::rename tries.
inline constexpr unsigned most_numbers = 10'000;

/// Whether there is something of that name that a download may replace: a file, or a symbolic link, which is replaced
/// itself. Throws `failure` where it may not: anything else, also a link to a folder; written too late.
bool check_replaceable(const std::filesystem::path& name, const name_policy& policy);

/// By the file system's clock, which no user can set.
std::filesystem::file_time_type last_change(const struct stat& of);

/// The names of a folder's files, on the disk. Throws `failure`.
void sync_folder_of(const std::filesystem::path& name);

/// The folder to open for a file: "." where the path has none. Text: a path's parts would be taken apart for nothing.
std::string folder_of(const std::filesystem::path& name);

} // namespace tandem::http

#endif
