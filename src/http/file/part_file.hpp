#ifndef TANDEM_SRC_HTTP_FILE_PART_FILE_HPP
#define TANDEM_SRC_HTTP_FILE_PART_FILE_HPP

#include "http/file/descriptor.hpp"
#include "http/file/final_name.hpp"
#include "http/file/resume_record.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <sys/types.h>

namespace tandem::http {

/// `<target>.part`, which becomes the target when it is complete, with a record beside it of what it is of: at any time
/// that there is a byte in it, so that nobody else's file is taken for one. One writer at a time, also among processes.
/// Removed at the end, unless it is to be kept. Blocking. Throws `failure`.
class part_file final : public unnamed
{
public:
    /// Of the file `target` in `folder`, which must outlive it: what is there, or a new one, with this mode. Refuses what
    /// no download of this user's has left.
    static part_file open(const open_folder& folder, const std::string& target, mode_t mode);

    /// Nothing where there is none, or what is there is not a download's of this user's.
    static std::optional<part_file> find(const open_folder& folder, const std::string& target);

    part_file(part_file&&) = default;
    part_file& operator=(part_file&&) = delete;
    ~part_file();

    const descriptor& file() const noexcept override { return file_; }
    const std::string& name() const noexcept { return name_; }
    std::filesystem::path path() const { return folder_->path_of(name_); }

    /// What it is of, if there is anything in it.
    const std::optional<resume_record>& record() const noexcept { return record_; }

    /// How many of its bytes, from the first, are what the record tells of.
    std::uint64_t good() const noexcept { return good_; }

    /// Empties it, for another content.
    void begin(resume_record what);

    /// Nothing in it is of use.
    void empty();

    void write(std::uint64_t offset, std::span<const char> bytes);

    std::uint64_t size() const;

    /// Others have cut off what was written here.
    bool is_shortened() const { return size() < written_; }

    /// So many are good now. Not written to the record, see `save_good`.
    void set_good(std::uint64_t bytes) noexcept { good_ = bytes; }

    /// What is over that is none of it. For when a writer of segments ends before it has them all.
    void save_good();

    /// What comes after so many bytes is none of it.
    void cut(std::uint64_t length);

    /// Whether it stays at the end.
    void keep(bool yes) noexcept { keep_ = yes; }

    naming try_name(const std::string& name) override;
    bool replace(const std::string& name) override;

    /// With its final name. Throws `failure`.
    void close(const std::string& name);

private:
    part_file(const open_folder& folder, const std::string& target, std::string name, descriptor file,
              const struct stat& status) noexcept;

    static std::optional<part_file> open_locked(const open_folder& folder, const std::string& target,
                                                std::optional<mode_t> mode_of_new);

    /// Another file of the same name and mode.
    void renew();

    /// What is in it, and why it must not be used: nothing where it may.
    std::optional<std::string> look();

    /// Whether `name_` still names the file that is open: who held it before may have renamed or removed it.
    bool is_still_there() const;
    void check_still_there() const;

    const open_folder* folder_;
    record_file record_file_;
    std::string name_;
    descriptor file_;
    file_identity identity_;
    bool is_new_ = false;    ///< made by this download
    bool is_locked_ = false; ///< else the file system has no locks, and what is there may be another download's too
    std::string foreign_{};  ///< why it is not this user's alone; empty where it is
    std::optional<resume_record> record_{};
    bool has_damaged_record_ = false;
    std::uint64_t good_ = 0;
    std::uint64_t written_ = 0; ///< the end of what this download wrote, or found
    bool keep_ = false;
};

} // namespace tandem::http

#endif
