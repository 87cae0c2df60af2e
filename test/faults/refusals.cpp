#include <faults/refusals.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>

namespace faults {
namespace {

struct prohibition
{
    std::atomic<int> after{0}, times{0}, refused{0}, error{0};
};

constinit std::array<prohibition, static_cast<std::size_t>(call::count)> prohibitions;

prohibition& prohibition_of(call which)
{
    return prohibitions[static_cast<std::size_t>(which)];
}

// The error that the call is to fail with, or 0.
int refuses(call which)
{
    prohibition& o = prohibition_of(which);
    if (o.times <= 0 || o.after-- > 0)
        return 0;
    --o.times;
    ++o.refused;
    return o.error;
}

template <class Function>
Function next(const char* name)
{
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

} // namespace

refusal::refusal(call which, int error, int after, int times) : which_(which)
{
    prohibition& o = prohibition_of(which);
    o.error = error;
    o.after = after;
    o.refused = 0;
    o.times = times;
}

refusal::~refusal()
{
    prohibition_of(which_).times = 0;
}

int refusal::refused() const
{
    return prohibition_of(which_).refused;
}

} // namespace faults

using faults::call;

extern "C" {

int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const argv[], char* const envp[])
{
    if (const int error = faults::refuses(call::posix_spawnp))
        return error;
    return faults::next<decltype(&posix_spawnp)>("posix_spawnp")(pid, file, actions, attributes, argv, envp);
}

int pipe2(int ends[2], int flags) noexcept
{
    if ((errno = faults::refuses(call::pipe2)) != 0)
        return -1;
    return faults::next<int (*)(int*, int)>("pipe2")(ends, flags);
}

int memfd_create(const char* name, unsigned flags) noexcept
{
    if ((errno = faults::refuses(call::memfd_create)) != 0)
        return -1;
    return faults::next<int (*)(const char*, unsigned)>("memfd_create")(name, flags);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    if ((errno = faults::refuses(call::fallocate)) != 0)
        return -1;
    return faults::next<int (*)(int, int, off_t, off_t)>("fallocate")(fd, mode, offset, size);
}

int pidfd_open(pid_t pid, unsigned flags) noexcept
{
    if ((errno = faults::refuses(call::pidfd_open)) != 0)
        return -1;
    return faults::next<int (*)(pid_t, unsigned)>("pidfd_open")(pid, flags);
}
}
