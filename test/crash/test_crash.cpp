// Each way to crash: the true signal, and a trace that says where.
#include "crashes.hpp"
#include "crashing_child.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

using namespace crash_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(a_child_that_does_not_crash_leaves_nothing)
{
    const outcome o = run_child([] {});
    BOOST_CHECK_EQUAL(o.exit_code, 0);
    BOOST_CHECK_EQUAL(o.report.signal, 0);
    BOOST_CHECK_EQUAL(o.report.stack_trace, "");
}

BOOST_AUTO_TEST_CASE(null_write)
{
    const outcome o = run_child(crashes::write_to_null);
    check_crash(o, SIGSEGV, "crashes::write_to_null");
    BOOST_CHECK(!o.report.stack_overflow);
}

BOOST_AUTO_TEST_CASE(abort)
{
    check_crash(run_child(crashes::call_abort), SIGABRT, "crashes::call_abort");
}

BOOST_AUTO_TEST_CASE(mapping_past_its_file)
{
    check_crash(run_child(crashes::read_past_file), SIGBUS, "crashes::read_past_file");
}

BOOST_AUTO_TEST_CASE(division_by_zero)
{
    check_crash(run_child(crashes::divide_by_zero), SIGFPE, "crashes::divide_by_zero");
}

BOOST_AUTO_TEST_CASE(illegal_instruction)
{
    check_crash(run_child(crashes::run_illegal_instruction), SIGILL, "crashes::run_illegal_instruction");
}

BOOST_AUTO_TEST_CASE(signal_from_outside)
{
    check_crash(run_child([] { ::kill(::getpid(), SIGSEGV); }), SIGSEGV);
}

BOOST_AUTO_TEST_CASE(stack_overflow)
{
    const outcome o = run_child(crashes::recurse_forever);
    check_crash(o, SIGSEGV, "descend(int)");
    BOOST_CHECK_EQUAL(o.report.stack_overflow, is_ours(SIGSEGV));
}

BOOST_AUTO_TEST_CASE(stack_overflow_by_large_frames)
{
    const outcome o = run_child(crashes::recurse_with_large_frames);
    check_crash(o, SIGSEGV, "descend_far(int)");
    BOOST_CHECK_EQUAL(o.report.stack_overflow, is_ours(SIGSEGV));
}

BOOST_AUTO_TEST_CASE(uncaught_exception)
{
    check_crash(run_child(crashes::throw_uncaught), SIGABRT, "crashes::throw_uncaught");
}

BOOST_AUTO_TEST_CASE(call_of_a_null_pointer)
{
    check_crash(run_child(crashes::call_null), SIGSEGV, "crashes::call_null");
}

BOOST_AUTO_TEST_CASE(other_thread)
{
    check_crash(run_child([] { std::thread(crashes::write_to_null).join(); }), SIGSEGV, "crashes::write_to_null");
    check_crash(run_child([] { std::thread(crashes::call_abort).join(); }), SIGABRT, "crashes::call_abort");
}

// The handler's frames are not shown, nor what called main.
BOOST_AUTO_TEST_CASE(trace_begins_and_ends_in_the_program, *handled(SIGSEGV) * named())
{
    const std::string trace = run_child(crashes::write_to_null).report.stack_trace;
    BOOST_TEST_INFO(trace);
    BOOST_CHECK(trace.starts_with("#0 crashes::write_to_null"));
    BOOST_TEST_INFO(trace);
    BOOST_CHECK(trace.substr(0, trace.find('\n')).find("crashes.cpp:") != std::string::npos);
    BOOST_TEST_INFO(trace);
    BOOST_CHECK(trace.find("main", trace.rfind("\n#")) != std::string::npos);
    BOOST_TEST_INFO(trace);
    BOOST_CHECK(trace.find("__libc_start_") == std::string::npos);
}

namespace {

// The first function of the trace is this one, or the other, and no line has what is the libraries' or tandem's.
void check_own(const outcome& o, int signal, const std::string& function, const std::string& other_function = "none")
{
    check_crash(o, signal);
    if (!is_ours(signal) || !has_names())
        return;
    const std::string& trace = o.report.stack_trace;
    BOOST_TEST((trace.starts_with("#0 crashes::" + function) || trace.starts_with("#0 crashes::" + other_function)),
               function << ":\n" << trace);
    for (const char* other : {" abort", " raise", "pthread_kill", "std::terminate", "__cxa_throw", "libc.so", "libstdc++", "libgcc",
                              "std::vector<int>::at", "__libc_start", "start_thread", " tandem::detail", " tandem::worker"})
        BOOST_TEST(trace.find(other) == std::string::npos, function << ", " << other << ":\n" << trace);
}

} // namespace

BOOST_AUTO_TEST_CASE(trace_begins_below_what_raises_the_signal)
{
    check_own(run_child(crashes::call_abort), SIGABRT, "call_abort");
    check_own(run_child(crashes::fail_an_assertion), SIGABRT, "fail_an_assertion");
    check_own(run_child([] { std::thread(crashes::call_abort).join(); }), SIGABRT, "call_abort");
}

BOOST_AUTO_TEST_CASE(trace_begins_below_what_nobody_catches)
{
    // Clang's code has left the function that throws.
    check_own(run_child(crashes::throw_uncaught), SIGABRT, "throw_uncaught", "(anonymous namespace)::throw_error");
    check_own(run_child(crashes::go_past_a_vectors_end), SIGABRT, "go_past_a_vectors_end");
}

BOOST_AUTO_TEST_CASE(trace_begins_below_a_function_of_the_c_library, *handled(SIGSEGV))
{
    check_own(run_child(crashes::copy_to_null), SIGSEGV, "copy_to_null");
}

BOOST_AUTO_TEST_CASE(trace_ends_with_the_tasks_function, *handled(SIGSEGV) * named())
{
    const std::string trace = run_child(crashes::run_a_task).report.stack_trace;
    BOOST_TEST_INFO(trace);
    BOOST_CHECK(trace.starts_with("#0 crashes::(anonymous namespace)::is_less(int, int)"));
    const std::string last = trace.substr(trace.rfind("\n#"));
    BOOST_TEST(last.find("crashes::(anonymous namespace)::sort_badly(std::vector<int>)") != std::string::npos, trace);
}

BOOST_AUTO_TEST_CASE(handlers_of_the_program_are_left_alone)
{
    const outcome o = run_child(crashes::write_to_null, [] { ::signal(SIGSEGV, [](int) { ::_exit(42); }); });
    BOOST_CHECK_EQUAL(o.exit_code, 42);
    BOOST_CHECK_EQUAL(o.report.signal, 0);
}

BOOST_AUTO_TEST_CASE(a_crashing_fork_of_the_worker_is_not_the_workers_crash)
{
    const outcome o = run_child([] {
        if (const pid_t pid = ::fork(); pid == 0)
            crashes::call_abort();
        std::this_thread::sleep_for(200ms);
    });
    BOOST_CHECK_EQUAL(o.exit_code, 0);
    BOOST_CHECK_EQUAL(o.report.signal, 0);
}

BOOST_AUTO_TEST_SUITE_END()
