// Shutdown's ladder, contexts that stop or go before their pool, programs that end with workers at work.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/memory.hpp>
#include <support/process_state.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <descriptor.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <thread>

using namespace test;
using namespace std::chrono_literals;
using asio::error::operation_aborted;
using tandem::errc;
using tandem::shutdown_mode;
using tandem::shutdown_options;
using tandem::task;

namespace {

// A grandchild that keeps everything open, and would outlive its parent. Its id.
int leave_a_child(const std::string& gate_path)
{
    const pid_t child = ::fork();
    if (child == 0)
        for (;;)
            ::pause();
    announce(gate_path);
    return child;
}

// A grandchild in a session of its own that keeps the output open. Its id.
int leave_a_daemon()
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        for (;;)
            ::pause();
    }
    return child;
}

// Nothing more can come of its output.
void hold_without_output(const std::string& gate_path)
{
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
    hold_stubbornly(gate_path);
}

void print_without_end(const std::string& gate_path)
{
    announce(gate_path);
    for (;;)
        std::fprintf(stderr, "%099d\n", 0);
}

int hold_and_tell(const std::string& gate_path)
{
    const int why = hold(gate_path);
    announce(gate_path);
    return why;
}

// More than a pipe holds.
constexpr std::size_t much = 300'000;

void hold_and_print_much(const std::string& gate_path)
{
    hold(gate_path);
    for (std::size_t printed = 0; printed < much; printed += 100)
        std::fprintf(stderr, "%099d\n", 0);
}

std::string hold_and_return_much(const std::string& gate_path)
{
    hold(gate_path);
    return std::string(much, 'x');
}

template <auto function>
void check_end_of(tandem::worker_output output)
{
    const gate place;
    leak_check leaks;
    asio::io_context context;
    std::optional<tandem::process_pool> pool;
    pool.emplace(context, tandem::process_pool_options{
                              .workers = 1, .output = std::move(output), .shared_memory = 0, .stop_timeout = long_time});
    pool->async_run(task<function>(place.path()), asio::detached);
    std::thread running([&] { context.run(); });
    BOOST_TEST(place.wait_for_begun());
    context.stop();
    running.join();
    const auto start = std::chrono::steady_clock::now();
    pool.reset();
    BOOST_TEST((std::chrono::steady_clock::now() - start < long_time / 2));
    context.restart();
    context.run();
}

} // namespace

BOOST_AUTO_TEST_SUITE(endings)

BOOST_AUTO_TEST_CASE(the_ladder_is_climbed_rung_by_rung)
{
    processes side(1);
    const gate place;
    const recording<int> running, queued;
    side.pool.async_run(task<hold_stubbornly>(place.path()), running.handler());
    side.pool.async_run(task<add>(1, 2), queued.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    const auto start = std::chrono::steady_clock::now();
    get_soon(side.pool.async_shutdown(shutdown_options{.mode = shutdown_mode::drain,
                                                       .drain_timeout = 50ms,
                                                       .cancel_queued_timeout = 50ms,
                                                       .stop_timeout = 50ms},
                                      asio::use_future));
    BOOST_TEST((std::chrono::steady_clock::now() - start >= 150ms));
    BOOST_TEST(failure_of(running).code == operation_aborted);
    BOOST_TEST(failure_of(queued).code == operation_aborted);
}

BOOST_AUTO_TEST_CASE(who_stops_when_asked_is_not_killed)
{
    processes side(1);
    const gate place;
    const recording<int> running;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    get_soon(side.pool.async_shutdown(shutdown_options{.drain_timeout = 20ms, .cancel_queued_timeout = 20ms},
                                      asio::use_future));
    BOOST_TEST(running.take() == asked_to_stop);
}

BOOST_AUTO_TEST_CASE(the_destructor_asks_first)
{
    for (const bool waits : {true, false}) {
        const gate place;
        leak_check leaks;
        asio::thread_pool context{1};
        std::optional<tandem::process_pool> pool;
        pool.emplace(context, tandem::process_pool_options{
                                  .workers = 1, .stop_timeout = waits ? std::chrono::nanoseconds(long_time) : 0ns});
        const recording<int> seen;
        pool->async_run(task<hold_and_tell>(place.path()), seen.handler());
        BOOST_REQUIRE(place.wait_for_begun());
        pool.reset();
        BOOST_TEST(failure_of(seen).code == operation_aborted);
        BOOST_TEST(place.begun() == (waits ? 2U : 1U)); // whether it was left the time to tell
    }
}

BOOST_AUTO_TEST_CASE(the_destructor_reads_what_a_task_writes_before_it_stops)
{
    check_end_of<hold_and_print_much>(tandem::worker_output::discard());
    check_end_of<hold_and_return_much>(tandem::worker_output::discard());
}

BOOST_AUTO_TEST_CASE(no_line_is_passed_on_after_the_destructor_has_returned)
{
    int lines = 0;
    check_end_of<hold_and_print_much>(tandem::worker_output::lines([&](const tandem::output_line&) { ++lines; }));
    BOOST_TEST(lines == 0);
}

BOOST_AUTO_TEST_CASE(the_destructor_does_not_wait_for_a_daemon_that_keeps_the_output_open)
{
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool;
    pool.emplace(context, tandem::process_pool_options{.workers = 1, .stop_timeout = long_time});
    const pid_t left = get_soon(pool->async_run(task<leave_a_daemon>(), asio::use_future));
    const auto start = std::chrono::steady_clock::now();
    pool.reset();
    const auto took = std::chrono::steady_clock::now() - start;
    const bool is_alive = !has_ended(left);
    ::kill(left, SIGKILL);
    BOOST_TEST(is_alive);
    BOOST_TEST((took < long_time / 2));
}

// What is at its end is always readable.
BOOST_AUTO_TEST_CASE(the_destructor_sleeps_while_it_waits_for_a_worker_whose_output_is_closed)
{
    const auto cpu_time = [] {
        timespec now{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    };
    const gate place;
    leak_check leaks;
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool;
    pool.emplace(context, tandem::process_pool_options{.workers = 1, .stop_timeout = 1s});
    pool->async_run(task<hold_without_output>(place.path()), asio::detached);
    BOOST_REQUIRE(place.wait_for_begun());
    const auto before = cpu_time();
    const auto start = std::chrono::steady_clock::now();
    pool.reset();
    const auto took = std::chrono::steady_clock::now() - start;
    const auto used = cpu_time() - before;
    BOOST_TEST((took >= 1s)); // it was killed only then
    BOOST_TEST((used < 200ms), std::chrono::duration_cast<std::chrono::milliseconds>(used).count() << " ms");
}

// Lines that the callback will not get are not kept.
BOOST_AUTO_TEST_CASE(the_destructor_takes_no_memory_for_what_is_printed_meanwhile)
{
    for (const bool is_inherited : {false, true}) {
        const tandem::descriptor own(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
        const tandem::descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
        ::dup2(nowhere.get(), STDERR_FILENO);
        const gate place;
        asio::io_context context;
        tandem::process_pool_options options{.workers = 1, .stop_timeout = 1s};
        if (!is_inherited)
            options.output = tandem::worker_output::lines([](const tandem::output_line&) {});
        std::optional<tandem::process_pool> pool(std::in_place, context, options);
        pool->async_run(task<print_without_end>(place.path()), asio::detached);
        while (place.begun() == 0 && context.run_one_for(long_time) != 0) {
        }
        const std::size_t before = allocated_memory();
        pool.reset();
        const std::size_t after = allocated_memory();
        ::dup2(own.get(), STDERR_FILENO);
        BOOST_TEST(after < before + (std::size_t{1} << 20), after << " bytes, " << before << " before");
    }
}

BOOST_AUTO_TEST_CASE(grandchildren_go_with_their_worker)
{
    const gate place;
    int child = 0;
    {
        processes side(1);
        child = get_soon(side.pool.async_run(task<leave_a_child>(place.path()), asio::use_future));
        BOOST_TEST(!has_ended(child));
        BOOST_TEST(fails(side.pool, task<die>("kill")).code == errc::worker_died);
        BOOST_TEST(eventually([&] { return has_ended(child); }, 3000ms));
        child = get_soon(side.pool.async_run(task<leave_a_child>(place.path()), asio::use_future));
    }
    BOOST_TEST(eventually([&] { return has_ended(child); }, 3000ms));
}

BOOST_AUTO_TEST_CASE(a_context_that_is_destroyed_before_its_pool)
{
    leak_check leaks;
    const gate place;
    std::optional<tandem::process_pool> pool;
    const recording<int> running, queued;
    {
        asio::io_context context;
        pool.emplace(context, tandem::process_pool_options{.workers = 1});
        pool->async_run(task<hold_stubbornly>(place.path()), running.handler());
        pool->async_run(task<add>(1, 2), queued.handler());
        while (place.begun() == 0 && context.run_one_for(long_time) != 0) {
        }
        BOOST_TEST(place.begun() == 1U);
    }
    BOOST_TEST(running.calls() == 0); // destroyed, as Asio does
    BOOST_TEST(queued.calls() == 0);
    pool.reset();
}

BOOST_AUTO_TEST_CASE(a_context_that_stops_and_goes_on)
{
    leak_check leaks;
    asio::io_context context;
    tandem::process_pool pool(context, {.workers = 2});
    int completed = 0;
    for (int i = 0; i != 10; ++i)
        pool.async_run(task<add>(1, i), [&](const std::exception_ptr& e, int) {
            BOOST_TEST(!e);
            if (++completed == 3)
                context.stop();
        });
    context.run_for(long_time);
    BOOST_TEST(completed >= 3);
    context.restart();
    context.run_for(long_time);
    BOOST_TEST(completed == 10);
}

BOOST_AUTO_TEST_CASE(a_context_that_stops_and_is_destroyed_after_the_pool)
{
    leak_check leaks;
    const gate place;
    asio::io_context context;
    const recording<int> seen;
    {
        tandem::process_pool pool(context, {.workers = 1});
        pool.async_run(task<hold_stubbornly>(place.path()), seen.handler());
        context.run_for(200ms);
        context.stop();
    }
    context.restart();
    context.run_for(long_time);
    BOOST_TEST(failure_of(seen).code == operation_aborted);
}

// Programs that end while their workers loop for ever.
BOOST_AUTO_TEST_CASE(nothing_outlives_a_program_however_it_ends)
{
    for (const char* how : {"exit", "return", "static", "quick_exit", "abort", "stopped"}) {
        const gate place;
        std::string program = TANDEM_ENDLESS, end = how, path = place.path();
        char* const argv[] = {program.data(), path.data(), end.data(), nullptr};
        pid_t pid = -1;
        BOOST_REQUIRE(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ) == 0);
        BOOST_TEST(place.wait_for_begun(2), how);
        if (end == "stopped") {
            ::kill(pid, SIGSTOP);
            std::this_thread::sleep_for(50ms);
            ::kill(pid, SIGKILL);
        }
        int status = 0;
        BOOST_TEST(::waitpid(pid, &status, 0) == pid);
        const auto ended = std::chrono::steady_clock::now();
        for (const int worker : place.pids())
            BOOST_TEST(eventually([&] { return has_ended(worker); }, 1000ms), how << ": worker " << worker);
        BOOST_TEST_MESSAGE(how << ": gone after "
                               << std::chrono::duration_cast<std::chrono::milliseconds>(
                                      std::chrono::steady_clock::now() - ended)
                                      .count()
                               << " ms");
    }
}

BOOST_AUTO_TEST_SUITE_END()
