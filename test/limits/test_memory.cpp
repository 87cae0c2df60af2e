// Memory and core dumps of a worker, and how its limits travel.
#include <limits/child.hpp>
#include <support/preconditions.hpp>
#include <tandem/codec.hpp>
#include <worker/limits.hpp>
#include <worker/memory_use.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <string>

namespace {

using tandem::worker_limits;
using tandem::worker::apply;
using tandem::worker::mapped_bytes;
using tandem::worker::resident_bytes;
using test::in_child;

constexpr std::uint64_t mib = 1 << 20;

// A sanitizer's shadow memory takes terabytes.
constexpr std::uint64_t ample = std::uint64_t{1} << (test::sanitized ? 47 : 36);

std::string limit_of(decltype(RLIMIT_AS) resource)
{
    ::rlimit value{};
    ::getrlimit(resource, &value);
    return std::to_string(value.rlim_cur);
}

std::string allocate(std::size_t size)
{
    try {
        void* volatile memory = ::operator new(size);
        ::operator delete(memory);
        return "allocated";
    } catch (const std::bad_alloc&) {
        return "bad_alloc";
    }
}

constexpr ::rlimit core_limit{0, 8192};

std::string below_a_hard_limit(std::uint64_t size)
{
    return in_child([size] {
               ::setrlimit(RLIMIT_CORE, &core_limit);
               apply({.core_dump_size = size});
               return limit_of(RLIMIT_CORE);
           })
        .said;
}

boost::unit_test::decorator::precondition core_dumps()
{
    return test::precondition(
        [] { return in_child([] { return std::to_string(::setrlimit(RLIMIT_CORE, &core_limit)); }).said == "0"; },
        "core dumps are forbidden here");
}

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(beyond_the_address_space_an_allocation_fails, *test::unsanitized())
{
    const auto end = in_child([] {
        apply({.address_space = mapped_bytes() + 256 * mib});
        return allocate(64 * mib) + ", " + allocate(512 * mib) + ", " + allocate(64 * mib);
    });
    BOOST_TEST(end.said == "allocated, bad_alloc, allocated");
}

BOOST_AUTO_TEST_CASE(the_address_space_is_the_kernels_limit)
{
    BOOST_TEST(in_child([] {
                   ::rlimit free{};
                   ::getrlimit(RLIMIT_AS, &free);
                   apply({.address_space = ample});
                   return limit_of(RLIMIT_AS) == std::to_string(std::min<rlim_t>(ample, free.rlim_max)) ? "as given"
                                                                                                        : "another";
               }).said == "as given");
}

BOOST_AUTO_TEST_CASE(a_lower_hard_limit_of_address_space_stays)
{
    BOOST_TEST(in_child([] {
                   ::rlimit hard{};
                   ::getrlimit(RLIMIT_AS, &hard);
                   hard.rlim_max = std::min<rlim_t>(ample, hard.rlim_max);
                   hard.rlim_cur = hard.rlim_max;
                   ::setrlimit(RLIMIT_AS, &hard);
                   apply({.address_space = 2 * ample});
                   return limit_of(RLIMIT_AS) == std::to_string(hard.rlim_max) ? "stays" : "changed";
               }).said == "stays");
}

BOOST_AUTO_TEST_CASE(less_memory_than_is_in_use_is_refused)
{
    const auto refused = [](const worker_limits& limits, const std::string& begin) {
        const std::string said = in_child([&] {
                                     apply(limits);
                                     return std::string("applied");
                                 }).said;
        BOOST_TEST(said.substr(0, begin.size()) == begin);
        BOOST_TEST(said.find(" in use already: Cannot allocate memory") != std::string::npos, said);
    };
    refused({.address_space = 1000}, "threw: address space 1000 bytes, with ");
    refused({.resident_memory = 1000}, "threw: resident memory 1000 bytes, with ");
}

BOOST_AUTO_TEST_CASE(resident_memory_is_what_was_touched)
{
    const auto end = in_child([]() -> std::string {
        const std::size_t before = resident_bytes();
        const std::size_t mapped_before = mapped_bytes();
        void* memory = ::mmap(nullptr, 64 * mib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return "no memory";
        const std::size_t mapped = resident_bytes();
        auto* bytes = static_cast<volatile char*>(memory);
        for (std::size_t i = 0; i != 64 * mib; i += 4096)
            bytes[i] = 1;
        const std::size_t touched = resident_bytes();
        if (before == 0 || mapped > before + 16 * mib)
            return "too much before: " + std::to_string(before) + ", " + std::to_string(mapped);
        if (touched < mapped + 60 * mib || touched > mapped + 1024 * mib)
            return "touched 64 MiB, found " + std::to_string(touched - mapped);
        if (mapped_bytes() < mapped_before + 64 * mib)
            return "mapped 64 MiB, found " + std::to_string(mapped_bytes() - mapped_before);
        return "as touched";
    });
    BOOST_TEST(end.said == "as touched");
}

BOOST_AUTO_TEST_CASE(no_core_dump_is_the_kernels_limit)
{
    BOOST_TEST(in_child([] {
                   apply({.core_dump_size = 0});
                   return limit_of(RLIMIT_CORE);
               }).said == "0");
}

BOOST_AUTO_TEST_CASE(the_core_dump_size_is_the_kernels_limit, *core_dumps())
{
    BOOST_TEST(below_a_hard_limit(4096) == "4096");
    BOOST_TEST(below_a_hard_limit(8192) == "8192");
}

BOOST_AUTO_TEST_CASE(a_core_dump_size_above_the_hard_limit_is_refused, *core_dumps() * test::unprivileged())
{
    BOOST_TEST(below_a_hard_limit(8193) == "threw: core dump size 8193 bytes: Operation not permitted");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(limits_travel)
{
    const auto there_and_back = [](const worker_limits& limits) {
        tandem::byte_buffer bytes;
        tandem::encode(bytes, limits);
        return tandem::decode<worker_limits>(bytes);
    };
    const worker_limits limits{
        .address_space = std::numeric_limits<std::uint64_t>::max(),
        .resident_memory = 1,
        .cpu_time = std::chrono::milliseconds(1500),
        .core_dump_size = 0,
        .niceness = -7,
        .cpu_affinity = {3, 0, 1024},
        .working_directory = "/a directory",
        .environment = {{"SET", "value"}, {"EMPTY", ""}, {"REMOVED", std::nullopt}},
    };
    BOOST_TEST((there_and_back(limits) == limits));
    BOOST_TEST((there_and_back({}) == worker_limits{}));
    BOOST_TEST(!there_and_back({}).core_dump_size.has_value());
}

} // namespace
