#include <worker/alternate_stack.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace tandem::worker {
namespace {

// Two signals' frames (11 KiB each where the processor has AMX), and the unwinder twice.
constexpr std::size_t stack_size = 64 * 1024;

} // namespace

bool use_alternate_stack() noexcept
{
    stack_t stack = {};
    if (::sigaltstack(nullptr, &stack) == 0 && !(stack.ss_flags & SS_DISABLE) && stack.ss_size >= stack_size / 2)
        return true; // a sanitizer's, or the program's
    const auto guard = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const memory =
        ::mmap(nullptr, guard + stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    ::mprotect(memory, guard, PROT_NONE);
    stack = {};
    stack.ss_sp = static_cast<std::byte*>(memory) + guard;
    stack.ss_size = stack_size;
    if (::sigaltstack(&stack, nullptr) == 0)
        return true;
    ::munmap(memory, guard + stack_size);
    return false;
}

} // namespace tandem::worker
