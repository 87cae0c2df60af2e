#ifndef EXAMPLE_TANDEM_GET_NEW_FILE_HPP
#define EXAMPLE_TANDEM_GET_NEW_FILE_HPP

#include <filesystem>
#include <string>

/// A file that gets its name once it is complete, and is gone where it is not: `write` it by its descriptor, then
/// finish().
class new_file
{
public:
    /// With `replace`, it takes the place of a file of that name; without, such a file is an error, EEXIST. Throws
    /// std::system_error.
    new_file(std::filesystem::path path, bool replace);
    new_file(const new_file&) = delete;
    new_file& operator=(const new_file&) = delete;
    ~new_file();

    /// Open for writing; the caller's to close, once.
    int take_descriptor();

    /// Gives it its name. Throws std::system_error.
    void finish();

private:
    const std::filesystem::path path_;
    const std::string temporary_;
    const bool replace_;
    int descriptor_ = -1;
    bool finished_ = false;
};

#endif
