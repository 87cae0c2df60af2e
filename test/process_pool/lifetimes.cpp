// How a pool starts, is cancelled, shut down and destroyed.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <optional>
#include <vector>

using namespace test;
using asio::error::operation_aborted;
using tandem::errc;
using tandem::shutdown_mode;
using tandem::task;

namespace {

// A pool of one worker: one task is at a gate, two are queued.
struct loaded
{
    leak_check leaks;
    asio::thread_pool context{2};
    std::optional<tandem::process_pool> pool{std::in_place, context, tandem::process_pool_options{.workers = 1}};
    gate place;
    recording<int> running;
    recording<int> queued[2];

    loaded()
    {
        pool->async_run(task<hold>(place.path()), running.handler());
        BOOST_REQUIRE(place.wait_for_begun());
        for (const auto& each : queued)
            pool->async_run(task<add>(1, 2), each.handler());
    }

    void check_queued_aborted() const
    {
        for (const auto& each : queued)
            BOOST_TEST(failure_of(each).code == operation_aborted);
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(lifetimes)

BOOST_AUTO_TEST_CASE(starting_ahead)
{
    processes side(3);
    BOOST_TEST(side.pool.size() == 3U);
    BOOST_TEST(side.pool.stats().workers == 0U);
    get_soon(side.pool.async_start(asio::use_future));
    BOOST_TEST(side.pool.stats().ready_workers == 3U);
    get_soon(side.pool.async_start(asio::use_future));
    BOOST_TEST(side.pool.stats().workers_started == 3U);
}

BOOST_AUTO_TEST_CASE(workers_start_when_there_is_work)
{
    processes side(4);
    for (int i = 0; i != 5; ++i)
        get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future));
    BOOST_TEST(side.pool.stats().workers_started == 1U);
    BOOST_TEST(side.pool.stats().completed == 5U);
    BOOST_TEST(side.pool.stats().running == 0U);
}

BOOST_AUTO_TEST_CASE(cancel_ends_all_and_the_pool_goes_on)
{
    loaded all;
    all.pool->cancel();
    BOOST_TEST(failure_of(all.running).code == operation_aborted);
    all.check_queued_aborted();
    BOOST_TEST(get_soon(all.pool->async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(draining)
{
    loaded all;
    const recording<void> done;
    all.pool->async_shutdown(shutdown_mode::drain, done.handler());
    BOOST_TEST(fails(*all.pool, task<add>(1, 2)).code == errc::pool_closed);
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(done.calls() == 0);
    all.place.open();
    BOOST_TEST(all.running.take() == gate_opened);
    BOOST_TEST(all.queued[0].take() == 3);
    BOOST_TEST(all.queued[1].take() == 3);
    done.take();
    BOOST_TEST(all.pool->stats().workers == 0U);
}

BOOST_AUTO_TEST_CASE(cancelling_what_is_queued)
{
    loaded all;
    const recording<void> done;
    all.pool->async_shutdown(shutdown_mode::cancel_queued, done.handler());
    all.check_queued_aborted();
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(all.running.calls() + done.calls() == 0);
    all.place.open();
    BOOST_TEST(all.running.take() == gate_opened);
    done.take();
}

BOOST_AUTO_TEST_CASE(asking_to_stop)
{
    loaded all;
    const recording<void> done;
    all.pool->async_shutdown(shutdown_mode::stop, done.handler());
    all.check_queued_aborted();
    BOOST_TEST(all.running.take() == asked_to_stop);
    done.take();
}

BOOST_AUTO_TEST_CASE(killing)
{
    loaded all;
    const recording<void> done;
    all.pool->async_shutdown(shutdown_mode::kill, done.handler());
    all.check_queued_aborted();
    BOOST_TEST(failure_of(all.running).code == operation_aborted);
    done.take();
    BOOST_TEST(resources::now().children.empty());
}

BOOST_AUTO_TEST_CASE(a_stronger_mode_overtakes_a_weaker_one)
{
    loaded all;
    const recording<void> gently, harder;
    all.pool->async_shutdown(shutdown_mode::drain, gently.handler());
    all.pool->async_shutdown(shutdown_mode::kill, harder.handler());
    gently.take();
    harder.take();
    BOOST_TEST(failure_of(all.running).code == operation_aborted);
    all.check_queued_aborted();
}

BOOST_AUTO_TEST_CASE(shutting_down_a_pool_that_never_worked)
{
    processes side(2);
    get_soon(side.pool.async_shutdown(shutdown_mode::drain, asio::use_future));
    get_soon(side.pool.async_shutdown(shutdown_mode::kill, asio::use_future));
}

BOOST_AUTO_TEST_CASE(futures_of_a_destroyed_pool_are_ready_though_nobody_runs_its_context)
{
    leak_check leaks;
    asio::io_context context;
    std::vector<std::future<int>> results;
    {
        tandem::process_pool pool(context, {.workers = 1});
        for (int i = 0; i != 100; ++i)
            results.push_back(pool.async_run(task<add>(1, 2), asio::use_future));
    }
    for (auto& result : results) {
        BOOST_REQUIRE((result.wait_for(long_time) == std::future_status::ready));
        BOOST_CHECK_EXCEPTION(result.get(), boost::system::system_error,
                              [](const auto& error) { return error.code() == asio::error::operation_aborted; });
    }
}

BOOST_AUTO_TEST_CASE(destroyed_with_work_queued_and_running)
{
    loaded all;
    all.pool.reset();
    BOOST_TEST(resources::now().children.empty()); // when the destructor has returned, none is left
    BOOST_TEST(failure_of(all.running).code == operation_aborted);
    all.check_queued_aborted();
}

BOOST_AUTO_TEST_CASE(destroyed_while_workers_start)
{
    const leak_check leaks;
    asio::thread_pool context{2};
    for (int i = 0; i != 20; ++i) {
        std::optional<tandem::process_pool> pool(std::in_place, context, tandem::process_pool_options{.workers = 4});
        const recording<int> sum;
        const recording<void> start;
        pool->async_start(start.handler());
        pool->async_run(task<add>(1, 2), sum.handler());
        std::this_thread::sleep_for(std::chrono::microseconds(300 * i));
        pool.reset();
        BOOST_TEST((sum.wait() && start.wait()));
        BOOST_TEST(sum.calls() + start.calls() == 2);
    }
    context.join();
}

BOOST_AUTO_TEST_CASE(destroyed_during_shutdown)
{
    loaded all;
    const recording<void> done;
    all.pool->async_shutdown(shutdown_mode::drain, done.handler());
    all.pool.reset();
    BOOST_TEST(done.wait());
    BOOST_TEST(failure_of(all.running).code == operation_aborted);
    all.check_queued_aborted();
}

BOOST_AUTO_TEST_CASE(destroyed_inside_of_one_of_its_handlers)
{
    const leak_check leaks;
    asio::io_context context;
    auto pool = std::make_unique<tandem::process_pool>(context, tandem::process_pool_options{.workers = 2});
    gate place;
    const recording<int> other, last;
    pool->async_run(task<hold>(place.path()), other.handler());
    const recording<int> first([&] {
        pool->async_run(task<add>(1, 2), last.handler());
        pool.reset();
    });
    pool->async_run(task<add>(1, 2), first.handler());
    context.run_for(long_time);
    BOOST_TEST(first.take() == 3);
    BOOST_TEST(failure_of(other).code == operation_aborted);
    BOOST_TEST(failure_of(last).code == operation_aborted);
}

BOOST_AUTO_TEST_CASE(destroyed_while_its_context_does_not_run)
{
    const leak_check leaks;
    asio::io_context context;
    const recording<int> sum;
    {
        tandem::process_pool pool(context, {.workers = 2});
        pool.async_run(task<add>(1, 2), sum.handler());
    }
    BOOST_TEST(sum.calls() == 0);
    context.run_for(long_time);
    BOOST_TEST(failure_of(sum).code == operation_aborted);
}

BOOST_AUTO_TEST_SUITE_END()
