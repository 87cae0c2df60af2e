#include <worker/standard_output.hpp>

#include <cstdio>
#include <iostream>
#include <stdio_ext.h>
#include <typeinfo>

#if __has_include(<ext/stdio_sync_filebuf.h>)
#include <ext/stdio_sync_filebuf.h>
#endif

namespace tandem::worker {
namespace {

// Then it holds nothing by itself.
bool is_synchronized_with_stdio([[maybe_unused]] std::streambuf& buffer)
{
#if __has_include(<ext/stdio_sync_filebuf.h>)
    return typeid(buffer) == typeid(__gnu_cxx::stdio_sync_filebuf<char>);
#else
    return false;
#endif
}

} // namespace

void flush_standard_output() noexcept
{
    try {
        if (std::streambuf* const buffer = std::cout.rdbuf(); !buffer || !is_synchronized_with_stdio(*buffer))
            std::cout.flush();
    } catch (...) { // std::cout.exceptions(), or a buffer of the program's own: the task has returned, its result counts
    }
    if (::__fpending(stdout) != 0)
        std::fflush(stdout);
}

} // namespace tandem::worker
