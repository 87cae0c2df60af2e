#include <failures/calls.hpp>

#include <failures/excluded.hpp>
#include <failures/frames.hpp>

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <span>

namespace calls {
namespace {

struct failure
{
    const char* name = nullptr;
    std::array<std::uintptr_t, 128> stack{};
    std::size_t depth = 0;
};

std::atomic<bool> armed = false;
std::atomic<std::size_t> counted = 0;
std::size_t chosen = 0;
kind wanted = kind::allocation;
failure failed; // written once for each that is armed
std::atomic<std::size_t> held = 0;
thread_local bool is_inside = false; // of the counting, which may call what it counts

bool is_to_fail(const char* name, kind which = kind::system_call) noexcept
{
    if (!armed.load(std::memory_order_acquire) || is_inside || which != wanted)
        return false;
    is_inside = true;
    std::array<std::uintptr_t, 128> room;
    const std::size_t depth = frames::walk(room);
    const std::span<const std::uintptr_t> stack(room.data(), depth);
    const auto is_excluded = [&](const exclusion& e) {
        return std::strcmp(e.call, name) == 0 && (!e.under || frames::mentions(stack, e.under));
    };
    bool fails = frames::is_under_ours(stack) && std::ranges::none_of(exclusions, is_excluded);
    if (fails) {
        fails = ++counted == chosen;
        if (fails)
            failed = {name, room, depth};
    }
    is_inside = false;
    return fails;
}

[[noreturn]] void report_and_abort()
{
    armed = false;
    std::fprintf(stderr, "terminate() was called after the failure of %s\n", describe_failure().c_str());
    std::abort();
}

void* allocate(std::size_t size, std::size_t alignment)
{
    if (is_to_fail("operator new", kind::allocation))
        return nullptr;
    void* memory = nullptr;
    if (alignment <= alignof(std::max_align_t))
        memory = std::malloc(size);
    else if (::posix_memalign(&memory, alignment, size) != 0)
        return nullptr;
    if (memory)
        held.fetch_add(1, std::memory_order_relaxed);
    return memory;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment)
{
    if (void* const memory = allocate(size, alignment))
        return memory;
    throw std::bad_alloc();
}

void release(void* memory) noexcept
{
    if (memory)
        held.fetch_sub(1, std::memory_order_relaxed);
    std::free(memory);
}

} // namespace

failing::failing(kind which, std::size_t n)
{
    frames::load_symbols();
    std::set_terminate(report_and_abort);
    chosen = n;
    wanted = which;
    failed.name = nullptr;
    counted = 0;
    armed.store(true, std::memory_order_release);
}

void failing::stop() noexcept
{
    armed = false;
}

std::size_t failing::count() const noexcept
{
    return counted;
}

std::string describe_failure()
{
    return failed.name ? failed.name + frames::describe(std::span(failed.stack).first(failed.depth)) : "nothing";
}

std::size_t held_allocations() noexcept
{
    return held;
}

} // namespace calls

// --- allocations

// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(std::size_t size)
{
    return calls::allocate_or_throw(size, 0);
}
void* operator new[](std::size_t size)
{
    return calls::allocate_or_throw(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment)
{
    return calls::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment)
{
    return calls::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    return calls::allocate(size, 0);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept
{
    return calls::allocate(size, 0);
}
void operator delete(void* memory) noexcept
{
    calls::release(memory);
}
void operator delete[](void* memory) noexcept
{
    calls::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    calls::release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept
{
    calls::release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept
{
    calls::release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept
{
    calls::release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept
{
    calls::release(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept
{
    calls::release(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept
{
    calls::release(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept
{
    calls::release(memory);
}
// NOLINTEND(misc-new-delete-overloads)

// --- system calls

// Defined under the C library's names, which its headers declare in ways of their own.
#define FAILING(result, name, parameters, arguments, give_up)                                                          \
    extern "C" result failing_##name parameters __asm__(#name);                                                        \
    extern "C" result failing_##name parameters                                                                        \
    {                                                                                                                  \
        static const auto real = reinterpret_cast<result(*) parameters>(::dlsym(RTLD_NEXT, #name));                    \
        if (calls::is_to_fail(#name)) {                                                                                \
            give_up;                                                                                                   \
        }                                                                                                              \
        return real arguments;                                                                                         \
    }
#define FAIL_WITH(number)                                                                                              \
    do {                                                                                                               \
        errno = number;                                                                                                \
        return -1;                                                                                                     \
    } while (false)

// Asio's memory, which it gives back by free(). Under AddressSanitizer both must be its own.
extern "C" void* failing_aligned_alloc(std::size_t alignment, std::size_t size) __asm__("aligned_alloc");
extern "C" void* failing_aligned_alloc(std::size_t alignment, std::size_t size)
{
    void* memory = nullptr;
    if (calls::is_to_fail("aligned_alloc", calls::kind::allocation) || ::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0)
        return nullptr;
    return memory;
}

// Descriptors.
FAILING(int, pipe2, (int* ends, int flags), (ends, flags), FAIL_WITH(EMFILE))
FAILING(int, memfd_create, (const char* name, unsigned flags), (name, flags), FAIL_WITH(EMFILE))
FAILING(int, open, (const char* path, int flags, unsigned mode), (path, flags, mode), FAIL_WITH(EMFILE))
FAILING(int, fcntl, (int fd, int command, long argument), (fd, command, argument), FAIL_WITH(EMFILE))
FAILING(int, pidfd_open, (int pid, unsigned flags), (pid, flags), FAIL_WITH(EMFILE))
FAILING(int, epoll_create1, (int flags), (flags), FAIL_WITH(EMFILE))
FAILING(int, eventfd, (unsigned value, int flags), (value, flags), FAIL_WITH(EMFILE))
FAILING(int, timerfd_create, (int clock, int flags), (clock, flags), FAIL_WITH(EMFILE))
FAILING(long, readlink, (const char* path, char* text, std::size_t size), (path, text, size), FAIL_WITH(EACCES))
FAILING(long, lseek, (int fd, long offset, int whence), (fd, offset, whence), FAIL_WITH(EINVAL))
FAILING(long, read, (int fd, void* bytes, std::size_t size), (fd, bytes, size), FAIL_WITH(EIO))
FAILING(long, readv, (int fd, const void* buffers, int count), (fd, buffers, count), FAIL_WITH(EIO))
FAILING(long, write, (int fd, const void* bytes, std::size_t size), (fd, bytes, size), FAIL_WITH(ENOMEM))
FAILING(long, writev, (int fd, const void* buffers, int count), (fd, buffers, count), FAIL_WITH(ENOMEM))
FAILING(int, poll, (void* watched, unsigned long count, int timeout), (watched, count, timeout), FAIL_WITH(ENOMEM))
// It is closed all the same, as Linux does.
FAILING(int, close, (int fd), (fd), static_cast<void>(real(fd)); FAIL_WITH(EIO))

// To change or to remove what is watched takes nothing that could be missing.
extern "C" int failing_epoll_ctl(int epoll, int what, int fd, void* event) __asm__("epoll_ctl");
extern "C" int failing_epoll_ctl(int epoll, int what, int fd, void* event)
{
    static const auto real = reinterpret_cast<int (*)(int, int, int, void*)>(::dlsym(RTLD_NEXT, "epoll_ctl"));
    constexpr int add = 1;
    if (what == add && calls::is_to_fail("epoll_ctl"))
        FAIL_WITH(ENOSPC);
    return real(epoll, what, fd, event);
}

// Memory.
FAILING(void*, mmap, (void* place, std::size_t size, int protection, int flags, int fd, long offset),
        (place, size, protection, flags, fd, offset), errno = ENOMEM;
        return reinterpret_cast<void*>(-1))
FAILING(int, madvise, (void* place, std::size_t size, int advice), (place, size, advice), FAIL_WITH(ENOMEM))
FAILING(int, ftruncate, (int fd, long size), (fd, size), FAIL_WITH(ENOMEM))
FAILING(int, fallocate, (int fd, int mode, long offset, long size), (fd, mode, offset, size), FAIL_WITH(ENOSPC))

// Processes and threads. These return the error.
FAILING(int, posix_spawnp,
        (int* pid, const char* file, const void* actions, const void* attributes, char* const* argv, char* const* envp),
        (pid, file, actions, attributes, argv, envp), return EAGAIN)
FAILING(int, posix_spawn_file_actions_init, (void* actions), (actions), return ENOMEM)
FAILING(int, posix_spawn_file_actions_adddup2, (void* actions, int fd, int number), (actions, fd, number), return ENOMEM)
FAILING(int, posix_spawn_file_actions_addclosefrom_np, (void* actions, int number), (actions, number), return ENOMEM)
FAILING(int, posix_spawnattr_init, (void* attributes), (attributes), return ENOMEM)
FAILING(int, pthread_create, (void* id, const void* attributes, void* (*start)(void*), void* argument),
        (id, attributes, start, argument), return EAGAIN)
FAILING(int, sched_getaffinity, (int pid, std::size_t size, void* set), (pid, size, set), FAIL_WITH(EINVAL))
FAILING(long, syscall, (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f),
        FAIL_WITH(ENOMEM))
