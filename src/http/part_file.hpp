#ifndef TANDEM_SRC_HTTP_PART_FILE_HPP
#define TANDEM_SRC_HTTP_PART_FILE_HPP

#include <filesystem>
#include <span>

namespace tandem::http {

/// `<target>.part`, which becomes `target` when committed and is removed when not. One writer at a time, also among
/// processes. Blocking. Throws `failure`.
class part_file
{
public:
    explicit part_file(const std::filesystem::path& target);
    part_file(const part_file&) = delete;
    part_file& operator=(const part_file&) = delete;
    ~part_file();

    void write(std::span<const char> bytes);

    /// Gives the file its final name in one step; with `sync`, once its bytes are on the disk.
    void commit(bool sync);

private:
    std::filesystem::path target_;
    std::filesystem::path path_;
    int descriptor_ = -1;
};

} // namespace tandem::http

#endif
