// How async_map ends before its time: by a failure, by cancellation.
#include <map/number_range.hpp>
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <type_traits>

using namespace test;
using asio::cancellation_type;
using tandem::async_map;
using tandem::map_options;
using tandem::task;

namespace {

// A path is a gate to hold at; anything else fails, when another is held there already.
int hold_or_fail(const std::string& text)
{
    if (text.starts_with('/'))
        return hold(text);
    throw std::invalid_argument(text);
}

int fail_at_13(int x)
{
    return x == 13 ? throw_invalid("thirteen") : x;
}

template <class Side>
struct held_map
{
    Side side{1};
    gate place;
    asio::cancellation_signal signal;
    recording<std::vector<int>> seen;

    held_map()
    {
        async_map(side.pool, task<hold>, std::vector<std::string>(10, place.path()), map_options{.in_flight = 3},
                  asio::bind_cancellation_slot(signal.slot(), seen.handler()));
        BOOST_REQUIRE(place.wait_for_begun());
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(ends)

BOOST_AUTO_TEST_CASE_TEMPLATE(the_first_failure_is_rethrown, Side, sides)
{
    Side side;
    std::vector<int> all(100);
    for (int i = 0; i != 100; ++i)
        all[static_cast<std::size_t>(i)] = i;
    BOOST_CHECK_EXCEPTION(get_soon(async_map(side.pool, task<fail_at_13>, all, asio::use_future)),
                          std::invalid_argument,
                          [](const std::invalid_argument& e) { return std::string(e.what()) == "thirteen"; });
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_failure_cancels_the_rest, Side, sides)
{
    Side side(2);
    const gate place;
    // One is held and would be for long; the other fails; those behind must not begin.
    const std::vector<std::string> inputs{place.path(), "no", place.path(), place.path(), place.path()};
    const recording<std::vector<int>> seen;
    async_map(side.pool, task<hold_or_fail>, inputs, map_options{.in_flight = 2}, seen.handler());
    BOOST_TEST(seen.wait());
    BOOST_TEST(seen.error_text() == "std::invalid_argument: no");
    BOOST_TEST(place.begun() <= 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(partial, Side, sides)
{
    held_map<Side> all;
    all.signal.emit(cancellation_type::partial);
    BOOST_TEST(failure_of(all.seen).code == asio::error::operation_aborted);
    BOOST_TEST(all.place.begun() == 1U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(terminal, Side, sides)
{
    held_map<Side> all;
    all.signal.emit(cancellation_type::terminal);
    BOOST_TEST(failure_of(all.seen).code == asio::error::operation_aborted);
    BOOST_TEST(all.place.begun() == 1U);
}

// What it does to calls, and to slices of the elements on threads, is not the same code.
BOOST_AUTO_TEST_CASE_TEMPLATE(total_has_no_effect_when_one_has_begun, Side, sides)
{
    held_map<Side> all;
    all.signal.emit(cancellation_type::total);
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(all.seen.calls() == 0);
    all.place.open();
    BOOST_TEST(all.seen.take() == std::vector<int>(10, gate_opened));
    BOOST_TEST(all.place.begun() == 10U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(total_has_no_effect_when_one_is_complete_and_none_runs, Side, sides)
{
    Side side(1);
    asio::cancellation_signal signal;
    recording<std::vector<int>> seen;
    // The range itself cancels, when the first results are there.
    std::atomic<int> taken{0};
    const numbers source(8, [&](int x) {
        if (++taken == 7)
            signal.emit(cancellation_type::total);
        return x;
    });
    async_map(side.pool, task<fail_at_13>, source, map_options{.in_flight = 1},
              asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    BOOST_TEST(seen.take().size() == 8U);
}

// Work of others keeps the only worker or thread; so nothing of the map has begun.
template <class Side>
struct waiting_map
{
    asio::thread_pool elsewhere{1}; // the pool's only thread is busy. It posts there, and so ends before
    Side side{1};
    gate busy, place;
    asio::cancellation_signal signal;
    recording<int> other;
    recording<std::vector<int>> seen;

    explicit waiting_map(const tandem::run_options& run)
    {
        side.pool.async_run(task<hold>(busy.path()), other.handler());
        BOOST_REQUIRE(busy.wait_for_begun());
        async_map(side.pool, task<hold>, std::vector<std::string>(10, place.path()), map_options{.in_flight = 3, .run = run},
                  asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(elsewhere.get_executor(), seen.handler())));
    }
};

BOOST_AUTO_TEST_CASE_TEMPLATE(total_aborts_all_when_none_has_begun, Side, sides)
{
    for (const int hours : {0, 1}) { // with a limit each call is on its own
        waiting_map<Side> all(tandem::run_options{.run_timeout = std::chrono::hours(hours)});
        all.signal.emit(cancellation_type::total);
        if constexpr (std::is_same_v<Side, processes>)
            BOOST_TEST(failure_of(all.seen).code == asio::error::operation_aborted);
        all.busy.open();
        BOOST_TEST(all.other.take() == gate_opened);
        BOOST_TEST(failure_of(all.seen).code == asio::error::operation_aborted);
        BOOST_TEST(all.place.begun() == 0U);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(none_has_no_effect, Side, sides)
{
    held_map<Side> all;
    all.signal.emit(cancellation_type::none);
    all.place.open();
    BOOST_TEST(all.seen.take().size() == 10U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_range_that_throws, Side, sides)
{
    Side side;
    const numbers source(100, [](int x) { return fail_at_13(x); });
    BOOST_CHECK_THROW(
        get_soon(async_map(side.pool, task<fail_at_13>, source, map_options{.in_flight = 2}, asio::use_future)),
        std::invalid_argument);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(many_that_fail_at_once, Side, sides)
{
    Side side(4);
    for (int i = 0; i != 20; ++i) {
        const recording<std::vector<int>> seen;
        async_map(side.pool, task<throw_invalid>, std::vector<std::string>(20, "no"), seen.handler());
        BOOST_TEST(seen.wait());
        BOOST_TEST(seen.error_text() == "std::invalid_argument: no");
        BOOST_TEST(seen.calls() == 1);
    }
}

BOOST_AUTO_TEST_CASE(the_pool_cancels_all)
{
    const leak_check leaks;
    asio::thread_pool context{2};
    gate place;
    const recording<std::vector<int>> seen;
    {
        tandem::process_pool pool(context, {.workers = 1});
        async_map(pool, task<hold>, std::vector<std::string>(1, place.path()), seen.handler());
        BOOST_TEST(place.wait_for_begun());
        pool.cancel();
        BOOST_TEST(failure_of(seen).code == asio::error::operation_aborted);
    }
}

BOOST_AUTO_TEST_SUITE_END()
