// Tokens that only coroutines use, and the operators on awaitables.
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <thread>

using namespace test;
using namespace asio::experimental::awaitable_operators;
using tandem::task;

namespace {

template <class Pool>
asio::awaitable<void> awaits_each_kind(Pool& pool)
{
    const int by_default = co_await pool.async_run(task<add>(1, 2));
    const int deferred = co_await pool.async_run(task<add>(2, 3), asio::deferred);
    const int awaitable = co_await pool.async_run(task<add>(3, 4), asio::use_awaitable);
    const int optioned = co_await pool.async_run(task<add>(4, 5), tandem::run_options{.retries = 1});
    co_await pool.async_run(task<nothing>());
    co_await pool.async_run(task<nothing>(), asio::use_awaitable);
    const std::unique_ptr<int> box = co_await pool.async_run(task<boxed>(8));
    BOOST_TEST(by_default == 3);
    BOOST_TEST(deferred == 5);
    BOOST_TEST(awaitable == 7);
    BOOST_TEST(optioned == 9);
    BOOST_TEST(*box == 8);
}

template <class Pool>
asio::awaitable<void> awaits_tuples(Pool& pool)
{
    const auto [no_error, sum] = co_await pool.async_run(task<add>(1, 2), asio::as_tuple(asio::use_awaitable));
    const auto [error, none] = co_await pool.async_run(task<throw_invalid>("no"), asio::as_tuple(asio::deferred));
    const auto [void_error] = co_await pool.async_run(task<throw_out_of_range>(), asio::as_tuple(asio::use_awaitable));
    BOOST_TEST(describe(no_error) == "none");
    BOOST_TEST(sum == 3);
    BOOST_TEST(describe(error) == "std::invalid_argument: no");
    BOOST_TEST(none == 0);
    BOOST_TEST(describe(void_error) == "std::out_of_range: far out");
}

template <class Pool>
asio::awaitable<void> catches(Pool& pool)
{
    std::string caught;
    try {
        co_await pool.async_run(task<throw_invalid>("no"));
    } catch (const std::invalid_argument& e) {
        caught = e.what();
    }
    BOOST_TEST(caught == "no");
}

template <class Pool>
asio::awaitable<void> awaits_both(Pool& pool)
{
    const auto [sum, text] = co_await (pool.async_run(task<add>(1, 2), asio::use_awaitable) &&
                                       pool.async_run(task<greet>("all"), asio::use_awaitable));
    BOOST_TEST(sum == 3);
    BOOST_TEST(text == "hello all");
}

template <class Pool>
asio::awaitable<void> awaits_either(Pool& pool, std::string place)
{
    const auto first = co_await (pool.async_run(task<hold>(place), asio::use_awaitable) ||
                                 pool.async_run(task<greet>("you"), asio::use_awaitable));
    BOOST_TEST(first.index() == 1U);
    BOOST_TEST(std::get<1>(first) == "hello you");
}

template <class Pool>
asio::awaitable<void> fails_both(Pool& pool, std::string place)
{
    std::exception_ptr caught;
    try {
        co_await (pool.async_run(task<throw_invalid>("no"), asio::use_awaitable) &&
                  pool.async_run(task<hold>(place), asio::use_awaitable));
    } catch (const asio::multiple_exceptions& e) { // where the one that was cancelled failed, too
        caught = e.first_exception();
    } catch (...) {
        caught = std::current_exception();
    }
    BOOST_TEST(describe(caught) == "std::invalid_argument: no");
}

int sleep_and_add(int milliseconds, int a, int b)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return a + b;
}

std::string label_of(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const tandem::task_error& e) {
        return e.report().label;
    }
}

// With gcc 12, a default argument that is an aggregate is destroyed twice here.
asio::awaitable<int> makes_a_pool()
{
    tandem::process_pool cpu{co_await asio::this_coro::executor};
    co_return co_await cpu.async_run(task<add>(1, 2));
}

asio::awaitable<tandem::errc> an_error()
{
    co_return tandem::errc::pool_closed;
}

template <class Pool>
asio::awaitable<void> labels_with_a_temporary(Pool& pool, std::string text)
{
    tandem::run_options options{.run_timeout = std::chrono::milliseconds(1), .label = text + ", that is gone"};
    const std::string other = text + ", in its place";
    const auto [error, none] =
        co_await pool.async_run(task<sleep_and_add>(20, 1, 2), options, asio::as_tuple(asio::use_awaitable));
    BOOST_TEST(label_of(error) == text + ", that is gone");
    const auto [again, nothing] = co_await pool.async_run(
        task<sleep_and_add>(20, 1, 2),
        tandem::run_options{.run_timeout = std::chrono::milliseconds(1), .label = text + ", of one line"},
        asio::as_tuple(asio::use_awaitable));
    BOOST_TEST(label_of(again) == text + ", of one line");
}

asio::awaitable<void> throws_a_task_error()
{
    const tandem::task_error error(co_await an_error(), "by hand");
    throw error;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_pool_is_made_in_a_coroutine)
{
    asio::thread_pool context{1};
    BOOST_TEST(get_soon(asio::co_spawn(context, makes_a_pool(), asio::use_future)) == 3);
    BOOST_CHECK_EXCEPTION(get_soon(asio::co_spawn(context, throws_a_task_error(), asio::use_future)),
                          tandem::task_error, [](const auto& e) { return e.code() == tandem::errc::pool_closed; });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_label_may_be_made_from_a_temporary, Side, sides)
{
    Side side;
    run(side, labels_with_a_temporary(side.pool, "a text that needs memory of its own"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(co_await_of_each_kind, Side, sides)
{
    Side side;
    run(side, awaits_each_kind(side.pool));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(co_await_of_tuples, Side, sides)
{
    Side side;
    run(side, awaits_tuples(side.pool));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(co_await_throws, Side, sides)
{
    Side side;
    run(side, catches(side.pool));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(operator_and, Side, sides)
{
    Side side;
    run(side, awaits_both(side.pool));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(operator_or_cancels_the_loser, Side, sides)
{
    Side side;
    const gate place;
    run(side, awaits_either(side.pool, place.path()));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(operator_and_cancels_the_rest_at_a_failure, Side, sides)
{
    Side side;
    const gate place;
    run(side, fails_both(side.pool, place.path()));
}
