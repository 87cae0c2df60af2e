// Both sides of the shared memory in one process: who writes where, when room comes back, and what is believed.
#include <arena/argument_memory.hpp>
#include <arena/result_memory.hpp>
#include <support/leak_check.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace tandem::arena;
using tandem::detail::large_place;
using test::leak_check;

BOOST_AUTO_TEST_SUITE(memories)

namespace {

constexpr std::size_t mib = 1 << 20;

/// The worker gets a descriptor of its own.
int inherited(int fd)
{
    return ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

struct results
{
    explicit results(std::size_t size, std::size_t limit = 1024 * mib)
        : pool(std::make_shared<result_memory>(size)), worker(inherited(pool->worker_descriptor()), size, limit)
    {
    }

    std::size_t bytes_in_use() const
    {
        struct stat status
        {
        };
        ::fstat(pool->worker_descriptor(), &status);
        return static_cast<std::size_t>(status.st_blocks) * 512;
    }

    leak_check leaks;
    std::shared_ptr<result_memory> pool;
    result_writer worker;
};

large_place write(tandem::detail::large_writer& out, std::size_t size, int value)
{
    const auto place = out.make_room(size);
    BOOST_REQUIRE(place.has_value());
    std::memset(place->memory, value, size);
    return *place;
}

bool holds(const std::byte* data, std::size_t size, int value)
{
    return data[0] == std::byte(value) && std::memcmp(data, data + 1, size - 1) == 0;
}

/// How many bytes of it are pages of this process, by the kernel's table of them.
std::size_t bytes_mapped(const std::byte* data, std::size_t size)
{
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::vector<std::uint64_t> entries(size / page);
    std::ifstream table("/proc/self/pagemap", std::ios::binary);
    table.seekg(static_cast<std::streamoff>(reinterpret_cast<std::uintptr_t>(data) / page * sizeof(std::uint64_t)));
    table.read(reinterpret_cast<char*>(entries.data()), static_cast<std::streamsize>(entries.size() * sizeof(std::uint64_t)));
    BOOST_REQUIRE(table.good());
    return page * static_cast<std::size_t>(std::ranges::count_if(entries, [](std::uint64_t e) { return e >> 63 != 0; }));
}

} // namespace

BOOST_AUTO_TEST_CASE(arguments_go_one_way)
{
    const leak_check leaks;
    const auto pool = std::make_shared<argument_memory>(16 * mib);
    argument_reader worker(inherited(pool->worker_descriptor()), 16 * mib);
    {
        const auto call = pool->room_for_call(), other = pool->room_for_call();
        const auto a = write(*call, mib, 1), b = write(*other, 2 * mib, 2), c = write(*call, 3 * mib, 3);
        BOOST_TEST(call->size() == 4 * mib);
        BOOST_TEST(holds(worker.find(a.position, mib), mib, 1));
        BOOST_TEST(holds(worker.find(b.position, 2 * mib), 2 * mib, 2));
        BOOST_TEST(holds(worker.find(c.position, 3 * mib), 3 * mib, 3));
        BOOST_TEST(!call->make_room(11 * mib).has_value());
        BOOST_TEST(pool->refused() == 1U);
    }
    BOOST_TEST(pool->room_for_call()->make_room(16 * mib).has_value()); // all came back
    // Nothing can be written through what a worker inherits, nor can that be opened again for writing.
    void* const mapped = ::mmap(nullptr, mib, PROT_READ | PROT_WRITE, MAP_SHARED, pool->worker_descriptor(), 0);
    BOOST_TEST(mapped == MAP_FAILED);
}

BOOST_AUTO_TEST_CASE(a_call_outlives_its_pool)
{
    const leak_check leaks;
    auto pool = std::make_shared<argument_memory>(16 * mib);
    const auto call = pool->room_for_call();
    const auto place = write(*call, mib, 1);
    pool.reset();
    BOOST_TEST(holds(place.memory, mib, 1));
}

BOOST_AUTO_TEST_CASE(results_come_back_and_room_with_them)
{
    results r(8 * mib);
    for (std::uint64_t call = 1; call != 5000; ++call) { // rounds of the list of what was read
        const auto a = write(r.worker, mib, static_cast<int>(call % 100));
        BOOST_REQUIRE(r.worker.keep_for(call));
        BOOST_REQUIRE(!r.worker.keep_for(call + 1));
        const auto result = r.pool->result_of(call, 100 * mib);
        BOOST_REQUIRE(holds(result->find(a.position, mib), mib, static_cast<int>(call % 100)));
    }
    BOOST_TEST(r.pool->refused() == 0U);
    BOOST_TEST(r.bytes_in_use() <= 2 * mib); // the same room again and again
}

BOOST_AUTO_TEST_CASE(what_was_not_read_is_not_written_again)
{
    results r(8 * mib);
    const auto a = write(r.worker, 2 * mib, 1);
    r.worker.keep_for(1);
    auto held = r.pool->result_of(1, 100 * mib);
    const std::byte* const data = held->find(a.position, 2 * mib);
    const auto b = write(r.worker, 2 * mib, 2);
    r.worker.keep_for(2);
    BOOST_TEST(!r.worker.make_room(6 * mib).has_value());
    BOOST_TEST(r.pool->refused() == 1U);
    BOOST_TEST(holds(data, 2 * mib, 1));
    r.pool->result_of(2, 100 * mib); // dropped, and not looked at
    BOOST_TEST(write(r.worker, 2 * mib, 3).position == b.position);
    r.worker.discard();
    held.reset();
    write(r.worker, 7 * mib, 4); // all but the head
}

BOOST_AUTO_TEST_CASE(idle_memory_is_given_back)
{
    results r(1024 * mib);
    for (std::uint64_t call = 1; call <= 10; ++call) {
        const auto place = write(r.worker, 40 * mib, 1);
        r.worker.keep_for(call);
        if (call <= 5)
            continue;
        r.pool->result_of(call, 100 * mib)->find(place.position, 40 * mib);
    }
    BOOST_TEST(r.bytes_in_use() >= 200 * mib);
    BOOST_TEST(r.bytes_in_use() <= 200 * mib + 2 * kept_memory + mib); // of the five that were read, some is kept
    for (std::uint64_t call = 1; call <= 5; ++call)
        r.pool->result_of(call, 100 * mib); // never looked at, so the worker gives them back, with its next one
    write(r.worker, mib, 1);
    BOOST_TEST(r.bytes_in_use() <= 2 * kept_memory + mib);
}

BOOST_AUTO_TEST_CASE(large_results_that_were_read_do_not_wait_for_the_worker)
{
    results r(1024 * mib);
    const auto place = write(r.worker, 200 * mib, 1);
    r.worker.keep_for(1);
    BOOST_TEST(r.bytes_in_use() >= 200 * mib);
    r.pool->result_of(1, 1024 * mib)->find(place.position, 200 * mib);
    BOOST_TEST(r.bytes_in_use() <= mib);
    BOOST_TEST(holds(write(r.worker, 200 * mib, 2).memory, 200 * mib, 2)); // with memory again
}

// The second time nothing was used, so the kernel is not asked: small tasks are not to pay for it.
BOOST_AUTO_TEST_CASE(what_was_used_is_left_once)
{
    const auto pool = std::make_shared<argument_memory>(16 * mib);
    argument_reader arguments(inherited(pool->worker_descriptor()), 16 * mib);
    const auto call = pool->room_for_call();
    const auto place = write(*call, 4 * mib, 1);
    const std::byte* const argument = arguments.find(place.position, 4 * mib);
    results r(16 * mib);
    const auto result = write(r.worker, 4 * mib, 2);
    r.worker.keep_for(7);
    const auto mapped = [&] {
        const bool is_there = holds(argument, 4 * mib, 1) && holds(result.memory, 4 * mib, 2);
        BOOST_TEST(is_there);
        return std::pair(bytes_mapped(argument, 4 * mib), bytes_mapped(result.memory, 4 * mib));
    };
    const auto leave = [&] {
        arguments.leave();
        r.worker.leave();
        return std::pair(bytes_mapped(argument, 4 * mib), bytes_mapped(result.memory, 4 * mib));
    };
    const std::pair<std::size_t, std::size_t> all(4 * mib, 4 * mib), none(0, 0);
    BOOST_TEST((mapped() == all));
    BOOST_TEST((leave() == none));
    BOOST_TEST((mapped() == all));
    BOOST_TEST((leave() == all));
    arguments.find(place.position, 1);
    r.worker.make_room(mib);
    BOOST_TEST((leave() == none));
}

BOOST_AUTO_TEST_CASE(references_are_not_believed)
{
    results r(8 * mib);
    const auto place = write(r.worker, mib, 1);
    r.worker.keep_for(1);
    const auto result = r.pool->result_of(1, 3 * mib);
    BOOST_CHECK_THROW(result->find(8 * mib, 1), std::range_error);
    BOOST_CHECK_THROW(result->find(8 * mib - 1, 2), std::range_error);
    BOOST_CHECK_THROW(result->find(~std::uint64_t{0}, 2), std::range_error);
    BOOST_CHECK_THROW(result->find(1, ~std::size_t{0}), std::range_error);
    BOOST_CHECK_THROW(result->find(0, 8 * mib), std::length_error);
    BOOST_CHECK_THROW(result->find(4 * mib, mib), std::range_error); // nobody has written there
    // The same place over and over would be a way to any size.
    for (int i = 0; i != 3; ++i)
        BOOST_TEST(holds(result->find(place.position, mib), mib, 1));
    BOOST_CHECK_THROW(result->find(place.position, mib), std::length_error);
    BOOST_TEST(r.bytes_in_use() <= 2 * mib);
}

BOOST_AUTO_TEST_CASE(the_other_side_can_shrink_nothing)
{
    results r(8 * mib);
    BOOST_TEST(::ftruncate(r.pool->worker_descriptor(), 0) != 0);
    BOOST_TEST(::ftruncate(r.pool->worker_descriptor(), 16 * mib) != 0);
}

BOOST_AUTO_TEST_CASE(a_run_over_the_limit_is_refused_before_it_is_copied)
{
    results r(8 * mib, 2 * mib);
    BOOST_CHECK_THROW(r.worker.make_room(2 * mib + 1), tandem::detail::over_limit);
    BOOST_TEST(r.worker.make_room(2 * mib).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
