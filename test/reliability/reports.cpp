// What an error's report says about the run that failed, and about those before it.
#include <support/failing.hpp>
#include <support/sanitizer.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::retry_cause;
using tandem::task;

namespace test {

// Not static, and not inlined, so that a stack trace can name them.
[[gnu::noinline]] void write_to(volatile int* where)
{
    *where = 1;
}

[[gnu::noinline]] int overflow(int depth)
{
    volatile char room[1024];
    room[0] = static_cast<char>(depth);
    return depth < 0 ? 0 : overflow(depth + 1) + room[0];
}

} // namespace test

namespace {

void no_core_dump()
{
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

int crash(const std::string& how)
{
    no_core_dump();
    std::fprintf(stderr, "about to crash: %s\n", how.c_str());
    if (how == "segv")
        write_to(nullptr);
    if (how == "abort")
        std::abort();
    if (how == "overflow")
        return overflow(0);
    ::raise(how == "fpe" ? SIGFPE : how == "ill" ? SIGILL : SIGBUS);
    return 0;
}

std::string last_line(const std::string& text)
{
    const auto begin = text.rfind('\n', text.size() - 2);
    return text.substr(begin == std::string::npos ? 0 : begin + 1);
}

int burn_and_die(std::int64_t milliseconds)
{
    std::vector<char> memory(64 << 20, 'x');
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    volatile unsigned turns = 0;
    while (std::chrono::steady_clock::now() < end)
        turns = turns + 1;
    return die("kill") + memory[turns % memory.size()];
}

int die_as_told(const std::string& gate_path)
{
    const std::size_t times = announce(gate_path);
    return times <= 2 ? die(times == 1 ? "kill" : "exit") : static_cast<int>(times);
}

} // namespace

BOOST_AUTO_TEST_SUITE(reports)

BOOST_AUTO_TEST_CASE(a_crash_has_a_stack_trace)
{
    processes side(1);
    const struct
    {
        const char* how;
        int signal;
        const char* function;
    } crashes[] = {{"segv", SIGSEGV, "test::write_to(int volatile*)"},
                   {"abort", SIGABRT, "(anonymous namespace)::crash(std::string const&)"},
                   {"fpe", SIGFPE, "(anonymous namespace)::crash(std::string const&)"},
                   {"ill", SIGILL, "(anonymous namespace)::crash(std::string const&)"},
                   {"bus", SIGBUS, "(anonymous namespace)::crash(std::string const&)"},
                   {"overflow", SIGSEGV, "test::overflow(int)"}};
    for (const auto& c : crashes) {
        const failure f = fails(side.pool, task<crash>(c.how));
        BOOST_TEST(f.code == errc::worker_died, c.how);
        if (sanitized)
            continue; // the sanitizer handles these signals
        BOOST_TEST(f.report.signal.value_or(0) == c.signal, c.how);
        BOOST_TEST(f.report.stack_trace.starts_with(std::string("#0 ") + c.function), c.how << ":\n" << f.report.stack_trace);
        if (!f.report.stack_overflow) // that has more frames than a trace can have
            BOOST_TEST(last_line(f.report.stack_trace).find("(anonymous namespace)::crash(std::string const&)") != std::string::npos,
                       c.how << ":\n" << f.report.stack_trace);
        BOOST_TEST(f.says("task (anonymous namespace)::crash: "), f.what);
        BOOST_TEST(f.report.stack_overflow == (std::string(c.how) == "overflow"), c.how);
        BOOST_TEST(f.says(std::string("crashed in ") + c.function), f.what);
        BOOST_TEST(f.report.stderr_tail.find(std::string("about to crash: ") + c.how) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(what_the_attempt_took)
{
    processes side(1);
    const int first = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    const failure f = fails(side.pool, task<burn_and_die>(300), {.label = "burning"});
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.report.pid == first);
    BOOST_TEST(f.report.worker == 1U);
    BOOST_TEST(f.report.attempts == 1U);
    BOOST_TEST(f.report.label == "burning");
    BOOST_TEST(f.report.signal.value_or(0) == SIGKILL);
    BOOST_TEST(!f.report.exit_code.has_value());
    BOOST_TEST(!f.report.core_dumped);
    BOOST_TEST((f.report.run_time >= 300ms), f.report.run_time.count());
    BOOST_TEST((f.report.cpu_time > 0ms && f.report.cpu_time <= f.report.run_time + 1s), f.report.cpu_time.count());
    BOOST_TEST(f.report.peak_memory >= 64 << 20);
    BOOST_TEST(f.says("burning"));
    BOOST_TEST(f.says("signal 9"));
}

BOOST_AUTO_TEST_CASE(a_task_that_keeps_killing_is_given_up_with_all_its_reports)
{
    processes side(2);
    const gate place;
    const failure f = fails(side.pool, task<die_as_told>(place.path()), {.retries = 1});
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.report.attempts == 2U);
    BOOST_REQUIRE(f.report.earlier.size() == 1U);
    BOOST_TEST(f.report.earlier[0].signal.value_or(0) == SIGKILL);
    BOOST_TEST(f.report.exit_code.value_or(0) == 7);
    BOOST_TEST(f.report.earlier[0].pid != f.report.pid);
    BOOST_TEST((f.report.earlier[0].code == errc::worker_died));
    BOOST_TEST(side.pool.stats().retried == 1U);
    BOOST_TEST(f.says("attempt 2"));
}

BOOST_AUTO_TEST_CASE(a_retry_succeeds_in_the_end)
{
    processes side(2);
    const gate place;
    const recording<int> seen;
    side.pool.async_run(task<die_as_told>(place.path()), {.retries = 2}, seen.handler());
    BOOST_TEST(seen.take() == 3);
}

BOOST_AUTO_TEST_CASE(only_the_wanted_cause_is_retried)
{
    processes side(1);
    const gate place;
    BOOST_TEST(fails(side.pool, task<die_as_told>(place.path()), {.retries = 5, .retry_on = retry_cause::run_timeout})
                   .report.attempts == 1U);
    const failure f = fails(side.pool, task<hold_stubbornly>(place.path()),
                            {.run_timeout = 50ms, .retries = 5, .retry_on = retry_cause::worker_died});
    BOOST_TEST(f.code == errc::run_timeout);
    BOOST_TEST(f.report.attempts == 1U);
    const failure again = fails(side.pool, task<hold_stubbornly>(place.path()),
                                {.run_timeout = 50ms, .retries = 1, .retry_on = retry_cause::run_timeout});
    BOOST_TEST(again.code == errc::run_timeout);
    BOOST_TEST(again.report.attempts == 2U);
}

BOOST_AUTO_TEST_CASE(retries_wait_for_longer_and_longer)
{
    processes side(1);
    const gate place;
    const auto start = std::chrono::steady_clock::now();
    const recording<int> seen;
    side.pool.async_run(task<die_as_told>(place.path()), {.retries = 2, .retry_delay = 100ms}, seen.handler());
    BOOST_TEST(seen.take() == 3);
    BOOST_TEST((std::chrono::steady_clock::now() - start >= 300ms)); // 100 and 200
}

BOOST_AUTO_TEST_SUITE_END()
