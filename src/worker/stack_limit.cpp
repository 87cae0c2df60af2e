#include <worker/stack_limit.hpp>

#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

namespace tandem::worker {
namespace {

// A call, a push or a small frame is not further from the stack pointer, before or after it is moved.
constexpr std::uintptr_t near = 64 * 1024;
// A frame of large arrays is not further below the limit.
constexpr std::uintptr_t largest_frame = 64 * 1024 * 1024;

constexpr bool is_within(std::uintptr_t address, std::uintptr_t middle, std::uintptr_t below, std::uintptr_t above)
{
    return address + below >= middle && address < middle + above;
}

} // namespace

// pthread_getattr_np would parse /proc/self/maps, which takes longer than all else at a worker's start. The program's
// name is the last that the kernel puts on the stack, and a null pointer follows it.
stack_limit stack_limit::of_main_thread() noexcept
{
    stack_limit result;
    const auto name = ::getauxval(AT_EXECFN);
    if (name == 0)
        return result;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto end = name + std::strlen(reinterpret_cast<const char*>(name)) + 1 + sizeof(void*);
    result.top_ = (end + page - 1) / page * page;
    return result;
}

bool stack_limit::is_overflow(const siginfo_t& fault, std::uintptr_t stack_pointer) const noexcept
{
    if (fault.si_signo != SIGSEGV || fault.si_code <= 0)
        return false;
    const auto address = reinterpret_cast<std::uintptr_t>(fault.si_addr);
    // Any stack: the main one without a limit, a thread's, a fiber's. Above the main one's top is an overrun and no
    // overflow.
    if (is_within(address, stack_pointer, near, near) && !(stack_pointer < top_ && address >= top_))
        return true;
    // The main one, also where a large frame reaches over the limit. The limit may have been changed.
    rlimit size{};
    if (top_ == 0 || ::getrlimit(RLIMIT_STACK, &size) != 0 || size.rlim_cur == RLIM_INFINITY || size.rlim_cur > top_)
        return false;
    const std::uintptr_t limit = top_ - size.rlim_cur;
    return is_within(address, limit, largest_frame, near) && is_within(stack_pointer, limit, largest_frame, near);
}

} // namespace tandem::worker
