// Every completion token on both pools, from the same source.
#define BOOST_TEST_MODULE tokens
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

using namespace test;
using tandem::task;

BOOST_AUTO_TEST_CASE_TEMPLATE(a_callback, Side, sides)
{
    Side side;
    const recording<int> sum;
    const recording<std::string> text;
    const recording<void> none;
    side.pool.async_run(task<add>(2, 3), sum.handler());
    side.pool.async_run(task<greet>("you"), tandem::run_options{.label = "greeting"}, text.handler());
    side.pool.async_run(task<nothing>(), none.handler());
    BOOST_TEST(sum.take() == 5);
    BOOST_TEST(text.take() == "hello you");
    none.take();
    BOOST_TEST(sum.calls() + text.calls() + none.calls() == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_lambda_as_callback, Side, sides)
{
    Side side;
    std::promise<int> done;
    side.pool.async_run(task<add>(2, 3), [&done](const std::exception_ptr&, int sum) { done.set_value(sum); });
    BOOST_TEST(get_soon(done.get_future()) == 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(futures, Side, sides)
{
    Side side;
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(2, 3), asio::use_future)) == 5);
    get_soon(side.pool.async_run(task<nothing>(), asio::use_future));
    BOOST_TEST(*get_soon(side.pool.async_run(task<boxed>(7), asio::use_future)) == 7);
    BOOST_CHECK_THROW(get_soon(side.pool.async_run(task<throw_invalid>("no"), asio::use_future)),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(deferred_and_started_later, Side, sides)
{
    Side side;
    gate place;
    auto later = side.pool.async_run(task<announce_task>(place.path()), asio::deferred);
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(place.begun() == 0U);
    get_soon(std::move(later)(asio::use_future));
    BOOST_TEST(place.begun() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_default_token_is_deferred, Side, sides)
{
    Side side;
    auto later = side.pool.async_run(task<add>(20, 22));
    BOOST_TEST(get_soon(std::move(later)(asio::use_future)) == 42);
    auto again = side.pool.async_run(task<add>(20, 23), tandem::run_options{.priority = 1});
    BOOST_TEST(get_soon(std::move(again)(asio::use_future)) == 43);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(detached, Side, sides)
{
    gate place;
    Side side;
    side.pool.async_run(task<announce_task>(place.path()), asio::detached);
    BOOST_TEST(place.wait_for_begun());
    side.pool.async_run(task<throw_own>(), asio::detached);
    get_soon(side.pool.async_run(task<nothing>(), asio::use_future));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(as_tuple_of_a_callback, Side, sides)
{
    Side side;
    std::promise<std::tuple<std::exception_ptr, int>> done;
    side.pool.async_run(task<throw_invalid>("no"), asio::as_tuple([&done](std::tuple<std::exception_ptr, int> all) {
                            done.set_value(std::move(all));
                        }));
    BOOST_TEST(describe(std::get<0>(get_soon(done.get_future()))) == "std::invalid_argument: no");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_bound_cancellation_slot, Side, sides)
{
    Side side;
    gate place;
    asio::cancellation_signal signal;
    const recording<int> held;
    side.pool.async_run(task<hold>(place.path()), asio::bind_cancellation_slot(signal.slot(), held.handler()));
    BOOST_TEST(place.wait_for_begun());
    signal.emit(asio::cancellation_type::partial);
    BOOST_TEST(held.take() == asked_to_stop);
    BOOST_TEST(!signal.slot().has_handler());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_parallel_group, Side, sides)
{
    Side side;
    std::promise<std::array<int, 2>> done;
    asio::experimental::make_parallel_group(side.pool.async_run(task<add>(1, 2), asio::deferred),
                                            side.pool.async_run(task<add>(3, 4), asio::deferred))
        .async_wait(asio::experimental::wait_for_all(), [&done](std::array<std::size_t, 2>, const std::exception_ptr&,
                                                                int a, const std::exception_ptr&, int b) {
            done.set_value({a, b});
        });
    const auto [a, b] = get_soon(done.get_future());
    BOOST_TEST(a == 3);
    BOOST_TEST(b == 7);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_group_that_waits_for_one_cancels_the_other, Side, sides)
{
    Side side;
    gate place;
    std::promise<std::size_t> first;
    asio::experimental::make_parallel_group(side.pool.async_run(task<hold>(place.path()), asio::deferred),
                                            side.pool.async_run(task<add>(3, 4), asio::deferred))
        .async_wait(asio::experimental::wait_for_one(),
                    [&first](std::array<std::size_t, 2> order, const std::exception_ptr&, int,
                             const std::exception_ptr&, int) { first.set_value(order[0]); });
    BOOST_TEST(get_soon(first.get_future()) == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(exceptions_come_as_themselves, Side, sides)
{
    Side side;
    const recording<int> invalid;
    const recording<void> range, system, own;
    side.pool.async_run(task<throw_invalid>("no good"), invalid.handler());
    side.pool.async_run(task<throw_out_of_range>(), range.handler());
    side.pool.async_run(task<throw_system_error>(), system.handler());
    side.pool.async_run(task<throw_own>(), own.handler());
    BOOST_TEST((invalid.wait() && range.wait() && system.wait() && own.wait()));
    BOOST_TEST(invalid.error_text() == "std::invalid_argument: no good");
    BOOST_TEST(range.error_text() == "std::out_of_range: far out");
    BOOST_CHECK_EXCEPTION(system.take(), std::system_error,
                          [](const std::system_error& e) { return e.code() == std::errc::no_such_file_or_directory; });
    if (Side::in_processes)
        BOOST_CHECK_EXCEPTION(own.take(), tandem::remote_exception, [](const tandem::remote_exception& e) {
            return e.type_name() == "test::own_error" && std::string(e.what()) == "own error";
        });
    else
        BOOST_CHECK_THROW(own.take(), own_error);
}
