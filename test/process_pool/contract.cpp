// What holds for every completion: once, not inside of the initiating call, in the handler's executor, its memory
// freed.
#include <support/counting_allocator.hpp>
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>

using namespace test;
using tandem::task;

BOOST_AUTO_TEST_CASE_TEMPLATE(handlers_run_in_the_pools_executor, Side, sides)
{
    Side side;
    bool here = false;
    const recording<int> seen([&] { here = side.is_here(); });
    side.pool.async_run(task<add>(1, 2), seen.handler());
    BOOST_TEST(seen.take() == 3);
    BOOST_TEST(here);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(handlers_run_in_their_own_executor, Side, sides)
{
    asio::thread_pool elsewhere{1}; // a thread of the side's may be at work with it a moment longer than the handler runs
    Side side;
    const tracker_executor tracker(elsewhere.get_executor());
    bool on_tracker = false, in_pool = true;
    const recording<int> seen([&] {
        on_tracker = runs_on_tracker(tracker.id());
        in_pool = side.is_here();
    });
    side.pool.async_run(task<add>(1, 2), asio::bind_executor(tracker, seen.handler()));
    BOOST_TEST(seen.take() == 3);
    BOOST_TEST(on_tracker);
    BOOST_TEST(!in_pool);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_handlers_executor_is_kept_busy, Side, sides)
{
    Side side;
    asio::io_context elsewhere;
    const gate place;
    const recording<int> seen;
    side.pool.async_run(task<hold>(place.path()), asio::bind_executor(elsewhere.get_executor(), seen.handler()));
    std::jthread opener([&] {
        place.wait_for_begun();
        place.open();
    });
    elsewhere.run_for(long_time); // would return at once if it had no work
    BOOST_TEST(seen.calls() == 1);
}

// Initiated where the handler is to run, so that a dispatch inside of the call would run it there and then.
template <class Side, class Initiate>
void initiate_inside(Side& side, Initiate initiate)
{
    std::promise<void> done;
    asio::post(side.pool.get_executor(), [&] {
        const initiating_scope scope;
        initiate();
        done.set_value();
    });
    get_soon(done.get_future());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_completes_inside_of_the_initiating_call, Side, sides)
{
    Side side;
    const recording<int> seen;
    initiate_inside(side, [&] { side.pool.async_run(task<add>(1, 2), seen.handler()); });
    BOOST_TEST(seen.take() == 3);
    BOOST_TEST(!seen.inside_initiation());
}

BOOST_AUTO_TEST_CASE(nor_do_immediate_errors)
{
    processes side(1, {.max_message_size = 4096});
    const recording<std::string> seen;
    initiate_inside(side, [&] { side.pool.async_run(task<greet>(std::string(10'000, 'x')), seen.handler()); });
    BOOST_TEST(seen.wait());
    BOOST_TEST(!seen.inside_initiation());
    BOOST_CHECK_THROW(seen.take(), tandem::task_error);

    const recording<void> shut;
    side.pool.async_shutdown(tandem::shutdown_mode::drain, shut.handler());
    shut.take();
    const recording<int> closed;
    const recording<void> start, again;
    initiate_inside(side, [&] {
        side.pool.async_run(task<add>(1, 2), closed.handler());
        side.pool.async_start(start.handler());
        side.pool.async_shutdown(tandem::shutdown_mode::drain, again.handler());
    });
    BOOST_TEST((closed.wait() && start.wait() && again.wait()));
    BOOST_TEST(!closed.inside_initiation());
    BOOST_TEST(!start.inside_initiation());
    BOOST_TEST(!again.inside_initiation());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(memory_comes_from_the_handlers_allocator_and_is_freed_before_it_runs, Side, sides)
{
    Side side;
    allocation_counts counts;
    std::size_t held = 1;
    const recording<std::string> seen([&] { held = counts.held; });
    side.pool.async_run(task<greet>("you"), asio::bind_allocator(counting_allocator<>(counts), seen.handler()));
    BOOST_TEST(seen.take() == "hello you");
    BOOST_TEST(counts.allocated > 0U);
    BOOST_TEST(held == 0U);
    BOOST_TEST(counts.held == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_of_many_completes_once, Side, sides)
{
    constexpr int count = 500;
    Side side;
    std::vector<recording<int>> seen(count);
    for (int i = 0; i != count; ++i)
        side.pool.async_run(task<add>(i, 1), seen[static_cast<std::size_t>(i)].handler());
    for (int i = 0; i != count; ++i)
        BOOST_TEST(seen[static_cast<std::size_t>(i)].take() == i + 1);
    for (const auto& one : seen)
        BOOST_TEST(one.calls() == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_handler_submits_the_next, Side, sides)
{
    Side side;
    std::promise<int> done;
    struct again
    {
        Side& side;
        std::promise<int>& done;
        void operator()(const std::exception_ptr&, int sum)
        {
            if (sum == 50)
                done.set_value(sum);
            else
                side.pool.async_run(task<add>(sum, 1), again(*this));
        }
    };
    side.pool.async_run(task<add>(0, 0), again{side, done});
    BOOST_TEST(get_soon(done.get_future()) == 50);
}
