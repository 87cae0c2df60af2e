// What a thread pool runs: callables of every kind, coroutines, tasks.
#define BOOST_TEST_MODULE thread_pool
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/cpu_count.hpp>
#include <tandem/this_task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <sched.h>

#include <memory>

using namespace test;
using asio::cancellation_type;
using tandem::task;

namespace {

// Comes back only when it is asked to.
int until_asked(std::stop_token token)
{
    return eventually([&] { return token.stop_requested(); }) ? asked_to_stop : gave_up;
}

asio::awaitable<std::string> waits(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
    co_return "waited";
}

} // namespace

BOOST_AUTO_TEST_CASE(callables)
{
    threads side;
    const int base = 40;
    BOOST_TEST(get_soon(side.pool.async_run([&] { return base + 2; }, asio::use_future)) == 42);
    get_soon(side.pool.async_run([] {}, asio::use_future));
    BOOST_TEST(get_soon(side.pool.async_run(process_id, asio::use_future)) == process_id());
    auto only_movable = [box = std::make_unique<int>(7)] { return *box; };
    BOOST_TEST(get_soon(side.pool.async_run(std::move(only_movable), asio::use_future)) == 7);
    std::string text = "kept";
    auto copied = [text]() mutable { return text += "!"; };
    BOOST_TEST(get_soon(side.pool.async_run(copied, asio::use_future)) == "kept!");
    BOOST_TEST(get_soon(side.pool.async_run(copied, asio::use_future)) == "kept!");
    BOOST_CHECK_THROW(get_soon(side.pool.async_run([]() -> int { throw own_error(); }, asio::use_future)), own_error);
}

BOOST_AUTO_TEST_CASE(is_an_execution_context_for_asio)
{
    threads side(1);
    BOOST_TEST(get_soon(asio::co_spawn(side.pool, waits(std::chrono::milliseconds(1)), asio::use_future)) == "waited");
    asio::steady_timer timer(side.pool, std::chrono::milliseconds(1));
    get_soon(timer.async_wait(asio::use_future));
    const auto strand = asio::make_strand(side.pool);
    BOOST_TEST(get_soon(asio::post(strand, asio::use_future([&] { return side.is_here(); }))));
    BOOST_TEST(get_soon(asio::post(side.pool, asio::use_future([&] { return side.is_here(); }))));
}

BOOST_AUTO_TEST_CASE(tasks)
{
    threads side;
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    BOOST_TEST(*get_soon(side.pool.async_run(task<boxed>(3), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(what_takes_a_stop_token)
{
    threads side;
    asio::cancellation_signal signal;
    const recording<int> seen;
    std::promise<void> begun;
    side.pool.async_run(
        [&begun](std::stop_token token) {
            begun.set_value();
            return until_asked(std::move(token));
        },
        asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    get_soon(begun.get_future());
    signal.emit(cancellation_type::partial);
    BOOST_TEST(seen.take() == asked_to_stop);
}

BOOST_AUTO_TEST_CASE(coroutines)
{
    threads side(1); // one waits, and the other is run meanwhile
    auto slow = side.pool.async_run([] { return waits(std::chrono::milliseconds(200)); }, asio::use_future);
    auto quick = side.pool.async_run([] { return waits(std::chrono::milliseconds(1)); }, asio::use_future);
    BOOST_TEST(get_soon(std::move(quick)) == "waited");
    BOOST_TEST(get_soon(std::move(slow)) == "waited");
    get_soon(side.pool.async_run([]() -> asio::awaitable<void> { co_return; }, asio::use_future));
    BOOST_CHECK_THROW(get_soon(side.pool.async_run(
                          []() -> asio::awaitable<void> {
                              co_await waits(std::chrono::milliseconds(1));
                              throw own_error();
                          },
                          asio::use_future)),
                      own_error);
}

BOOST_AUTO_TEST_CASE(a_coroutines_captures_live_as_long_as_it)
{
    threads side;
    auto captured = std::make_shared<int>(7);
    const std::weak_ptr<int> watch = captured;
    bool destroyed = false;
    const recording<int> seen([&] { destroyed = watch.expired(); });
    side.pool.async_run(
        [held = std::move(captured)]() -> asio::awaitable<int> {
            co_await waits(std::chrono::milliseconds(10));
            co_return *held;
        },
        seen.handler());
    BOOST_TEST(seen.take() == 7);
    BOOST_TEST(destroyed); // before the handler runs
}

BOOST_AUTO_TEST_CASE(a_callable_is_destroyed_before_the_handler_runs)
{
    threads side;
    auto captured = std::make_shared<int>(7);
    const std::weak_ptr<int> watch = captured;
    bool destroyed = false;
    const recording<int> seen([&] { destroyed = watch.expired(); });
    side.pool.async_run([held = std::move(captured)] { return *held; }, seen.handler());
    BOOST_TEST(seen.take() == 7);
    BOOST_TEST(destroyed);
}

BOOST_AUTO_TEST_CASE(cancelling_a_coroutine)
{
    threads side;
    asio::cancellation_signal signal;
    const recording<std::string> seen;
    std::promise<void> begun;
    side.pool.async_run(
        [&begun]() -> asio::awaitable<std::string> {
            begun.set_value();
            co_return co_await waits(long_time);
        },
        asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    get_soon(begun.get_future());
    signal.emit(cancellation_type::terminal);
    BOOST_TEST(failure_of(seen).code == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(outside_of_a_task_nothing_is_asked)
{
    BOOST_TEST(!tandem::this_task::stop_requested());
    BOOST_TEST(!tandem::this_task::stop_token().stop_possible());
    BOOST_TEST(!tandem::this_task::deadline().has_value());
}

BOOST_AUTO_TEST_CASE(the_executor_is_an_ordinary_one)
{
    threads side;
    asio::steady_timer timer(side.pool.get_executor(), std::chrono::milliseconds(1));
    get_soon(timer.async_wait(asio::use_future));
    std::promise<bool> here;
    asio::post(side.pool.get_executor(), [&] { here.set_value(side.is_here()); });
    BOOST_TEST(get_soon(here.get_future()));
}

BOOST_AUTO_TEST_CASE(the_default_size_is_what_the_affinity_allows)
{
    cpu_set_t before;
    BOOST_REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    BOOST_TEST(tandem::usable_cpus() >= 1U);
    BOOST_TEST(tandem::usable_cpus() <= static_cast<std::size_t>(CPU_COUNT(&before)));
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu != CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
            break;
        }
    BOOST_REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    const std::size_t restricted = tandem::usable_cpus();
    const std::size_t size = tandem::thread_pool().size();
    ::sched_setaffinity(0, sizeof before, &before);
    BOOST_TEST(restricted == 1U);
    BOOST_TEST(size == 1U);
    BOOST_TEST(tandem::thread_pool(3).size() == 3U);
}
