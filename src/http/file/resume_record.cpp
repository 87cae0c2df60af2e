#include "http/file/resume_record.hpp"

#include "http/failure.hpp"
#include "http/file/descriptor.hpp"
#include "http/syntax/decimal.hpp"

#include <boost/system/errc.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <random>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace tandem::http {
namespace {

constexpr std::size_t max_record_size = 64 * 1024;
constexpr std::string_view first_line = "tandem resume record 1";
constexpr std::string_view last_line = "end";
constexpr const char* boot_id = "/proc/sys/kernel/random/boot_id";

std::optional<std::string> read_small_file(const descriptor& file)
{
    boost::system::error_code error;
    std::string text = read_all(file, max_record_size, error);
    return error ? std::nullopt : std::optional(std::move(text));
}

/// Nobody else may have written it, or read it under another name.
bool is_own(const open_folder& folder, const struct stat& status)
{
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && folder.owns(status);
}

bool has_control(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string fixed_width(std::uint64_t number)
{
    const std::string digits = std::to_string(number);
    return std::string(20 - digits.size(), '0') + digits;
}

std::string as_text(const resume_record& record)
{
    std::string text(first_line);
    text += "\ntotal " + fixed_width(record.total);
    text += "\ngood " + fixed_width(record.good);
    text += "\ninode " + fixed_width(record.inode);
    text += "\nboot " + record.boot;
    text += "\nurl " + record.url;
    text += "\ntag " + record.validator;
    if (!record.encoding.empty()) {
        text += "\nencoding " + record.encoding; // versions that do not know this line begin anew
    }
    text += '\n';
    text += last_line;
    text += '\n';
    return text;
}

std::optional<resume_record> parse(std::string_view text)
{
    bool odd = false;
    const auto next = [&](std::string_view name) {
        const std::size_t end = text.find('\n');
        odd = odd || end == text.npos || !text.starts_with(name);
        if (odd) {
            return std::string_view();
        }
        const std::string_view value = text.substr(name.size(), end - name.size());
        odd = has_control(value);
        text.remove_prefix(end + 1);
        return value;
    };
    odd = !next(first_line).empty() || odd;
    resume_record record;
    const auto total = parse_decimal(next("total "));
    const auto good = parse_decimal(next("good "));
    const auto inode = parse_decimal(next("inode "));
    record.boot = next("boot ");
    record.url = next("url ");
    record.validator = next("tag ");
    if (text.starts_with("encoding ")) {
        record.encoding = next("encoding ");
        odd = odd || record.encoding.empty();
    }
    odd = !next(last_line).empty() || odd;
    if (odd || !text.empty() || !total || !good || !inode || *good > *total || record.url.empty()) {
        return std::nullopt;
    }
    record.total = *total;
    record.good = *good;
    record.inode = *inode;
    return record;
}

} // namespace

bool can_be_written(const resume_record& record)
{
    const std::string text = as_text(record);
    return text.size() <= max_record_size && parse(text) == record;
}

bool record_file::is_there() const
{
    struct stat there
    {
    };
    return folder_->look_at(name_, there) && is_own(*folder_, there);
}

bool record_file::is_foreign()
{
    struct stat there
    {
    };
    return folder_->look_at(name_, there) && (!S_ISREG(there.st_mode) || (there.st_size > 0 && !read()));
}

bool record_file::is_still_there() const noexcept
{
    return identity_ && folder_->leads_to(name_, *identity_);
}

std::optional<resume_record> record_file::read()
{
    const descriptor file = folder_->open_file(name_, O_RDONLY);
    struct stat status
    {
    };
    if (!file || ::fstat(file.get(), &status) != 0 || !is_own(*folder_, status)) {
        return std::nullopt;
    }
    const auto text = read_small_file(file);
    std::optional<resume_record> result = text ? parse(*text) : std::nullopt;
    if (result && !identity_) {
        identity_ = status;
    }
    return result;
}

void record_file::write(const resume_record& record)
{
    const std::string text = as_text(record);
    if (!can_be_written(record)) {
        throw failure::local(boost::system::errc::make_error_code(boost::system::errc::invalid_argument),
                             "what is to be remembered for resuming cannot be written down");
    }
    // In place. Of the same file it differs in numbers of fixed width at its beginning, on which no write is
    // interrupted.
    descriptor file = folder_->open_file(name_, O_WRONLY);
    const bool is_new = !file && errno == ENOENT;
    if (is_new) {
        file = folder_->open_file(name_, O_WRONLY | O_CREAT | O_EXCL, 0600);
    }
    struct stat status
    {
    };
    if (!file || ::fstat(file.get(), &status) != 0) {
        folder_->throw_errno("cannot write", name_);
    }
    if (!is_new && identity_ && *identity_ != status) {
        return;
    }
    if (!is_own(*folder_, status)) {
        throw failure(errc::target_exists, path().string() + " is in the way and not this user's alone, move it elsewhere");
    }
    identity_ = status;
    folder_->write(file, name_, 0, {text.data(), text.size()});
    if (::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0) {
        folder_->throw_errno("cannot write", name_);
    }
}

void record_file::remove() noexcept
{
    if (is_still_there()) {
        folder_->remove(name_);
    }
    identity_.reset();
}

void record_file::remove_of(ino_t part) noexcept
{
    try {
        const auto record = read();
        if (record && record->inode == part) {
            remove();
        }
    } catch (const std::bad_alloc&) {
        // It stays, and tells nothing wrong: the next download compares it with the .part and asks the server.
    }
}

const std::string& current_boot()
{
    static const std::string result = [] {
        const descriptor file(::open(boot_id, O_RDONLY | O_CLOEXEC));
        std::string text = file ? read_small_file(file).value_or(std::string()) : std::string();
        text.resize(std::min(text.find('\n'), text.size()));
        if (text.empty() || has_control(text)) { // there is no /proc
            std::random_device random;
            text = "program " + std::to_string(random()) + '-' + std::to_string(random());
        }
        return text;
    }();
    return result;
}

} // namespace tandem::http
