#include <faults/hooks.hpp>

#include <faults/faults.hpp>

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace faults {
namespace {

struct hook
{
    std::atomic<bool> armed{false};
    std::size_t left = 0;
    std::size_t fault = 0;

    void arm(std::size_t bytes, std::size_t number)
    {
        left = bytes;
        fault = number;
        armed = true;
    }

    // The worker moves the protocol's pipes out of the way of everybody else's, and only its first thread uses frames.
    bool is_for(int fd) const
    {
        struct stat status = {};
        return armed && fd >= 10 && ::syscall(SYS_gettid) == ::getpid() && ::fstat(fd, &status) == 0 &&
               S_ISFIFO(status.st_mode);
    }

    void fire()
    {
        armed = false;
        commit(fault);
    }
};

constinit hook on_read, on_write;

template <class Function>
Function next(std::atomic<Function>& known, const char* name)
{
    Function f = known.load(std::memory_order_relaxed);
    if (!f) {
        f = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
        known.store(f, std::memory_order_relaxed);
    }
    return f;
}

ssize_t next_read(int fd, void* to, std::size_t size)
{
    static constinit std::atomic<ssize_t (*)(int, void*, std::size_t)> known{nullptr};
    return next(known, "read")(fd, to, size);
}

ssize_t next_write(int fd, const void* from, std::size_t size)
{
    static constinit std::atomic<ssize_t (*)(int, const void*, std::size_t)> known{nullptr};
    return next(known, "write")(fd, from, size);
}

} // namespace

void fault_on_read(std::size_t bytes, std::size_t fault)
{
    on_read.arm(bytes, fault);
}

void fault_on_write(std::size_t bytes, std::size_t fault)
{
    on_write.arm(bytes, fault);
}

void fault_at_exit(std::size_t fault)
{
    struct last_act
    {
        std::size_t number;
        ~last_act() { commit(number); }
    };
    static const last_act act{fault};
}

} // namespace faults

extern "C" {

ssize_t read(int fd, void* to, std::size_t size)
{
    using namespace faults;
    if (!on_read.is_for(fd))
        return next_read(fd, to, size);
    if (on_read.left == 0) {
        on_read.fire();
        return next_read(fd, to, size);
    }
    const ssize_t got = next_read(fd, to, std::min(size, on_read.left));
    if (got > 0)
        on_read.left -= static_cast<std::size_t>(got);
    return got;
}

ssize_t write(int fd, const void* from, std::size_t size)
{
    using namespace faults;
    if (!on_write.is_for(fd))
        return next_write(fd, from, size);
    const bool whole = on_write.left == after_all;
    const ssize_t put = next_write(fd, from, whole ? size : std::min(size, on_write.left));
    if (put > 0 && !whole)
        on_write.left -= static_cast<std::size_t>(put);
    if (whole ? put == static_cast<ssize_t>(size) : on_write.left == 0)
        on_write.fire();
    return put;
}
}
