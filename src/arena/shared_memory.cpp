#include <arena/shared_memory.hpp>

#include <blocked_signal.hpp>
#include <memory_file.hpp>

#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>

namespace tandem::arena {
namespace {

constexpr int populate_write = 23; // MADV_POPULATE_WRITE, from Linux 5.14; older kernels refuse it

[[noreturn]] void throw_errno(const char* what)
{
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

// RLIMIT_FSIZE counts for memory files as well, and raises a signal.
bool set_size(int fd, std::uint64_t size)
{
    const blocked_signal over_limit(SIGXFSZ);
    if (::ftruncate(fd, static_cast<off_t>(size)) == 0)
        return true;
    if (errno == EFBIG) {
        over_limit.take();
        errno = EFBIG;
    }
    return false;
}

std::byte* map(int fd, std::uint64_t size, access a)
{
    const int protection = a == access::write ? PROT_READ | PROT_WRITE : PROT_READ;
    void* const memory = ::mmap(nullptr, size, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (memory == MAP_FAILED)
        throw_errno("mapping memory for large values");
    ::madvise(memory, size, MADV_DONTDUMP); // values in a core dump would only make it large
    return static_cast<std::byte*>(memory);
}

bool is_in_memory(const std::byte* begin, std::uint64_t size) noexcept
{
    static const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::array<unsigned char, 1024> pages;
    const std::uint64_t before = reinterpret_cast<std::uintptr_t>(begin) % page_size;
    auto* next = const_cast<std::byte*>(begin) - before;
    for (std::uint64_t left = size + before; left != 0;) {
        const std::uint64_t piece = std::min(left, pages.size() * page_size);
        const auto count = static_cast<std::ptrdiff_t>((piece + page_size - 1) / page_size);
        if (::mincore(next, piece, pages.data()) != 0 ||
            std::any_of(pages.begin(), pages.begin() + count, [](unsigned char page) { return page % 2 == 0; }))
            return false;
        next += piece;
        left -= piece;
    }
    return true;
}

} // namespace

shared_memory::shared_memory(std::uint64_t size)
    : file_(make_memory_file("tandem-values")), size_(size)
{
    if (!file_ || !set_size(file_.get(), size) ||
        ::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        throw_errno("making memory for large values");
    data_ = map(file_.get(), size, access::write);
}

shared_memory::shared_memory(int fd, std::uint64_t size, access a) : size_(size), data_(map(fd, size, a))
{
    ::close(fd);
}

shared_memory::~shared_memory()
{
    ::munmap(data_, size_);
}

const std::byte* shared_memory::at(block b) const
{
    if (b.position > size_ || b.size > size_ - b.position)
        throw std::range_error("the message refers to what is beyond the shared memory");
    return data_ + b.position;
}

descriptor shared_memory::open_read_only() const
{
    descriptor read_only(::open(("/proc/self/fd/" + std::to_string(number())).c_str(), O_RDONLY | O_CLOEXEC));
    if (!read_only)
        throw_errno("opening memory for large values");
    return read_only;
}

// By address and not by descriptor: a worker keeps none, as a task that closes descriptors and opens others would have
// holes punched in its file.
bool shared_memory::reserve(block b) const noexcept
{
    int result = 0;
    while ((result = ::madvise(data_ + b.position, b.size, populate_write)) != 0 && errno == EINTR) {
    }
    if (result != 0)
        give_back(b);
    return result == 0;
}

void shared_memory::give_back(block b) const noexcept
{
    ::madvise(data_ + b.position, b.size, MADV_REMOVE);
}

void shared_memory::unmap_pages() const noexcept
{
    ::madvise(data_, size_, MADV_DONTNEED);
}

bool shared_memory::has_memory(block b) const noexcept
{
    if (is_in_memory(data_ + b.position, b.size))
        return true;
    // Or swapped out. This looks at all pages from there to the next hole, which may be far beyond the block.
    const off_t hole = ::lseek(number(), static_cast<off_t>(b.position), SEEK_HOLE);
    return hole >= 0 && static_cast<std::uint64_t>(hole) >= b.position + b.size;
}

} // namespace tandem::arena
