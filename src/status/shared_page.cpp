#include <status/shared_page.hpp>

#include <blocked_signal.hpp>
#include <memory_file.hpp>

#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace tandem::status {
namespace {

[[noreturn]] void throw_errno(const char* what)
{
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

void reserve(int fd, off_t size)
{
    const blocked_signal over_limit(SIGXFSZ); // RLIMIT_FSIZE counts here as well
    if (::fallocate(fd, 0, 0, size) == 0)
        return;
    const int error = errno;
    if (error == EFBIG)
        over_limit.take();
    errno = error;
    throw_errno("making the status page");
}

status_page* map(int fd)
{
    void* const memory = ::mmap(nullptr, sizeof(status_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        throw_errno("mapping the status page");
    return static_cast<status_page*>(memory); // of zeros, which is how it begins
}

} // namespace

shared_page::shared_page() : file_(make_memory_file("tandem-status"))
{
    if (!file_)
        throw_errno("making the status page");
    // With its memory, so that there is none to be missed later, at which using it would raise SIGBUS.
    reserve(number(), sizeof(status_page));
    if (::fcntl(number(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        throw_errno("making the status page");
    page_ = map(number());
}

shared_page::~shared_page()
{
    ::munmap(page_, sizeof(status_page));
}

status_page& map_inherited_page(int fd)
{
    status_page* const page = map(fd);
    ::close(fd);
    return *page;
}

} // namespace tandem::status
