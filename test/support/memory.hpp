// How much memory this process has.
#ifndef TANDEM_TEST_SUPPORT_MEMORY_HPP
#define TANDEM_TEST_SUPPORT_MEMORY_HPP

#include <support/sanitizer.hpp>

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

extern "C" std::size_t __sanitizer_get_current_allocated_bytes();

namespace test {

/// Bytes in RAM, shared pages included. A sanitizer keeps what was freed for long: nothing is to be told from this there.
inline std::size_t resident_memory()
{
    std::size_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Bytes that were allocated and not freed, whatever the allocator keeps beside them.
inline std::size_t allocated_memory()
{
#if defined(TANDEM_TEST_ADDRESS_SANITIZED) || defined(TANDEM_TEST_THREAD_SANITIZED)
    return ::__sanitizer_get_current_allocated_bytes();
#else
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
#endif
}

} // namespace test

#endif
