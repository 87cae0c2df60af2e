// How often memory is asked for: by the operations themselves, and not for each frame or element.
#define BOOST_TEST_MODULE allocations
#include <support/tasks.hpp>

#include <tandem/map.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/thread_pool.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>
#include <numeric>
#include <vector>

namespace {

std::atomic<std::uint64_t> allocations{0};

void* allocate(std::size_t size, std::size_t alignment)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    void* memory = nullptr;
    if (::posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0)
        throw std::bad_alloc();
    return memory;
}

// Apart: gcc would see what it frees, and miss that it is what was allocated here.
[[gnu::noinline]] void release(void* memory) noexcept
{
    std::free(memory);
}

} // namespace

void* operator new(std::size_t size)
{
    return allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment)
{
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept
{
    release(memory);
}

namespace {

namespace asio = boost::asio;
using tandem::task;

// Each completion submits the next one.
void stream(asio::io_context& context, tandem::process_pool& pool, int outstanding, int count)
{
    std::function<void()> next = [&] {
        if (count-- > 0)
            pool.async_run(task<test::add>(1, 2), [&](const std::exception_ptr& error, int sum) {
                BOOST_TEST_REQUIRE((!error && sum == 3));
                next();
            });
    };
    for (int i = 0; i != outstanding; ++i)
        next();
    context.restart();
    context.run();
}

BOOST_AUTO_TEST_CASE(a_task_of_a_process_pool_asks_once_for_its_operation_and_not_for_its_frames)
{
    constexpr int count = 50'000, outstanding = 2'000;
    asio::io_context context(1);
    tandem::process_pool pool(context, {.workers = 2});
    stream(context, pool, outstanding, count); // to get warm
    const std::uint64_t before = allocations;
    stream(context, pool, outstanding, count);
    const double each = static_cast<double>(allocations - before) / count;
    BOOST_TEST_MESSAGE(each << " allocations for each task");
    BOOST_TEST(each >= 1);   // the operation
    BOOST_TEST(each < 1.25); // and some for each batch
}

BOOST_AUTO_TEST_CASE(a_map_on_threads_asks_for_none_for_an_element)
{
    constexpr int count = 1'000'000;
    tandem::thread_pool pool(2);
    std::vector<int> items(count);
    std::iota(items.begin(), items.end(), 0);
    const std::uint64_t before = allocations;
    const auto results = tandem::async_map(
                             pool, [](int x) { return x + 1; }, std::move(items), asio::use_future)
                             .get();
    const std::uint64_t seen = allocations - before;
    BOOST_TEST(results.size() == std::size_t{count});
    BOOST_TEST(results.back() == count);
    BOOST_TEST(seen < count / 100U);
}

} // namespace
