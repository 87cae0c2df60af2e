#ifndef TANDEM_SRC_HTTP_FILE_DESTINATION_HPP
#define TANDEM_SRC_HTTP_FILE_DESTINATION_HPP

#include "http/file/part_file.hpp"
#include "http/file/running_checksum.hpp"
#include "http/file/unnamed_file.hpp"

#include <tandem/http/options.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tandem::http {

/// What is known of a file before its bytes come.
struct file_facts
{
    std::string url{};                    ///< as it was asked for
    std::string validator{};              ///< a strong entity tag, or a date, see `validator_of`; else empty
    std::optional<std::uint64_t> total{}; ///< bytes
    std::optional<std::chrono::sys_seconds> last_modified{};
    std::string encoding{}; ///< what the server says of the bytes as they are stored; empty where they are not encoded
};

/// Where one download's bytes go, over all its tries, up to the final name. Small bodies go into a file without a name,
/// all others into a .part. What its end finds incomplete is kept where it can be gone on with, else removed. Blocking.
/// All members throw `failure`. The end does not wait for the disk: of what is to be synced, it keeps what the record
/// tells of.
class destination
{
public:
    /// Larger bodies are worth a .part.
    static constexpr std::uint64_t small = 1024 * 1024;

    /// A file of that name in that folder.
    destination(std::shared_ptr<const open_folder> folder, std::string name,
                std::shared_ptr<const download_options> options);
    destination(const destination&) = delete;
    destination& operator=(const destination&) = delete;
    ~destination();

    std::filesystem::path target() const { return folder_->path_of(name_); }

    /// What can be gone on with, if the file at `url` has still this tag and total, from the byte `size()` on.
    const resume_record* resumable(const std::string& url) const;

    /// Of the file that are there.
    std::uint64_t size() const noexcept { return size_; }

    /// Bytes that an earlier download had left, and that are of use.
    std::uint64_t found() const noexcept { return found_; }

    /// Of the file, bytes of an earlier download whose checksum has yet to be taken: not more than a few at each call.
    /// False when there are none left.
    bool sum_up_some();

    /// The body comes from its first byte on; what there was is of no use.
    void begin(file_facts what);

    /// The rest comes.
    void go_on(file_facts what);

    void write(std::span<const char> bytes);

    /// The last of what there was is to come again.
    void shorten(std::uint64_t bytes);

    /// Before the first `write_segment`.
    void begin_segments();

    /// Any of the bytes, in any order: `size()` stays.
    void write_segment(std::uint64_t offset, std::span<const char> bytes);

    /// So many of the first bytes are there.
    void set_size(std::uint64_t bytes);

    /// The record is to be told how far that is: from time to time, where the .part's own length does not say it.
    bool is_note_due() const;

    /// Tells it: `sync_bytes`, then `end_note` with what this returns. Only `sync_bytes` waits for the disk; it may run on
    /// any thread beside `write`.
    std::uint64_t begin_note() noexcept { return noted_ = size_; }
    void sync_bytes() const;
    void end_note(std::uint64_t bytes);
    void note_progress();

    /// Keeps what there is where it can be gone on with, and waits for the disk, where that is to be synced.
    void leave() noexcept;

    /// The file is complete: checks its sum and gives it its name.
    void finish();

    /// That name.
    std::filesystem::path final_path() const { return folder_->path_of(final_name_.text); }

    /// Another file had that name.
    bool has_replaced() const { return final_name_.replaced; }

    /// What there is is wrong.
    void discard();

private:
    void look_for_part();
    void open_part(mode_t mode);
    const descriptor& file() const noexcept { return part_ ? part_->file() : small_->file(); }
    /// That the file has now, or is to have.
    const std::string& file_name() const noexcept { return part_ ? part_->name() : name_; }
    void move_to_part();
    void move_small_to_part();
    void check_renaming() const;
    std::optional<given_name> try_to_name();
    void check_sum();
    void write_to_part(std::uint64_t offset, std::span<const char> bytes);
    [[noreturn]] void throw_part_changed();
    void check_size();
    void set_time() const;
    bool worth_keeping() const;
    name_policy policy() const { return {options_->existing, options_->not_written_since}; }

    const std::shared_ptr<const open_folder> folder_;
    const std::string name_;
    const std::shared_ptr<const download_options> options_;
    given_name final_name_{};
    unsigned number_ = 1; ///< of the name whose .part is used
    std::optional<part_file> part_{};
    std::optional<unnamed_file> small_{};
    std::optional<running_checksum> sum_{};
    file_facts facts_{};
    std::uint64_t size_ = 0;
    std::uint64_t found_ = 0;
    std::uint64_t summed_ = 0;
    std::uint64_t noted_ = 0; ///< in the record
    bool begun_ = false;      ///< something was written, or may have been
    bool spoiled_ = false; ///< others have cut something off the .part: nothing in it is of use
};

} // namespace tandem::http

#endif
