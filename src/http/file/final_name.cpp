#include "http/file/final_name.hpp"

#include "http/failure.hpp"

#include <chrono>
#include <mutex>
#include <string>

#include <sys/stat.h>

namespace tandem::http {
namespace {

/// By its file system's clock, which may not be the system's.
std::optional<std::filesystem::file_time_type> file_system_time(const descriptor& file)
{
    struct stat status
    {
    };
    if (::fstat(file.get(), &status) != 0 || ::fchmod(file.get(), status.st_mode & 07777) != 0 ||
        ::fstat(file.get(), &status) != 0) {
        return std::nullopt;
    }
    return last_change(status);
}

std::optional<given_name> replace(unnamed& file, const open_folder& folder, const std::string& wanted, name_policy policy)
{
    std::unique_lock<std::mutex> one_at_a_time;
    if (policy.not_written_since) {
        // Else two downloads of this program could both find the old file, and the second replace the first's.
        static std::mutex mutex;
        one_at_a_time = std::unique_lock(mutex);
        policy.now = file_system_time(file.file());
    }
    const auto there = find_replaceable(folder, wanted, policy);
    if (const auto mode = mode_after(there)) {
        // Where the file system has no modes to set, the file is right all the same.
        [[maybe_unused]] const int ignored = ::fchmod(file.file().get(), *mode);
    }
    return file.replace(wanted) ? std::optional(given_name{wanted, there.has_value()}) : std::nullopt;
}

std::string find_free(unnamed& file, const open_folder& folder, const std::string& wanted)
{
    for (unsigned number = 2; number <= most_numbers; ++number) {
        std::string next = numbered(wanted, number);
        if (file.try_name(next) == naming::named) {
            return next;
        }
    }
    throw failure(errc::target_exists,
                  folder.path_of(wanted).string() + ", and " + std::to_string(most_numbers) + " names made of it");
}

} // namespace

std::optional<given_name> give_name(unnamed& file, const open_folder& folder, const std::string& wanted,
                                     const name_policy& policy)
{
    // Mostly nothing is there, which is the one way to find out that costs no call of its own.
    const naming seen = file.try_name(wanted);
    if (seen == naming::named) {
        return given_name{wanted};
    }
    const bool replaces = policy.existing == existing_file::replace || policy.existing == existing_file::skip_if_same;
    if (replaces) {
        return replace(file, folder, wanted, policy);
    }
    if (seen == naming::unsupported) {
        return std::nullopt;
    }
    if (policy.existing == existing_file::rename) {
        return given_name{find_free(file, folder, wanted)};
    }
    throw failure(errc::target_exists, folder.path_of(wanted).string());
}

std::string numbered(const std::string& name, unsigned number)
{
    if (number == 1) {
        return name;
    }
    const std::filesystem::path whole = name;
    std::filesystem::path result = whole.stem();
    result += '-' + std::to_string(number);
    result += whole.extension();
    return result.string();
}

std::optional<struct stat> find_replaceable(const open_folder& folder, const std::string& name,
                                            const name_policy& policy)
{
    struct stat there
    {
    };
    if (name.empty()) {
        throw failure(errc::target_is_not_a_file, folder.path_of(name).string());
    }
    if (!folder.look_at(name, there)) {
        return std::nullopt;
    }
    struct stat behind
    {
    };
    const bool link = S_ISLNK(there.st_mode);
    if ((!link && !S_ISREG(there.st_mode)) ||
        (link && ::fstatat(folder.get(), name.c_str(), &behind, 0) == 0 && S_ISDIR(behind.st_mode))) {
        throw failure(errc::target_is_not_a_file, folder.path_of(name).string());
    }
    if (policy.not_written_since && policy.existing != existing_file::rename &&
        is_written_since(last_change(there), *policy.not_written_since,
                         policy.now.value_or(std::filesystem::file_time_type::clock::now()))) {
        throw failure(errc::target_written_meanwhile, folder.path_of(name).string());
    }
    return there;
}

std::optional<mode_t> mode_after(const std::optional<struct stat>& replaced)
{
    // Not who it runs as: the bytes are a server's.
    return replaced && S_ISREG(replaced->st_mode) ? std::optional<mode_t>(replaced->st_mode & 0777) : std::nullopt;
}

bool is_written_since(std::filesystem::file_time_type change, std::filesystem::file_time_type since,
                      std::filesystem::file_time_type now)
{
    return change >= since && change <= now;
}

std::filesystem::file_time_type last_change(const struct stat& of)
{
    const auto since_epoch = std::chrono::seconds(of.st_ctim.tv_sec) + std::chrono::nanoseconds(of.st_ctim.tv_nsec);
    return std::filesystem::file_time_type::clock::from_sys(
        std::chrono::sys_time<std::chrono::nanoseconds>(since_epoch));
}

} // namespace tandem::http
