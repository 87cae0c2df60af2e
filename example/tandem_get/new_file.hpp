#ifndef EXAMPLE_TANDEM_GET_NEW_FILE_HPP
#define EXAMPLE_TANDEM_GET_NEW_FILE_HPP

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

/// What happens where a file is there already that is to be made. Plain data: it goes to the processes.
struct file_rule
{
    bool keep = false;    ///< it stays, and counts as made
    bool replace = false; ///< else it is an error; and where it was written since then:
    std::int64_t not_written_since = std::numeric_limits<std::int64_t>::max(); ///< nanoseconds of the file system's clock
};

/// The next step of the clock of the file system that `folder` is on: all that is written from now on is not older.
std::int64_t next_file_time(const std::filesystem::path& folder);

/// A file that gets its name once it is complete. Until then it has none, where the file system can do that, so that
/// nothing is left of it however the process ends.
class new_file
{
public:
    /// Throws std::system_error and std::runtime_error, also where the rule does not let it get that name.
    new_file(std::filesystem::path path, const file_rule& rule);
    new_file(const new_file&) = delete;
    new_file& operator=(const new_file&) = delete;
    ~new_file();

    /// Another descriptor of it, open for writing; the caller's to close.
    int duplicate() const;

    /// Gives it its name. All that was written by others' descriptors has left their buffers. Throws as the constructor
    /// does.
    void finish();

private:
    bool must_replace() const;
    void take_temporary_name();
    void give_temporary_name();
    void replace();
    void name_unless_taken();

    const std::filesystem::path path_;
    const std::string folder_;
    const file_rule rule_;
    std::string temporary_; ///< its name meanwhile; empty: it has none
    int descriptor_ = -1;
};

#endif
