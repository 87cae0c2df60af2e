// Contexts that come late to what happened: they were not run, or were busy, or the program was stopped. What was in time
// counts as in time.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/reversed_context.hpp>
#include <support/sanitizer.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <cstddef>
#include <string>
#include <thread>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::process_pool_options;
using tandem::shutdown_mode;
using tandem::task;

namespace {

// Longer than a worker takes to start and to do what it is asked, also on a busy machine.
constexpr auto limit = sanitized ? 4s : 2s;
constexpr auto late = limit + 500ms;

std::size_t size_of(const std::string& text)
{
    return text.size();
}

// Its workers' large values go through pipes.
process_pool_options one_worker()
{
    process_pool_options options{.workers = 1, .start_timeout = limit};
    options.shared_memory = 0;
    return options;
}

// A pool whose one worker has started.
struct started_pool
{
    explicit started_pool(const process_pool_options& options = one_worker()) : pool(context.get_executor(), options)
    {
        const recording<void> start;
        pool.async_start(start.handler());
        BOOST_REQUIRE(context.poll_until([&] { return start.calls() != 0; }));
        BOOST_REQUIRE_EQUAL(start.error_text(), "none");
    }

    leak_check leaks;
    reversed_context context;
    tandem::process_pool pool;
};

} // namespace

BOOST_AUTO_TEST_SUITE(lateness)

BOOST_AUTO_TEST_CASE(a_context_that_is_first_run_after_the_start_timeout)
{
    leak_check leaks;
    asio::io_context context;
    tandem::process_pool pool(context, {.workers = 1, .start_timeout = limit});
    const recording<int> sum;
    pool.async_run(task<add>(1, 2), sum.handler());
    std::this_thread::sleep_for(late);
    context.run_for(long_time);
    BOOST_TEST(sum.error_text() == "none");
    BOOST_TEST(pool.stats().start_failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_hello_that_waited_longer_than_the_start_timeout)
{
    leak_check leaks;
    reversed_context context;
    tandem::process_pool pool(context.get_executor(), one_worker());
    const recording<int> sum;
    pool.async_run(task<add>(1, 2), sum.handler());
    BOOST_REQUIRE(context.poll_until([&] { return pool.stats().workers_started != 0; }));
    std::this_thread::sleep_for(late);
    BOOST_TEST(context.poll_until([&] { return sum.calls() != 0; }));
    BOOST_TEST(sum.error_text() == "none");
    BOOST_TEST(pool.stats().start_failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_large_argument_of_which_little_was_sent_before_the_context_was_busy)
{
    started_pool side;
    const std::string large(5'000'000, 'x');
    const recording<std::size_t> size;
    side.pool.async_run(task<size_of>(large), size.handler());
    std::this_thread::sleep_for(late);
    BOOST_TEST(side.context.poll_until([&] { return size.calls() != 0; }));
    BOOST_TEST(size.error_text() == "none");
    BOOST_TEST(side.pool.stats().start_failures == 0U);
}

BOOST_AUTO_TEST_CASE(a_result_that_waited_longer_than_its_tasks_run_timeout)
{
    for (const std::size_t bytes : {std::size_t{10}, std::size_t{60'000}, std::size_t{5'000'000}}) {
        started_pool side;
        const recording<std::string> text;
        side.pool.async_run(task<repeat>('x', bytes), {.run_timeout = limit}, text.handler());
        side.context.poll();
        std::this_thread::sleep_for(limit + late); // the pool allows an outcome a second for its way
        BOOST_TEST(side.context.poll_until([&] { return text.calls() != 0; }));
        BOOST_TEST(text.error_text() == "none", text.error_text() << " for " << bytes << " bytes");
    }
}

BOOST_AUTO_TEST_CASE(killed_workers_that_ended_while_the_context_was_busy)
{
    started_pool side;
    const recording<void> end;
    tandem::shutdown_options ladder{.mode = shutdown_mode::kill};
    ladder.kill_timeout = limit;
    side.pool.async_shutdown(ladder, end.handler());
    std::this_thread::sleep_for(late);
    BOOST_TEST(side.context.poll_until([&] { return end.calls() != 0; }));
    BOOST_TEST(end.error_text() == "none");
}

// As in a container that is paused: its workers cannot say anything either.
BOOST_AUTO_TEST_CASE(a_worker_that_was_stopped_together_with_its_program_has_its_time_again)
{
    leak_check leaks;
    reversed_context context;
    const gate place;
    process_pool_options options = one_worker();
    options.initializer = task<hold_stubbornly>(place.path());
    tandem::process_pool pool(context.get_executor(), options);
    const recording<int> sum;
    pool.async_run(task<add>(1, 2), sum.handler());
    BOOST_REQUIRE(context.poll_until([&] { return place.begun() != 0; }));
    const pid_t worker = place.pids().at(0);
    ::kill(worker, SIGSTOP);
    std::this_thread::sleep_for(limit + late);
    place.open();
    ::kill(worker, SIGCONT);
    BOOST_TEST(context.poll_until([&] { return sum.calls() != 0; }));
    BOOST_TEST(sum.error_text() == "none");
    BOOST_TEST(pool.stats().start_failures == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
