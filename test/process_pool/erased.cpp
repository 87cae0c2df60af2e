// any_completion_handler as the handler of every operation of the pools. In Boost 1.81 it cannot be posted to its executor, and
// must not be assigned to.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <vector>

using namespace test;
using tandem::task;

BOOST_AUTO_TEST_SUITE(erased)

namespace {

int same(int value)
{
    return value;
}

template <class... R>
using any_handler = asio::any_completion_handler<void(std::exception_ptr, R...)>;

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(run_and_map, Side, sides)
{
    asio::thread_pool elsewhere{1}; // whose end must not meet a thread of the pool that posts there
    Side side;
    const recording<int> here, there, limited;
    const recording<void> none;
    const recording<std::vector<int>> many;
    side.pool.async_run(task<add>(1, 2), any_handler<int>(here.handler()));
    side.pool.async_run(task<add>(1, 2), any_handler<int>(asio::bind_executor(elsewhere.get_executor(), there.handler())));
    side.pool.async_run(task<add>(1, 2), tandem::run_options{.priority = 1}, any_handler<int>(limited.handler()));
    side.pool.async_run(task<nothing>(), any_handler<>(none.handler()));
    tandem::async_map(side.pool, task<same>, std::vector<int>{1, 2, 3}, any_handler<std::vector<int>>(many.handler()));
    for (const auto* each : {&here, &there, &limited})
        BOOST_TEST(each->take() == 3);
    none.take();
    const std::vector<int> expected{1, 2, 3};
    BOOST_TEST(many.take() == expected);
}

// Its completion is posted, or comes from inside of the initiating call.
BOOST_AUTO_TEST_CASE_TEMPLATE(cancelled_and_refused, Side, sides)
{
    const leak_check leaks;
    const recording<int> destroyed, refused;
    asio::thread_pool elsewhere{1};
    {
        Side side(1);
        asio::cancellation_signal signal;
        const recording<int> cancelled;
        gate place;
        side.pool.async_run(task<hold>(place.path()), any_handler<int>(destroyed.handler()));
        BOOST_REQUIRE(place.wait_for_begun());
        side.pool.async_run(task<add>(1, 2), any_handler<int>(asio::bind_cancellation_slot(
                                                 signal.slot(), asio::bind_executor(elsewhere.get_executor(),
                                                                                    cancelled.handler()))));
        signal.emit(asio::cancellation_type::total);
        place.open(); // its completion goes through the pool's executor
        BOOST_TEST(failure_of(cancelled).code == asio::error::operation_aborted);
        if constexpr (Side::in_processes) {
            get_soon(side.pool.async_shutdown(tandem::shutdown_mode::kill, asio::use_future));
            side.pool.async_run(task<add>(1, 2), any_handler<int>(refused.handler()));
            BOOST_TEST(failure_of(refused).code == tandem::errc::pool_closed);
        }
    }
    BOOST_TEST(destroyed.calls() == 1);
}

BOOST_AUTO_TEST_CASE(start_and_shutdown)
{
    processes side(1);
    const recording<void> started, ended, late;
    side.pool.async_start(any_handler<>(started.handler()));
    started.take();
    side.pool.async_shutdown(tandem::shutdown_mode::drain, any_handler<>(ended.handler()));
    ended.take();
    side.pool.async_start(any_handler<>(late.handler()));
    BOOST_TEST(late.wait());
}

BOOST_AUTO_TEST_SUITE_END()
