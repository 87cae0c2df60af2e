#include "http/file/final_name.hpp"

#include "http/failure.hpp"
#include "http/file/descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace tandem::http {
namespace {

void replace(unnamed& file, const std::filesystem::path& wanted, const name_policy& policy)
{
    std::unique_lock<std::mutex> one_at_a_time;
    if (policy.not_written_since) {
        // Else two downloads of this program could both find the old file, and the second replace the first's.
        static std::mutex mutex;
        one_at_a_time = std::unique_lock(mutex);
    }
    check_replaceable(wanted, policy);
    file.replace(wanted);
}

std::filesystem::path find_free(unnamed& file, const std::filesystem::path& wanted)
{
    for (unsigned number = 2; number <= most_numbers; ++number) {
        std::filesystem::path next = numbered(wanted, number);
        if (file.try_name(next) == unnamed::naming::named) {
            return next;
        }
    }
    throw failure(errc::target_exists, wanted.string() + ", and " + std::to_string(most_numbers) + " names made of it");
}

} // namespace

std::filesystem::path give_name(unnamed& file, const std::filesystem::path& wanted, const name_policy& policy)
{
    // Mostly nothing is there, which is the one way to find out that costs no call of its own.
    const unnamed::naming seen = file.try_name(wanted);
    if (seen == unnamed::naming::named) {
        return wanted;
    }
    const bool replaces = policy.existing == existing_file::replace || policy.existing == existing_file::skip_if_same;
    if (replaces) {
        replace(file, wanted, policy);
        return wanted;
    }
    if (seen == unnamed::naming::unsupported) {
        throw failure(make_error_code(boost::system::errc::operation_not_supported),
                      "the file system cannot name " + wanted.string() + " without replacing what may be there");
    }
    if (policy.existing == existing_file::rename) {
        return find_free(file, wanted);
    }
    throw failure(errc::target_exists, wanted.string());
}

std::filesystem::path numbered(const std::filesystem::path& name, unsigned number)
{
    if (number == 1) {
        return name;
    }
    std::filesystem::path file = name.stem();
    file += '-' + std::to_string(number);
    file += name.extension();
    return name.parent_path() / file;
}

bool check_replaceable(const std::filesystem::path& name, const name_policy& policy)
{
    struct stat there
    {
    };
    if (!name.has_filename()) {
        throw failure(errc::target_is_not_a_file, name.string());
    }
    if (::lstat(name.c_str(), &there) != 0) {
        return false;
    }
    struct stat behind
    {
    };
    const bool link = S_ISLNK(there.st_mode);
    if ((!link && !S_ISREG(there.st_mode)) || (link && ::stat(name.c_str(), &behind) == 0 && S_ISDIR(behind.st_mode))) {
        throw failure(errc::target_is_not_a_file, name.string());
    }
    if (policy.not_written_since && policy.existing != existing_file::rename &&
        last_change(there) >= *policy.not_written_since) {
        throw failure(errc::target_written_meanwhile, name.string());
    }
    return true;
}

std::filesystem::file_time_type last_change(const struct stat& of)
{
    const auto since_epoch = std::chrono::seconds(of.st_ctim.tv_sec) + std::chrono::nanoseconds(of.st_ctim.tv_nsec);
    return std::filesystem::file_time_type::clock::from_sys(
        std::chrono::sys_time<std::chrono::nanoseconds>(since_epoch));
}

void sync_folder_of(const std::filesystem::path& name)
{
    const std::string folder = folder_of(name);
    const descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems cannot sync folders, and need not.
    if (!opened || (::fsync(opened.get()) != 0 && errno != EINVAL && errno != EROFS)) {
        throw_errno("cannot sync", folder);
    }
}

std::string folder_of(const std::filesystem::path& name)
{
    const std::size_t slash = name.native().rfind('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return name.native().substr(0, std::max<std::size_t>(slash, 1));
}

} // namespace tandem::http
