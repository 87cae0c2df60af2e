#include "http/file/descriptor.hpp"

#include "http/failure.hpp"

#include <boost/system/errc.hpp>

#include <cerrno>
#include <string>

#include <unistd.h>

namespace tandem::http {
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

} // namespace tandem::http
