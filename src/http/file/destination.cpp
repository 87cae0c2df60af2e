#include "http/file/destination.hpp"

#include "http/failure.hpp"
#include "http/syntax/entity_tag.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace tandem::http {
namespace {

/// How often the record says how far the file is complete.
constexpr std::uint64_t note_every = 16 * 1024 * 1024;

/// Whether the system has the call at all is known before there is anything to sync.
void check_can_sync()
{
    if (::fsync(-1) != 0 && errno != EBADF) {
        throw failure::local(boost::system::error_code(errno, boost::system::system_category()),
                             "files cannot be put on the disk here (fsync); do without sync");
    }
}

/// Throws `failure`. What has no disk need not be put on it.
void sync(const open_folder& folder, const descriptor& file, const std::string& name)
{
    if (::fsync(file.get()) != 0 && errno != EINVAL) {
        folder.throw_errno("cannot put on the disk (do without sync, if that is how it is here)", name);
    }
}

std::size_t read_at(const open_folder& folder, const descriptor& file, const std::string& name, std::uint64_t offset,
                    std::span<char> piece)
{
    for (;;) {
        const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(offset));
        if (got > 0) {
            return static_cast<std::size_t>(got);
        }
        if (got == 0 || errno != EINTR) {
            errno = got == 0 ? EIO : errno;
            folder.throw_errno("cannot read", name);
        }
    }
}

} // namespace

destination::destination(std::shared_ptr<const open_folder> folder, std::string name,
                         std::shared_ptr<const download_options> options)
    : folder_(std::move(folder)), name_(std::move(name)), options_(std::move(options))
{
    if (options_->sync) {
        check_can_sync();
    }
    folder_->check_length(name_, {});
    look_for_part();
    if (options_->expected) {
        sum_.emplace(*options_->expected);
    }
    if (part_ && part_->record()) {
        part_->keep(true);
        size_ = found_ = options_->resume ? part_->good() : 0;
    }
}

destination::~destination()
{
    if (!options_->sync) {
        leave();
    }
}

void destination::leave() noexcept
{
    if (!begun_ || !part_ || !worth_keeping()) {
        return;
    }
    begun_ = false;
    try {
        if (part_->size() < size_) {
            part_->keep(false); // to cut it would fill what others cut off
            return;
        }
        note_progress();
        part_->cut(size_);
    } catch (const std::exception&) {
        // The record tells of what was there before then.
    }
}

/// Under existing_file::rename, one that another download has for itself is passed over.
void destination::look_for_part()
{
    for (;; ++number_) {
        try {
            if (std::optional<part_file> found = part_file::find(*folder_, numbered(name_, number_))) {
                part_.emplace(std::move(*found));
            }
            return;
        } catch (const failure& cause) {
            if (cause.code() != errc::target_in_use || options_->existing != existing_file::rename ||
                number_ == most_numbers) {
                throw;
            }
        }
    }
}

void destination::open_part(mode_t mode)
{
    for (;; ++number_) {
        try {
            part_.emplace(part_file::open(*folder_, numbered(name_, number_), mode));
            return;
        } catch (const failure& cause) {
            if ((cause.code() != errc::target_in_use && cause.code() != errc::target_exists) ||
                options_->existing != existing_file::rename || number_ == most_numbers) {
                throw;
            }
        }
    }
}

const resume_record* destination::resumable(const std::string& url) const
{
    if (!part_ || !part_->record() || size_ == 0) {
        return nullptr;
    }
    const resume_record& record = *part_->record();
    const bool trusted = record.boot.empty() || record.boot == current_boot();
    const bool strong = is_strong_tag(record.validator) || (options_->resume_by_date && !record.validator.empty());
    return trusted && strong && record.url == url ? &record : nullptr;
}

bool destination::worth_keeping() const
{
    return !spoiled_ && options_->resume && part_->record() && !part_->record()->validator.empty() && size_ > 0;
}

bool destination::sum_up_some()
{
    if (!sum_ || summed_ == size_) {
        return false;
    }
    std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(size_ - summed_, 1024 * 1024)));
    if (part_ && part_->is_shortened()) {
        throw_part_changed();
    }
    const std::size_t got = read_at(*folder_, file(), file_name(), summed_, piece);
    sum_->update({piece.data(), got});
    summed_ += got;
    return true;
}

void destination::begin(file_facts what)
{
    facts_ = std::move(what);
    size_ = found_ = summed_ = noted_ = 0;
    begun_ = true;
    spoiled_ = false;
    if (sum_) {
        sum_.emplace(*options_->expected);
    }
    small_.reset();
    if (!part_ && facts_.total.value_or(0) <= small) {
        small_ = unnamed_file::make(*folder_);
    }
    if (!small_) {
        move_to_part();
    }
}

void destination::move_to_part()
{
    if (!part_) {
        std::optional<struct stat> there;
        if (options_->existing != existing_file::rename) {
            there = find_replaceable(*folder_, name_, policy());
        }
        if (there && options_->existing == existing_file::fail) {
            throw failure(errc::target_exists, target().string());
        }
        check_renaming();
        // Not to be read meanwhile by who may not read the file in the end. This user may in any case, to go on.
        open_part(mode_after(there).value_or(0666) | 0600);
    }
    const bool resumable = !facts_.validator.empty() && facts_.total && *facts_.total > small;
    resume_record record{.url = facts_.url,
                         .validator = resumable ? facts_.validator : std::string(),
                         .total = facts_.total.value_or(0),
                         .good = options_->sync ? 0 : facts_.total.value_or(0),
                         .boot = options_->sync ? std::string() : current_boot(),
                         .encoding = facts_.encoding};
    if (!can_be_written(record)) {
        // Not to be gone on with. It still shows whose the .part is.
        record.url.resize(std::min<std::size_t>(record.url.size(), 1024));
        record.validator.clear();
        record.encoding.clear();
    }
    part_->begin(std::move(record));
    part_->keep(false);
}

void destination::move_small_to_part()
{
    std::vector<char> so_far(static_cast<std::size_t>(size_));
    for (std::size_t got = 0; got != so_far.size();) {
        got += read_at(*folder_, small_->file(), name_, got, std::span(so_far).subspan(got));
    }
    move_to_part();
    small_.reset();
    part_->write(0, so_far);
}

/// Else it would be known when all of it is there only.
void destination::check_renaming() const
{
    const bool may_replace =
        options_->existing == existing_file::replace || options_->existing == existing_file::skip_if_same;
    if (!may_replace && !folder_->can_rename()) {
        throw failure(errc::naming_unsupported, target().string());
    }
}

void destination::go_on(file_facts what)
{
    check_renaming();
    facts_ = std::move(what);
    begun_ = true;
}

void destination::write(std::span<const char> bytes)
{
    if (small_ && size_ + bytes.size() > small) {
        move_small_to_part(); // longer than it seemed
    }
    if (part_) {
        write_to_part(size_, bytes);
    } else {
        folder_->write(file(), file_name(), size_, bytes);
    }
    if (sum_ && summed_ == size_) {
        sum_->update(bytes);
        summed_ += bytes.size();
    }
    set_size(size_ + bytes.size());
}

void destination::shorten(std::uint64_t bytes)
{
    size_ = bytes;
    if (sum_ && summed_ > size_) {
        sum_.emplace(*options_->expected);
        summed_ = 0;
    }
}

void destination::begin_segments()
{
    part_->set_good(size_);
    part_->save_good();
    noted_ = size_;
}

void destination::write_segment(std::uint64_t offset, std::span<const char> bytes)
{
    write_to_part(offset, bytes);
}

void destination::set_size(std::uint64_t bytes)
{
    size_ = bytes;
    if (part_) {
        part_->keep(worth_keeping());
    }
}

bool destination::is_note_due() const
{
    return part_ && size_ - noted_ >= note_every && part_->record()->good != part_->record()->total;
}

void destination::sync_bytes() const
{
    if (part_->record()->boot.empty()) {
        sync(*folder_, part_->file(), part_->name());
    }
}

void destination::end_note(std::uint64_t bytes)
{
    part_->set_good(bytes);
    part_->save_good();
}

void destination::note_progress()
{
    if (part_->record()->good == part_->record()->total) {
        return;
    }
    const std::uint64_t bytes = begin_note();
    sync_bytes();
    end_note(bytes);
}

void destination::check_sum()
{
    if (!sum_) {
        return;
    }
    while (sum_up_some()) {
    }
    if (!sum_->matches()) {
        const std::string seen = sum_->digest();
        discard();
        throw failure(errc::checksum_mismatch, options_->expected->algorithm + " is " + seen);
    }
}

void destination::set_time() const
{
    if (!options_->keep_time || !facts_.last_modified) {
        return;
    }
    timespec times[2] = {};
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_sec = static_cast<time_t>(facts_.last_modified->time_since_epoch().count());
    // Where the file system has no times to set, the file is right all the same.
    [[maybe_unused]] const int ignored = ::futimens(file().get(), times);
}

std::optional<given_name> destination::try_to_name()
{
    set_time();
    if (options_->sync) {
        sync(*folder_, file(), file_name());
    }
    folder_->check_still_there();
    return part_ ? give_name(*part_, *folder_, name_, policy()) : give_name(*small_, *folder_, name_, policy());
}

/// Its bytes would be summed up as they came, and named as they are.
void destination::check_size()
{
    if (part_ && part_->size() != size_) {
        throw_part_changed();
    }
}

void destination::throw_part_changed()
{
    spoiled_ = true;
    part_->keep(false);
    throw failure(errc::part_changed, part_->path().string());
}

/// What others cut off before would be a hole by now, with all else as it should be.
void destination::write_to_part(std::uint64_t offset, std::span<const char> bytes)
{
    if (part_->is_shortened()) {
        throw_part_changed();
    }
    part_->write(offset, bytes);
}

void destination::finish()
{
    check_size();
    check_sum();
    std::optional<given_name> named = try_to_name();
    if (!named && small_) {
        move_small_to_part();
        named = try_to_name();
    }
    if (!named) {
        throw failure(errc::naming_unsupported, target().string());
    }
    if (options_->sync) {
        folder_->sync(file());
    }
    if (part_) {
        part_->close(named->text);
        part_.reset();
    } else {
        small_->close(named->text);
    }
    final_name_ = std::move(*named);
}

void destination::discard()
{
    small_.reset();
    size_ = found_ = summed_ = noted_ = 0;
    if (part_) {
        part_->keep(false);
        part_->empty();
    }
    if (sum_) {
        sum_.emplace(*options_->expected);
    }
}

} // namespace tandem::http
