// An allocator that counts what was allocated and what is still held.
#ifndef TANDEM_TEST_SUPPORT_COUNTING_ALLOCATOR_HPP
#define TANDEM_TEST_SUPPORT_COUNTING_ALLOCATOR_HPP

#include <atomic>
#include <cstddef>
#include <memory>

namespace test {

struct allocation_counts
{
    std::atomic<std::size_t> allocated{0}; ///< ever, in bytes
    std::atomic<std::size_t> held{0};      ///< now, in bytes
};

template <class T = void>
class counting_allocator
{
public:
    using value_type = T;

    explicit counting_allocator(allocation_counts& counts) noexcept : counts_(&counts) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) noexcept : counts_(other.counts())
    {
    }

    T* allocate(std::size_t count)
    {
        counts_->allocated += count * sizeof(T);
        counts_->held += count * sizeof(T);
        return std::allocator<T>().allocate(count);
    }

    void deallocate(T* memory, std::size_t count) noexcept
    {
        counts_->held -= count * sizeof(T);
        std::allocator<T>().deallocate(memory, count);
    }

    allocation_counts* counts() const noexcept { return counts_; }

    template <class U>
    bool operator==(const counting_allocator<U>& other) const noexcept
    {
        return counts_ == other.counts();
    }

private:
    allocation_counts* counts_;
};

} // namespace test

#endif
