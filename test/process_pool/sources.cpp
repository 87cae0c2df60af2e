// cancellation_source: cancels from any thread what was begun with it, on both pools and with every token.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/cancellation_source.hpp>
#include <tandem/map.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <thread>
#include <vector>

using namespace test;
using asio::cancellation_type;
using tandem::cancellable;
using tandem::cancellation_source;
using tandem::task;

BOOST_AUTO_TEST_SUITE(sources)

namespace {

template <class Side>
struct held
{
    Side side{2};
    gate place;
    cancellation_source source;
    std::jthread canceller; // which knows nothing of executors

    void cancel_when_begun(cancellation_type type, std::size_t count = 1)
    {
        canceller = std::jthread([this, type, count] {
            place.wait_for_begun(count);
            source.cancel(type);
        });
    }
};

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(a_future, Side, sides)
{
    held<Side> all;
    auto result = all.side.pool.async_run(task<hold>(all.place.path()), cancellable(all.source, asio::use_future));
    all.cancel_when_begun(cancellation_type::partial);
    BOOST_TEST(get_soon(std::move(result)) == asked_to_stop);
    all.canceller.join();
    all.source.cancel(cancellation_type::terminal); // it has completed
    BOOST_TEST((all.source.cancelled() == (cancellation_type::partial | cancellation_type::terminal)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_callback_and_a_map, Side, sides)
{
    held<Side> all;
    const recording<int> one;
    const recording<std::vector<int>> many;
    all.side.pool.async_run(task<hold>(all.place.path()), cancellable(all.source, one.handler()));
    tandem::async_map(all.side.pool, task<hold>, std::vector<std::string>(10, all.place.path()),
                      cancellable(all.source, many.handler()));
    all.cancel_when_begun(cancellation_type::partial, 2); // the first, and one of the map
    BOOST_TEST(one.take() == asked_to_stop);
    BOOST_TEST(failure_of(many).code == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(awaited, Side, sides)
{
    held<Side> all;
    all.cancel_when_begun(cancellation_type::partial);
    const int seen = run(all.side, [](held<Side>& h) -> asio::awaitable<int> {
        const auto lazy = cancellable(h.source, asio::use_awaitable);
        const int first = co_await h.side.pool.async_run(task<hold>(h.place.path()), lazy);
        co_return first;
    }(all));
    BOOST_TEST(seen == asked_to_stop);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_begun_after_the_cancellation_is_cancelled, Side, sides)
{
    Side side(1);
    gate place;
    const recording<int> running;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    asio::thread_pool elsewhere{1};
    const cancellation_source source;
    const recording<int> late;
    auto lazy = side.pool.async_run(task<add>(1, 2), cancellable(source, asio::deferred));
    source.cancel(cancellation_type::total);
    std::move(lazy)(asio::bind_executor(elsewhere.get_executor(), late.handler()));
    BOOST_TEST(failure_of(late).code == asio::error::operation_aborted);
    place.open();
    BOOST_TEST(running.take() == gate_opened);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_slot_cancels_as_well, Side, sides)
{
    held<Side> all;
    asio::cancellation_signal signal;
    const recording<int> seen;
    all.side.pool.async_run(task<hold>(all.place.path()),
                            cancellable(all.source, asio::bind_cancellation_slot(signal.slot(), seen.handler())));
    BOOST_REQUIRE(all.place.wait_for_begun());
    signal.emit(cancellation_type::partial);
    BOOST_TEST(seen.take() == asked_to_stop);
    BOOST_TEST(!signal.slot().has_handler());
}

// As it is with a handler's executor or slot, it does not matter which adaptor is the outer one.
BOOST_AUTO_TEST_CASE_TEMPLATE(below_other_adaptors, Side, sides)
{
    asio::thread_pool elsewhere{1}; // whose end must not meet a thread of the pool that posts there
    held<Side> all;
    const cancellation_source other;
    const recording<int> bound, twice;
    all.side.pool.async_run(task<hold>(all.place.path()),
                            asio::bind_executor(elsewhere.get_executor(), cancellable(all.source, bound.handler())));
    all.side.pool.async_run(task<hold>(all.place.path()), cancellable(other, cancellable(all.source, twice.handler())));
    all.cancel_when_begun(cancellation_type::partial, 2);
    BOOST_TEST(bound.take() == asked_to_stop);
    BOOST_TEST(twice.take() == asked_to_stop);
    const bool is_stopped = run(all.side, [](held<Side>& h) -> asio::awaitable<bool> {
        const auto lazy = asio::as_tuple(cancellable(h.source, asio::use_awaitable)); // which is cancelled already
        const auto [error, value] = co_await h.side.pool.async_run(task<hold>(h.place.path()), lazy);
        co_return error != nullptr || value == asked_to_stop;
    }(all));
    BOOST_TEST(is_stopped);
}

// Completions, beginnings and cancellations at once: ThreadSanitizer looks on.
BOOST_AUTO_TEST_CASE_TEMPLATE(any_thread_at_any_time, Side, sides)
{
    Side side(2);
    for (int round = 0; round != (Side::in_processes ? 20 : 100); ++round) {
        const cancellation_source source;
        std::vector<recording<int>> seen(10);
        const auto cancel = [&source](cancellation_type type) {
            std::this_thread::sleep_for(std::chrono::microseconds(50));
            source.cancel(type);
        };
        const std::jthread one([&] { cancel(cancellation_type::total); }), two([&] { cancel(cancellation_type::partial); });
        for (const auto& each : seen)
            side.pool.async_run(task<add>(1, 2), cancellable(source, each.handler()));
        for (const auto& each : seen) {
            BOOST_REQUIRE(each.wait());
            BOOST_TEST(each.calls() == 1);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
