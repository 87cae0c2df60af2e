#include <worker/memory_use.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <system_error>

namespace tandem::worker {
namespace {

struct memory_use
{
    std::size_t mapped = 0;
    std::size_t resident = 0;
};

memory_use read_use() noexcept
{
    static const int statm = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

    char text[160]; // seven numbers
    const ssize_t size = ::pread(statm, text, sizeof text, 0);
    if (size <= 0)
        return {};
    const char* const end = text + size;
    memory_use pages;
    const auto mapped = std::from_chars(text, end, pages.mapped);
    if (mapped.ec != std::errc{} || mapped.ptr == end)
        return {};
    if (std::from_chars(mapped.ptr + 1, end, pages.resident).ec != std::errc{})
        return {};
    return {pages.mapped * page, pages.resident * page};
}

} // namespace

std::size_t resident_bytes() noexcept
{
    return read_use().resident;
}

std::size_t mapped_bytes() noexcept
{
    return read_use().mapped;
}

} // namespace tandem::worker
