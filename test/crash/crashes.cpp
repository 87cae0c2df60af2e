#undef NDEBUG // for assert
#include "crashes.hpp"

#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tandem/task.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

// The kernel is to see the fault, not a sanitizer's check; and the call is to be a call.
#define CRASHES __attribute__((noinline, no_sanitize("undefined", "address", "thread")))

namespace crashes {
namespace {

void* volatile null = nullptr;
volatile int zero = 0;
volatile int sink = 0;

CRASHES int descend(int depth)
{
    volatile char frame[512];
    frame[0] = static_cast<char>(depth);
    const int result = zero == 0 ? descend(depth + 1) : 0;
    return result + frame[0];
}

CRASHES int descend_far(int depth)
{
    volatile char frame[300 * 1024];
    frame[0] = static_cast<char>(depth);
    const int result = zero == 0 ? descend_far(depth + 1) : 0;
    return result + frame[0];
}

CRASHES bool is_less(int, int)
{
    *static_cast<volatile int*>(null) = 1;
    return false;
}

CRASHES int sort_badly(std::vector<int> numbers)
{
    std::ranges::sort(numbers, is_less);
    return numbers[0];
}

CRASHES void throw_error()
{
    if (zero == 0)
        throw std::runtime_error("nobody catches this");
}

} // namespace

CRASHES void write_to_null()
{
    *static_cast<volatile int*>(null) = 1;
}

CRASHES void call_abort()
{
    std::abort();
}

CRASHES void fail_an_assertion()
{
    assert(zero == 1);
}

CRASHES void copy_to_null()
{
    std::memcpy(null, "far too much for a few instructions", static_cast<std::size_t>(zero) + 30);
    sink = 1;
}

CRASHES void go_past_a_vectors_end() noexcept
{
    const std::vector<int> numbers(1);
    sink = numbers.at(static_cast<std::size_t>(zero) + 2);
}

CRASHES void run_a_task()
{
    tandem::byte_buffer arguments, result;
    const auto work = tandem::task<sort_badly>(std::vector{3, 1, 2});
    work.encode_arguments(arguments);
    work.entry().run(arguments, result);
    sink = 1;
}

CRASHES void read_past_file()
{
    char path[] = "/tmp/tandem-crash-XXXXXX";
    const int fd = ::mkstemp(path);
    ::unlink(path);
    const auto* bytes = static_cast<volatile char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
    sink = bytes[0];
}

CRASHES void divide_by_zero()
{
#if defined(__x86_64__)
    sink = sink / zero;
#else // where a division by zero has a result
    ::raise(SIGFPE);
#endif
}

CRASHES void run_illegal_instruction()
{
#if defined(__x86_64__)
    asm volatile("ud2");
#elif defined(__aarch64__)
    asm volatile(".inst 0");
#else
    ::raise(SIGILL);
#endif
}

CRASHES void recurse_forever()
{
    sink = descend(0);
}

CRASHES void recurse_with_large_frames()
{
    sink = descend_far(0);
}

CRASHES void throw_uncaught() noexcept
{
    throw_error();
    sink = 1;
}

CRASHES void call_null()
{
    reinterpret_cast<void (*)()>(null)();
    sink = 1; // no tail call
}

CRASHES void lose_stack()
{
#if defined(__x86_64__)
    asm volatile("mov $64, %%rsp\n\tpush %%rax" ::: "memory");
#else
    write_to_null();
#endif
    sink = 1;
}

CRASHES void write_to_null_while_loader_is_locked()
{
    ::dl_iterate_phdr(
        [](dl_phdr_info*, std::size_t, void*) {
            write_to_null();
            return 0;
        },
        nullptr);
}

} // namespace crashes
