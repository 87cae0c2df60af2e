#include "http/file/descriptor.hpp"

#include "http/failure.hpp"

#include <blocked_signal.hpp>

#include <boost/system/errc.hpp>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace tandem::http {
namespace {

/// Mostly it is not, and then there is no signal to be blocked.
bool is_file_size_limited()
{
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

[[noreturn]] void throw_too_large(const std::optional<blocked_signal>& blocked, const std::filesystem::path& path)
{
    if (blocked) {
        blocked->take();
    }
    errno = EFBIG;
    throw_errno(blocked ? "this process may not make files so large (RLIMIT_FSIZE, ulimit -f); raise that limit to write"
                        : "the file system takes no file so large; choose another folder than that of",
                path);
}

} // namespace

void throw_errno(const char* what, const std::filesystem::path& path)
{
    throw failure::local(boost::system::error_code(errno, boost::system::system_category()),
                         std::string(what) + ' ' + path.string());
}

std::string read_all(const descriptor& from, std::size_t max, boost::system::error_code& error)
{
    std::string text(max + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(from.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            error.assign(errno, boost::system::system_category());
            return {};
        }
        if (got == 0) {
            text.resize(size);
            return text;
        }
        size += static_cast<std::size_t>(got);
    }
    error = boost::system::errc::make_error_code(boost::system::errc::file_too_large);
    return {};
}

void write_at(const descriptor& to, std::uint64_t offset, std::span<const char> bytes,
              const std::filesystem::path& path)
{
    std::optional<blocked_signal> blocked;
    if (is_file_size_limited()) {
        blocked.emplace(SIGXFSZ);
    }
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(to.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0 && errno == EFBIG) {
            throw_too_large(blocked, path);
        }
        if (written < 0) {
            throw_errno("cannot write", path);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
}

} // namespace tandem::http
