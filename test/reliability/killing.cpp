// Whom a kill reaches: tasks that left their process group, and workers that this program may not signal any more.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/preconditions.hpp>
#include <support/process_state.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using asio::error::operation_aborted;
using tandem::errc;
using tandem::shutdown_mode;
using tandem::task;

namespace {

// Into the group of the program. Nobody may send anything to that: it is the test's own.
void leave_group(const std::string& gate_path)
{
    if (const pid_t child = ::fork(); child == 0) { // which stays in the worker's group
        announce(gate_path);
        for (;;)
            ::pause();
    }
    if (::setpgid(0, ::getpgid(::getppid())) != 0)
        throw std::runtime_error("the group cannot be left");
    announce(gate_path);
    for (;;)
        ::pause();
}

void leave_group_and_take(const std::string& gate_path, std::uint64_t bytes)
{
    if (::setpgid(0, ::getpgid(::getppid())) != 0)
        throw std::runtime_error("the group cannot be left");
    announce(gate_path);
    std::vector<char> memory(bytes, 'x');
    for (;;)
        ::pause();
}

// Those that announced themselves are gone, or go at last.
void check_all_gone(const gate& place)
{
    for (const int pid : place.pids()) {
        const bool gone = eventually([pid] { return has_ended(pid); }, 3000ms);
        BOOST_TEST(gone, describe_process(std::to_string(pid)));
        if (!gone)
            ::kill(pid, SIGKILL);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(killing)

BOOST_AUTO_TEST_CASE(a_deadline_ends_a_task_that_left_its_group)
{
    const gate place;
    processes side(1);
    BOOST_TEST(fails(side.pool, task<leave_group>(place.path()), {.run_timeout = 300ms}).code == errc::run_timeout);
    BOOST_TEST(place.begun() == 2U);
    check_all_gone(place);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(so_does_a_cancellation)
{
    const gate place;
    processes side(1);
    asio::cancellation_signal signal;
    const recording<void> seen;
    side.pool.async_run(task<leave_group>(place.path()), asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    BOOST_REQUIRE(place.wait_for_begun(2));
    signal.emit(asio::cancellation_type::terminal);
    BOOST_TEST(failure_of(seen).code == operation_aborted);
    check_all_gone(place);
}

BOOST_AUTO_TEST_CASE(so_does_a_shutdown)
{
    const gate place;
    processes side(1);
    const recording<void> seen, end;
    side.pool.async_run(task<leave_group>(place.path()), seen.handler());
    BOOST_REQUIRE(place.wait_for_begun(2));
    side.pool.async_shutdown(shutdown_mode::kill, end.handler());
    BOOST_TEST(failure_of(end).what == "no error");
    BOOST_TEST(failure_of(seen).code == operation_aborted);
    check_all_gone(place);
}

BOOST_AUTO_TEST_CASE(so_does_the_destructor)
{
    const gate place;
    const recording<void> seen;
    const leak_check leaks;
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool(std::in_place, context,
                                             tandem::process_pool_options{.workers = 1, .stop_timeout = 0ns});
    pool->async_run(task<leave_group>(place.path()), seen.handler());
    BOOST_REQUIRE(place.wait_for_begun(2));
    const auto start = std::chrono::steady_clock::now();
    pool.reset();
    BOOST_TEST((std::chrono::steady_clock::now() - start < 4s)); // before the process is given up
    BOOST_TEST(failure_of(seen).code == operation_aborted);
    check_all_gone(place);
}

BOOST_AUTO_TEST_CASE(so_does_a_memory_limit)
{
    const gate place;
    processes side(1, {.limits = {.resident_memory = std::uint64_t{300} << 20}});
    const failure f = fails(side.pool, task<leave_group_and_take>(place.path(), std::uint64_t{500} << 20));
    BOOST_TEST(f.code == errc::memory_limit);
    BOOST_TEST((f.report.signal == SIGKILL), f.what);
    check_all_gone(place);
}

namespace {

// The program dropped, which may not signal its worker: what it says is in the log.
void check_dropped(const char* how)
{
    for (const char* end : {"deadline", "cancellation", "shutdown", "destructor"}) {
        const gate place;
        std::string program = TANDEM_DROPPED, folder = place.path(), dropped = how, ends = end;
        char* const argv[] = {program.data(), folder.data(), dropped.data(), ends.data(), nullptr};
        pid_t pid = -1;
        BOOST_REQUIRE(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ) == 0);
        int status = -1;
        const bool ended = eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; });
        if (!ended) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
        BOOST_TEST(status == 0, how << ", " << end << ": status " << status);
        BOOST_TEST(place.begun() == 1U);
        check_all_gone(place);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(a_worker_ends_itself_where_the_program_may_not_kill)
{
    check_dropped("filter");
}

BOOST_AUTO_TEST_CASE(and_where_the_program_became_another_user, *privileged())
{
    check_dropped("user");
}

BOOST_AUTO_TEST_SUITE_END()
