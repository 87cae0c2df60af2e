// Niceness, CPUs, directory and environment of a worker.
#include <limits/child.hpp>
#include <support/preconditions.hpp>
#include <worker/limits.hpp>
#include <worker/marker.hpp>

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

namespace {

using tandem::worker_limits;
using tandem::worker::apply;
using test::in_child;

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? '"' + std::string(value) + '"' : "none";
}

std::string niceness()
{
    return std::to_string(::getpriority(PRIO_PROCESS, 0));
}

std::string cpus()
{
    cpu_set_t set;
    CPU_ZERO(&set);
    ::sched_getaffinity(0, sizeof set, &set);
    std::string found;
    for (std::size_t cpu = 0; cpu != CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set))
            found += (found.empty() ? "" : " ") + std::to_string(cpu);
    return found;
}

std::string there()
{
    char path[4096];
    return ::getcwd(path, sizeof path) ? path : "nowhere";
}

std::string in_new_thread(std::string (*look)())
{
    std::string seen;
    std::thread([&] { seen = look(); }).join();
    return seen;
}

std::string after(const worker_limits& limits, std::string (*look)())
{
    return in_child([&] {
               apply(limits);
               return look();
           })
        .said;
}

std::string failure_of(const worker_limits& limits)
{
    return after(limits, [] { return std::string("applied"); });
}

BOOST_AUTO_TEST_SUITE(surroundings)

BOOST_AUTO_TEST_CASE(nothing_is_touched_by_default)
{
    const auto everything = [] {
        std::string all = niceness() + "; " + cpus() + "; " + there() + "; " + variable("PATH");
        for (const auto resource : {RLIMIT_AS, RLIMIT_CPU, RLIMIT_CORE, RLIMIT_RSS}) {
            ::rlimit value{};
            ::getrlimit(resource, &value);
            all += "; " + std::to_string(value.rlim_cur) + " of " + std::to_string(value.rlim_max);
        }
        return all;
    };
    BOOST_TEST(after({}, everything) == everything());
}

BOOST_AUTO_TEST_CASE(niceness_is_added_to_what_was_inherited)
{
    const int here = ::getpriority(PRIO_PROCESS, 0);
    BOOST_TEST(after({.niceness = 3}, niceness) == std::to_string(std::min(here + 3, 19)));
    BOOST_TEST(after({.niceness = 39}, niceness) == "19");
}

BOOST_AUTO_TEST_CASE(threads_started_later_have_the_niceness_and_the_cpus_too)
{
    const int first = std::stoi(cpus());
    const worker_limits limits{.niceness = 19, .cpu_affinity = {first}};
    BOOST_TEST(after(limits, [] { return in_new_thread(niceness); }) == after(limits, niceness));
    BOOST_TEST(after(limits, [] { return in_new_thread(cpus); }) == std::to_string(first));
}

BOOST_AUTO_TEST_CASE(a_niceness_that_cannot_be_is_refused)
{
    BOOST_TEST(failure_of({.niceness = 40}) == "threw: niceness 40: Invalid argument");
    BOOST_TEST(failure_of({.niceness = -40}) == "threw: niceness -40: Invalid argument");
}

BOOST_AUTO_TEST_CASE(a_lower_niceness_is_refused, *test::unprivileged())
{
    BOOST_TEST(failure_of({.niceness = -39}) == "threw: niceness -39: Permission denied");
}

BOOST_AUTO_TEST_CASE(affinity_is_what_was_given)
{
    const std::string before = cpus();
    const int first = std::stoi(before);
    const int last = std::stoi(before.substr(before.find_last_of(' ') + 1)); // from its start if there is only one
    BOOST_TEST(after({.cpu_affinity = {first}}, cpus) == std::to_string(first));
    BOOST_TEST(after({.cpu_affinity = {last, last}}, cpus) == std::to_string(last));
    if (first != last) // else the row before was the same
        BOOST_TEST(after({.cpu_affinity = {last, first}}, cpus) == std::to_string(first) + ' ' + std::to_string(last));
}

BOOST_AUTO_TEST_CASE(cpus_that_are_not_there_are_refused)
{
    const int first = std::stoi(cpus());
    BOOST_TEST(failure_of({.cpu_affinity = {65535}}) == "threw: CPU affinity 65535: Invalid argument");
    BOOST_TEST(failure_of({.cpu_affinity = {first, 65535}}) ==
               "threw: CPU affinity " + std::to_string(first) +
                   " 65535, of which CPU 65535 cannot be used: Invalid argument");
    BOOST_TEST(failure_of({.cpu_affinity = {65536}}) ==
               "threw: CPU affinity 65536, of which there is no CPU 65536: Invalid argument");
    BOOST_TEST(failure_of({.cpu_affinity = {-1}}) ==
               "threw: CPU affinity -1, of which there is no CPU -1: Invalid argument");
}

BOOST_AUTO_TEST_CASE(the_working_directory_is_changed)
{
    BOOST_TEST(after({.working_directory = "/"}, there) == "/");
    BOOST_TEST(after({.working_directory = "/proc/../"}, there) == "/");
    BOOST_TEST(in_child([] {
                   apply({.working_directory = "/"});
                   apply({.working_directory = "proc"}); // from where it is
                   return there();
               }).said == "/proc");
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_one_is_refused)
{
    BOOST_TEST(failure_of({.working_directory = "/nowhere"}) ==
               "threw: working directory /nowhere: No such file or directory");
    BOOST_TEST(failure_of({.working_directory = "/dev/null"}) == "threw: working directory /dev/null: Not a directory");
    BOOST_TEST(failure_of({.working_directory = std::string("/\0tmp", 5)}) ==
               "threw: working directory with a zero byte: Invalid argument");
}

BOOST_AUTO_TEST_CASE(variables_are_set_and_removed_and_others_stay)
{
    const worker_limits limits{.environment = {{"TANDEM_TEST_NEW", "a=b c"},
                                               {"TANDEM_TEST_EMPTY", ""},
                                               {"TANDEM_TEST_OLD", "new"},
                                               {"TANDEM_TEST_GONE", std::nullopt},
                                               {"TANDEM_TEST_NEVER_THERE", std::nullopt}}};
    BOOST_TEST(in_child([&] {
                   for (const char* name : {"TANDEM_TEST_OLD", "TANDEM_TEST_GONE", "TANDEM_TEST_KEPT"})
                       ::setenv(name, "old", 1);
                   apply(limits);
                   std::string all;
                   for (const char* name : {"NEW", "EMPTY", "OLD", "GONE", "NEVER_THERE", "KEPT"})
                       all += variable((std::string("TANDEM_TEST_") + name).c_str()) + ' ';
                   return all;
               }).said == R"("a=b c" "" "new" none none "old" )");
}

BOOST_AUTO_TEST_CASE(variables_that_cannot_be_are_refused)
{
    const std::string begin = "threw: environment variable ";
    BOOST_TEST(failure_of({.environment = {{"", "x"}}}) == begin + "\"\": Invalid argument");
    BOOST_TEST(failure_of({.environment = {{"A=B", "x"}}}) == begin + "\"A=B\": Invalid argument");
    BOOST_TEST(failure_of({.environment = {{"A=B", std::nullopt}}}) == begin + "\"A=B\": Invalid argument");
    BOOST_TEST(failure_of({.environment = {{"A", std::string(1, '\0')}}}) ==
               begin + "\"A\" with a zero byte in its value: Invalid argument");
    for (const std::string own : {tandem::worker::marker_variable, tandem::worker::depth_variable})
        BOOST_TEST(failure_of({.environment = {{own, std::nullopt}}}) ==
                   begin + '"' + own + "\": Operation not permitted");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
