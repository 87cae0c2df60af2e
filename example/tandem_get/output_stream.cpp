#include "tandem_get/output_stream.hpp"

#include "tandem_get/writing.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

[[noreturn]] void throw_output_error(const std::string& name)
{
    throw std::system_error(errno, std::generic_category(), "cannot write to " + name);
}

/// Of "/dev/fd/3"; -1 where the name is none of these. Opening such a name would begin the file anew that it is of.
int descriptor_of(std::string_view name)
{
    if (name == "-" || name == "/dev/stdout") {
        return STDOUT_FILENO;
    }
    if (name == "/dev/stdin") {
        return STDIN_FILENO;
    }
    if (name == "/dev/stderr") {
        return STDERR_FILENO;
    }
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (name.starts_with(folder)) {
            name.remove_prefix(folder.size());
            int result = -1;
            const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), result);
            return error == std::errc() && end == name.data() + name.size() ? result : -1;
        }
    }
    return -1;
}

/// Closes what it has opened.
struct opened
{
    explicit opened(int number) : descriptor(number) {}
    opened(const opened&) = delete;
    opened& operator=(const opened&) = delete;
    ~opened() { ::close(descriptor); }

    const int descriptor;
};

} // namespace

std::optional<output_stream> output_stream::find(const std::filesystem::path& name)
{
    const int descriptor = descriptor_of(name.native());
    if (descriptor >= 0) {
        require_writable(descriptor, name == "-" ? "the standard output" : name.string());
        return output_stream(name.string(), descriptor);
    }
    struct stat there
    {
    };
    if (::stat(name.c_str(), &there) != 0 || S_ISREG(there.st_mode) || S_ISDIR(there.st_mode)) {
        return std::nullopt;
    }
    if (::access(name.c_str(), W_OK) != 0) {
        throw_output_error(name.string());
    }
    return output_stream(name.string(), -1);
}

bool output_stream::names_standard_output(const std::string& name)
{
    return descriptor_of(name) == STDOUT_FILENO;
}

bool output_stream::is_standard_output() const
{
    return descriptor_ == STDOUT_FILENO;
}

void output_stream::copy(int file) const
{
    std::optional<opened> own;
    if (descriptor_ < 0) {
        const int descriptor = ::open(name_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0) {
            throw_output_error(name_);
        }
        own.emplace(descriptor);
    }
    const int to = own ? own->descriptor : descriptor_;
    std::array<char, 65536> piece;
    for (;;) {
        const ssize_t size = ::read(file, piece.data(), piece.size());
        if (size == 0) {
            return;
        }
        if (size > 0) {
            errno = write_whole(to, std::string_view(piece.data(), static_cast<std::size_t>(size)));
            if (errno != 0) {
                throw_output_error(name_);
            }
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "cannot read what was downloaded");
        }
    }
}
