#ifndef TANDEM_SRC_HTTP_FILE_FINAL_NAME_HPP
#define TANDEM_SRC_HTTP_FILE_FINAL_NAME_HPP

#include "http/file/open_folder.hpp"

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
    /// In the folder that the file is in. Throws `failure`.
    virtual naming try_name(const std::string& name) = 0;

    /// In one step in place of what has that name. False where the file system cannot do that. Throws `failure`.
    virtual bool replace(const std::string& name) = 0;

    virtual const descriptor& file() const noexcept = 0;

protected:
    ~unnamed() = default;
};

/// What is to happen with what is there.
struct name_policy
{
    existing_file existing = existing_file::replace;
    std::optional<std::filesystem::file_time_type> not_written_since{};
    std::optional<std::filesystem::file_time_type> now{}; ///< by the file system's clock; nothing: by the system's
};

/// What a file is called in the end.
struct given_name
{
    std::string text{};
    bool replaced = false; ///< it was another file's
};

/// Nothing where the file system cannot give it a name by that policy. Throws `failure`. A file that it replaces is
/// followed in its mode.
std::optional<given_name> give_name(unnamed& file, const open_folder& folder, const std::string& wanted,
                                     const name_policy& policy);

/// "name-2.txt" of "name.txt"; `name` itself for 1.
std::string numbered(const std::string& name, unsigned number);

/// How many names existing_file::rename tries.
inline constexpr unsigned most_numbers = 10'000;

/// What of that name a download may replace: a file, or a symbolic link, which is replaced itself. Nothing where there is
/// nothing. Throws `failure` where it may not: anything else, also a link to a folder; written too late.
std::optional<struct stat> find_replaceable(const open_folder& folder, const std::string& name,
                                            const name_policy& policy);

/// Who may do what with a file that takes the place of that one. Nothing where that is no regular file.
std::optional<mode_t> mode_after(const std::optional<struct stat>& replaced);

/// Whether a file that was last changed at `change` was so since then. Not where that is yet to come: the clock was set
/// back, and the file is older.
bool is_written_since(std::filesystem::file_time_type change, std::filesystem::file_time_type since,
                      std::filesystem::file_time_type now);

/// By the file system's clock, which no user can set.
std::filesystem::file_time_type last_change(const struct stat& of);

} // namespace tandem::http

#endif
