#ifndef TANDEM_SRC_HTTP_FILE_PART_FILE_HPP
#define TANDEM_SRC_HTTP_FILE_PART_FILE_HPP

#include "http/file/descriptor.hpp"
#include "http/file/final_name.hpp"
#include "http/file/resume_record.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

#include <sys/types.h>

namespace tandem::http {

/// `<target>.part`, which becomes the target when it is complete, with a record beside it of what it is of: at any time
/// that there is a byte in it, so that nobody else's file is taken for one. One writer at a time, also among processes.
/// Removed at the end, unless it is to be kept. Blocking. Throws `failure`.
class part_file final : public unnamed
{
public:
    /// What is there, or a new one. Refuses what no download has left.
    static part_file open(const std::filesystem::path& target);

    /// Nothing where there is none, or what is there is not a download's.
    static std::optional<part_file> find(const std::filesystem::path& target);

    part_file(part_file&&) = default;
    part_file& operator=(part_file&&) = delete;
    ~part_file();

    const descriptor& file() const noexcept { return file_; }
    const std::filesystem::path& path() const noexcept { return path_; }

    /// What it is of, if there is anything in it.
    const std::optional<resume_record>& record() const noexcept { return record_; }

    /// How many of its bytes, from the first, are what the record tells of.
    std::uint64_t good() const noexcept { return good_; }

    /// Empties it, for another content.
    void begin(resume_record what);

    /// So many are good now. Not written to the record, see `save_good`.
    void set_good(std::uint64_t bytes) noexcept { good_ = bytes; }

    /// What is over that is none of it. For when a writer of segments ends before it has them all.
    void save_good();

    void cut(std::uint64_t length);

    /// Whether it stays at the end.
    void keep(bool yes) noexcept { keep_ = yes; }

    naming try_name(const std::filesystem::path& name) override;
    void replace(const std::filesystem::path& name) override;

    /// With its final name. Throws `failure`.
    void close(const std::filesystem::path& name);

private:
    part_file(std::filesystem::path target, std::filesystem::path path, descriptor file,
              const struct stat& status) noexcept;

    static std::optional<part_file> open_locked(const std::filesystem::path& target, int flags);

    /// What is in it; false where that is not a download's.
    bool look();

    /// Whether `path_` still names the file that is open: who held it before may have renamed or removed it.
    bool is_still_there() const;
    void check_still_there() const;

    std::filesystem::path target_;
    std::filesystem::path path_;
    descriptor file_;
    dev_t device_;
    ino_t inode_;
    std::optional<resume_record> record_{};
    bool has_damaged_record_ = false;
    std::uint64_t good_ = 0;
    bool keep_ = false;
};

} // namespace tandem::http

#endif
