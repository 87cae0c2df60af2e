#include "memory.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

thread_local bool counting = false;
thread_local std::int64_t held = 0;
thread_local std::int64_t most = 0;

void* counted(void* memory) noexcept
{
    if (counting && memory) {
        held += static_cast<std::int64_t>(malloc_usable_size(memory));
        most = std::max(most, held);
    }
    return memory;
}

void* take(std::size_t size) noexcept
{
    return counted(std::malloc(std::max<std::size_t>(size, 1)));
}

void* take(std::size_t size, std::align_val_t alignment) noexcept
{
    const auto a = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(a, (std::max<std::size_t>(size, 1) + a - 1) / a * a));
}

void* or_throw(void* memory)
{
    if (!memory)
        throw std::bad_alloc();
    return memory;
}

void release(void* memory) noexcept
{
    if (counting && memory)
        held -= static_cast<std::int64_t>(malloc_usable_size(memory));
    std::free(memory);
}

} // namespace

// All of them, as the sanitizers' own do not call one another. They see the malloc and free below these.
using align = std::align_val_t;
using nothrow = const std::nothrow_t&;

// clang-format off
void* operator new(std::size_t size) { return or_throw(take(size)); }
void* operator new[](std::size_t size) { return or_throw(take(size)); }
void* operator new(std::size_t size, nothrow) noexcept { return take(size); }
void* operator new[](std::size_t size, nothrow) noexcept { return take(size); }
void* operator new(std::size_t size, align a) { return or_throw(take(size, a)); }
void* operator new[](std::size_t size, align a) { return or_throw(take(size, a)); }
void* operator new(std::size_t size, align a, nothrow) noexcept { return take(size, a); }
void* operator new[](std::size_t size, align a, nothrow) noexcept { return take(size, a); }

void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, nothrow) noexcept { release(memory); }
void operator delete[](void* memory, nothrow) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, align) noexcept { release(memory); }
void operator delete[](void* memory, align) noexcept { release(memory); }
void operator delete(void* memory, align, nothrow) noexcept { release(memory); }
void operator delete[](void* memory, align, nothrow) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, align) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, align) noexcept { release(memory); }
// clang-format on

namespace tandem::fuzz {

memory_meter::memory_meter() noexcept
{
    counting = true;
    held = most = 0;
}

memory_meter::~memory_meter()
{
    counting = false;
}

std::size_t memory_meter::peak() const noexcept
{
    return static_cast<std::size_t>(most);
}

} // namespace tandem::fuzz
