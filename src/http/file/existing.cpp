#include "http/file/existing.hpp"

#include "http/file/final_name.hpp"
#include "http/file/running_checksum.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <span>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace asio = boost::asio;

namespace tandem::http {

namespace {

existing_copy as_copy(const struct stat& there)
{
    return {static_cast<std::uint64_t>(there.st_size),
            std::chrono::sys_seconds(std::chrono::seconds(there.st_mtim.tv_sec))};
}

} // namespace

std::optional<existing_copy> look_at_existing(const open_folder& folder, const std::string& name,
                                              const download_options& options)
{
    struct stat there
    {
    };
    switch (options.existing) {
    case existing_file::fail:
        if (folder.look_at(name, there)) {
            throw failure(S_ISREG(there.st_mode) || S_ISLNK(there.st_mode) ? errc::target_exists
                                                                           : errc::target_is_not_a_file,
                          folder.path_of(name).string());
        }
        break;
    case existing_file::skip_if_same:
        if (const auto found = find_replaceable(folder, name, {options.existing, options.not_written_since});
            found && !options.expected && S_ISREG(found->st_mode)) {
            return as_copy(*found);
        }
        break;
    case existing_file::rename:
    case existing_file::replace:
        break;
    }
    return std::nullopt;
}

asio::awaitable<std::optional<existing_copy>> find_with_sum(transfer& by, std::shared_ptr<const open_folder> folder,
                                                            std::string name, const checksum& expected)
{
    const descriptor file = folder->open_file(name, O_RDONLY);
    struct stat there
    {
    };
    if (!file || ::fstat(file.get(), &there) != 0 || !S_ISREG(there.st_mode)) {
        co_return std::nullopt;
    }
    running_checksum sum(expected);
    std::vector<char> piece(1024 * 1024);
    for (;;) {
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno != EINTR) {
            folder->throw_errno("cannot read", name);
        }
        if (got == 0) {
            co_return sum.matches() ? std::optional(as_copy(there)) : std::nullopt;
        }
        if (got > 0) {
            sum.update(std::span<const char>(piece).first(static_cast<std::size_t>(got)));
        }
        // A large file must not keep all else on this thread waiting.
        co_await asio::post(by.get_executor(), asio::use_awaitable);
        by.check();
    }
}

} // namespace tandem::http
