// Crashes that are in the way of their own handling: the process ends all the same, by its signal and in time.
#include "crashes.hpp"
#include "crashing_child.hpp"

#include <boost/test/unit_test.hpp>

#include <link.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

using namespace crash_test;

namespace {

// Two waits of two seconds, on a slow machine.
constexpr double longest = 15;

void hold_loader_lock(std::atomic<bool>& held)
{
    ::dl_iterate_phdr(
        [](dl_phdr_info*, std::size_t, void* flag) {
            static_cast<std::atomic<bool>*>(flag)->store(true);
            for (;;)
                ::pause();
            return 0;
        },
        &held);
}

} // namespace

BOOST_AUTO_TEST_SUITE(harder_crash)

BOOST_AUTO_TEST_CASE(crash_holding_a_lock)
{
    check_crash(run_child(crashes::write_to_null_while_loader_is_locked), SIGSEGV);
}

BOOST_AUTO_TEST_CASE(crash_holding_a_lock_that_names_need, *handled(SIGSEGV))
{
    const outcome o = run_child(crashes::write_to_null_while_loader_is_locked);
    BOOST_CHECK_LT(o.time.count(), longest);
    BOOST_TEST_INFO(o);
    BOOST_CHECK(o.report.stack_trace.starts_with("#0 0x"));
    BOOST_TEST_INFO(o);
    BOOST_CHECK(o.report.stack_trace.find("test_crash+0x") != std::string::npos);
}

// A sanitizer's handler would wait for the lock for ever.
BOOST_AUTO_TEST_CASE(crash_while_another_thread_holds_it, *handled(SIGSEGV))
{
    const outcome o = run_child([] {
        std::atomic<bool> held = false;
        std::thread(hold_loader_lock, std::ref(held)).detach();
        while (!held)
            std::this_thread::yield();
        crashes::write_to_null();
    });
    BOOST_CHECK_LT(o.time.count(), longest);
    BOOST_TEST_INFO(o);
    BOOST_CHECK_EQUAL(o.signal, SIGSEGV);
    BOOST_CHECK_EQUAL(o.report.signal, SIGSEGV); // an old unwinder takes the lock too, and there is no trace then
}

BOOST_AUTO_TEST_CASE(stack_that_cannot_be_walked)
{
    const outcome o = run_child(crashes::lose_stack);
    check_crash(o, SIGSEGV, "crashes::lose_stack");
    BOOST_CHECK_LT(o.time.count(), longest);
}

BOOST_AUTO_TEST_CASE(threads_that_crash_together)
{
    const outcome o = run_child([] {
        std::vector<std::thread> threads;
        for (int i = 0; i != 4; ++i)
            threads.emplace_back(crashes::write_to_null);
        for (auto& t : threads)
            t.join();
    });
    check_crash(o, SIGSEGV, "crashes::write_to_null");
    BOOST_CHECK_LT(o.time.count(), longest);
}

BOOST_AUTO_TEST_SUITE_END()
