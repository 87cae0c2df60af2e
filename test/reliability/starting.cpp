// Initializers, what they leave to tasks, and workers that cannot start.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sanitizer.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/this_worker.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::process_pool_options;
using tandem::task;

namespace {

struct model
{
    std::string name;
    int uses = 0;
};

void load_model(const std::string& name)
{
    tandem::this_worker::emplace<model>(name);
}

std::string use_model()
{
    auto& loaded = tandem::this_worker::get<model>();
    return loaded.name + std::to_string(++loaded.uses);
}

// Fails as long as the gate is shut.
int fail_unless_open(const std::string& gate_path)
{
    announce(gate_path);
    if (std::filesystem::exists(gate_path + "/open"))
        return 1;
    std::fprintf(stderr, "no library here\n");
    throw std::runtime_error("the gate is shut");
}

void exit_at_once()
{
    std::fprintf(stderr, "leaving\n");
    ::_exit(3);
}

void hang()
{
    for (;;)
        ::pause();
}

} // namespace

BOOST_AUTO_TEST_SUITE(starting)

BOOST_AUTO_TEST_CASE(tasks_reach_what_the_initializer_made)
{
    processes side(1, {.initializer = task<load_model>("big")});
    BOOST_TEST(get_soon(side.pool.async_run(task<use_model>(), asio::use_future)) == "big1");
    BOOST_TEST(get_soon(side.pool.async_run(task<use_model>(), asio::use_future)) == "big2");
    BOOST_TEST(fails(side.pool, task<die>("kill")).code == errc::worker_died);
    BOOST_TEST(get_soon(side.pool.async_run(task<use_model>(), asio::use_future)) == "big1"); // a new worker
}

BOOST_AUTO_TEST_CASE(without_one_there_is_nothing_to_reach)
{
    processes side(1);
    BOOST_CHECK_THROW(get_soon(side.pool.async_run(task<use_model>(), asio::use_future)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(threads_have_state_of_their_own_too)
{
    tandem::thread_pool pool(1);
    get_soon(pool.async_run(task<load_model>("small"), asio::use_future));
    BOOST_TEST(get_soon(pool.async_run(task<use_model>(), asio::use_future)) == "small1");
    BOOST_TEST(!tandem::this_worker::find<model>());
}

BOOST_AUTO_TEST_CASE(an_initializer_that_throws_is_tried_a_few_times_only)
{
    const gate place;
    processes side(1, {.initializer = task<fail_unless_open>(place.path()), .start_attempts = 3,
                       .start_backoff = 5ms, .start_backoff_limit = long_time});
    const failure f = fails(side.pool, task<add>(1, 2));
    BOOST_TEST(f.code == errc::initializer_failed);
    BOOST_TEST(f.says("the gate is shut"), f.what);
    BOOST_TEST(f.report.stderr_tail == "no library here\n");
    BOOST_TEST(place.begun() == 3U);
    BOOST_TEST(side.pool.stats().start_failures == 3U);
}

BOOST_AUTO_TEST_CASE(while_the_breaker_is_open_tasks_fail_at_once_and_later_the_pool_tries_again)
{
    const gate place;
    processes side(2, {.initializer = task<fail_unless_open>(place.path()), .start_attempts = 1,
                       .start_backoff = 300ms, .start_backoff_limit = 300ms});
    BOOST_TEST(fails(side.pool, task<add>(1, 2)).code == errc::initializer_failed);
    const std::size_t tried = place.begun();
    place.open();
    BOOST_TEST(fails(side.pool, task<add>(1, 2)).code == errc::initializer_failed); // nothing was tried
    BOOST_TEST(place.begun() == tried);
    BOOST_CHECK_THROW(get_soon(side.pool.async_start(asio::use_future)), tandem::task_error);
    std::this_thread::sleep_for(400ms);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    get_soon(side.pool.async_start(asio::use_future));
}

BOOST_AUTO_TEST_CASE(an_initializer_that_ends_the_worker)
{
    processes side(1, {.initializer = task<exit_at_once>(), .start_attempts = 2});
    const failure f = fails(side.pool, task<add>(1, 2));
    BOOST_TEST(f.code == errc::initializer_failed);
    BOOST_TEST(f.says("exited with code 3"), f.what);
    BOOST_TEST(f.says("leaving"), f.what);
    BOOST_TEST(f.report.stderr_tail == "leaving\n");
    BOOST_TEST(f.report.exit_code.value_or(0) == 3);
    BOOST_TEST(f.report.pid != 0);
}

BOOST_AUTO_TEST_CASE(an_initializer_that_hangs)
{
    // Longer than a worker takes until it runs its initializer, also on a busy machine.
    processes side(1, {.initializer = task<hang>(), .start_timeout = sanitized ? 4s : 2s, .start_attempts = 1});
    const failure f = fails(side.pool, task<add>(1, 2));
    BOOST_TEST(f.code == errc::initializer_failed);
    BOOST_TEST(f.says("in time"), f.what);
}

BOOST_AUTO_TEST_SUITE_END()
