#include "http/file/descriptor.hpp"

#include "http/failure.hpp"

#include <boost/system/errc.hpp>

#include <cerrno>
#include <string>

#include <unistd.h>

namespace tandem::http {

void throw_errno(const char* what, const std::filesystem::path& path)
{
    throw failure(boost::system::error_code(errno, boost::system::system_category()),
                  std::string(what) + ' ' + path.string());
}

void close_written(descriptor& file, const std::filesystem::path& name)
{
    if (!file.close()) {
        const int error = errno;
        ::unlink(name.c_str());
        errno = error;
        throw_errno("cannot write", name);
    }
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
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(to.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw_errno("cannot write", path);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
}

} // namespace tandem::http
