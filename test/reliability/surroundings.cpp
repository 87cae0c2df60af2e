// Limits and surroundings of workers: that the pool hands them on, and what going over them gives.
#include <support/failing.hpp>
#include <support/preconditions.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::task;
using tandem::worker_limits;

namespace {

std::size_t take(std::uint64_t bytes)
{
    std::vector<char> memory(bytes, 'x');
    std::this_thread::sleep_for(200ms);
    return memory.size();
}

void loop()
{
    volatile unsigned turns = 0;
    for (;;)
        turns = turns + 1;
}

std::string where()
{
    return std::filesystem::current_path().string();
}

std::string variable(const std::string& name)
{
    const char* value = std::getenv(name.c_str());
    return value ? value : "(none)";
}

std::vector<int> niceness_and_cpus()
{
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return {::getpriority(PRIO_PROCESS, 0), CPU_COUNT(&set)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(surroundings)

BOOST_AUTO_TEST_CASE(too_much_address_space, *unsanitized())
{
    processes side(1, {.limits = {.address_space = std::uint64_t{1} << 30}});
    const failure f = fails(side.pool, task<take>(std::uint64_t{4} << 30));
    BOOST_TEST(f.code == errc::memory_limit);
    BOOST_TEST(f.says("1073741824"), f.what);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    BOOST_TEST(side.pool.stats().workers_started == 1U); // it lives on
}

BOOST_AUTO_TEST_CASE(too_much_resident_memory)
{
    processes side(1, {.limits = {.resident_memory = std::uint64_t{300} << 20}});
    BOOST_TEST(get_soon(side.pool.async_run(task<take>(std::uint64_t{10} << 20), asio::use_future)) == 10U << 20);
    const failure f = fails(side.pool, task<take>(std::uint64_t{500} << 20));
    BOOST_TEST(f.code == errc::memory_limit);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    BOOST_TEST(side.pool.stats().workers_died == 1U);
}

BOOST_AUTO_TEST_CASE(too_much_cpu_time)
{
    processes side(1, {.limits = {.cpu_time = 1s, .core_dump_size = 0}});
    const failure f = fails(side.pool, task<loop>());
    BOOST_TEST(f.code == errc::cpu_limit);
    // The limit counts timer ticks and the report what was really used; where other programs run, the two differ.
    BOOST_TEST((f.report.cpu_time >= 500ms), f.report.cpu_time.count());
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(directory_environment_niceness_affinity)
{
    cpu_set_t mine;
    BOOST_REQUIRE(::sched_getaffinity(0, sizeof mine, &mine) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &mine))
        ++first;
    ::setenv("TANDEM_TEST_INHERITED", "yes", 1);
    processes side(1, {.limits = {.niceness = 5,
                                  .cpu_affinity = {first},
                                  .working_directory = "/tmp",
                                  .environment = {{"TANDEM_TEST_SET", "value"}, {"TANDEM_TEST_UNSET", std::nullopt}}}});
    BOOST_TEST(get_soon(side.pool.async_run(task<where>(), asio::use_future)) == "/tmp");
    BOOST_TEST(get_soon(side.pool.async_run(task<variable>("TANDEM_TEST_SET"), asio::use_future)) == "value");
    BOOST_TEST(get_soon(side.pool.async_run(task<variable>("TANDEM_TEST_INHERITED"), asio::use_future)) == "yes");
    const auto numbers = get_soon(side.pool.async_run(task<niceness_and_cpus>(), asio::use_future));
    BOOST_TEST(numbers[0] == ::getpriority(PRIO_PROCESS, 0) + 5);
    BOOST_TEST(numbers[1] == 1);
}

BOOST_AUTO_TEST_CASE(a_limit_that_cannot_be_applied)
{
    processes side(1, {.start_attempts = 1, .limits = {.working_directory = "/nowhere"}});
    const failure f = fails(side.pool, task<add>(1, 2));
    BOOST_TEST(f.code == errc::start_failed);
    BOOST_TEST(f.says("working directory /nowhere"), f.what);
    BOOST_TEST(f.says("No such file"), f.what);
}

BOOST_AUTO_TEST_SUITE_END()
