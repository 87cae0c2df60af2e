#include <simulate/heap.hpp>

#include <support/sanitizer.hpp>

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t block_count = 0;
std::size_t byte_count = 0;
std::size_t until_failure = static_cast<std::size_t>(-1);

} // namespace

namespace simulate::heap {

std::size_t blocks() noexcept
{
    return block_count;
}

std::size_t bytes() noexcept
{
    return byte_count;
}

void fail_after(std::size_t count) noexcept
{
    until_failure = count;
}

} // namespace simulate::heap

// The sanitizers have their own, and look for leaks themselves.
#if !defined(TANDEM_TEST_ADDRESS_SANITIZED) && !defined(TANDEM_TEST_THREAD_SANITIZED)
void* operator new(std::size_t size)
{
    if (until_failure-- == 0)
        throw std::bad_alloc();
    void* const made = std::malloc(size);
    if (!made)
        throw std::bad_alloc();
    ++block_count;
    byte_count += ::malloc_usable_size(made);
    return made;
}

void operator delete(void* block) noexcept
{
    if (!block)
        return;
    --block_count;
    byte_count -= ::malloc_usable_size(block);
    std::free(block);
}

void operator delete(void* block, std::size_t) noexcept
{
    operator delete(block);
}
#endif
