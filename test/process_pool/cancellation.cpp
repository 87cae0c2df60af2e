// The table of cancellation: each type, emitted while the work is queued and while it runs, on both pools.
#define BOOST_TEST_MODULE cancellation
#include <support/gate.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

using namespace test;
using asio::cancellation_type;
using tandem::task;

namespace {

// Where handlers run that do not wait for the pool's only thread. Its end must not meet a thread of the pool that posts there.
struct second_context
{
    asio::thread_pool elsewhere{1};
};

// A pool of one worker, whose work is at a gate.
template <class Side>
struct busy : second_context, Side
{
    gate place;
    asio::cancellation_signal signal;
    recording<int> running, queued;

    busy() : Side(1)
    {
        this->pool.async_run(task<hold>(place.path()), asio::bind_cancellation_slot(signal.slot(), running.handler()));
        BOOST_REQUIRE(place.wait_for_begun());
    }
};

template <class R>
bool was_aborted(const recording<R>& seen)
{
    if (!seen.wait())
        return false;
    try {
        seen.take();
    } catch (const boost::system::system_error& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
    }
    BOOST_TEST_MESSAGE("completed with: " << seen.error_text());
    return false;
}

template <class Side>
void cancel_queued(cancellation_type type, bool elsewhere)
{
    busy<Side> side;
    asio::cancellation_signal signal;
    side.pool.async_run(task<hold>(side.place.path()),
                        asio::bind_cancellation_slot(
                            signal.slot(), asio::bind_executor(side.elsewhere.get_executor(), side.queued.handler())));
    if (elsewhere)
        std::jthread([&] { signal.emit(type); }).join();
    else
        signal.emit(type);
    BOOST_TEST(was_aborted(side.queued));
    BOOST_TEST(!signal.slot().has_handler());
    BOOST_TEST(side.running.calls() == 0);
    side.place.open();
    BOOST_TEST(side.running.take() == gate_opened);
    BOOST_TEST(side.place.begun() == 1U); // the removed one never ran
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(total_while_queued, Side, sides)
{
    cancel_queued<Side>(cancellation_type::total, false);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(partial_while_queued, Side, sides)
{
    cancel_queued<Side>(cancellation_type::partial, false);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(terminal_while_queued, Side, sides)
{
    cancel_queued<Side>(cancellation_type::terminal, false);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(while_queued_from_another_thread, Side, sides)
{
    cancel_queued<Side>(cancellation_type::all, true);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(none_changes_nothing, Side, sides)
{
    busy<Side> side;
    side.signal.emit(cancellation_type::none);
    static_cast<void>(side.pool.stats()); // takes the lock that any other type takes, and so orders it before the end
    std::this_thread::sleep_for(short_time);
    side.place.open();
    BOOST_TEST(side.running.take() == gate_opened);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(total_while_running_changes_nothing, Side, sides)
{
    busy<Side> side;
    side.signal.emit(cancellation_type::total);
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(side.running.calls() == 0);
    side.place.open();
    BOOST_TEST(side.running.take() == gate_opened);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(partial_while_running_asks_to_stop, Side, sides)
{
    busy<Side> side;
    side.signal.emit(cancellation_type::partial);
    BOOST_TEST(side.running.take() == asked_to_stop);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(partial_waits_for_a_stubborn_task, Side, sides)
{
    Side side(1);
    gate place;
    asio::cancellation_signal signal;
    const recording<int> seen;
    side.pool.async_run(task<hold_stubbornly>(place.path()),
                        asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    BOOST_TEST(place.wait_for_begun());
    signal.emit(cancellation_type::partial);
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(seen.calls() == 0);
    place.open();
    BOOST_TEST(seen.take() == gate_opened);
}

BOOST_AUTO_TEST_CASE(terminal_while_running_in_a_process_kills_it)
{
    busy<processes> side;
    side.signal.emit(cancellation_type::terminal);
    BOOST_TEST(was_aborted(side.running));
    const int old_pid = side.place.pids().at(0);
    BOOST_TEST(get_soon(side.pool.async_run(task<process_id>(), asio::use_future)) != old_pid);
}

BOOST_AUTO_TEST_CASE(terminal_while_running_on_a_thread_asks_to_stop)
{
    busy<threads> side;
    side.signal.emit(cancellation_type::terminal);
    BOOST_TEST(side.running.take() == asked_to_stop);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(while_running_from_another_thread, Side, sides)
{
    busy<Side> side;
    std::jthread([&] { side.signal.emit(cancellation_type::partial); }).join();
    BOOST_TEST(side.running.take() == asked_to_stop);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(being_asked_does_not_reach_the_next_task, Side, sides)
{
    busy<Side> side;
    side.signal.emit(cancellation_type::partial);
    BOOST_TEST(side.running.take() == asked_to_stop);
    gate next;
    const recording<int> seen;
    side.pool.async_run(task<hold>(next.path()), seen.handler());
    BOOST_TEST(next.wait_for_begun());
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(seen.calls() == 0);
    next.open();
    BOOST_TEST(seen.take() == gate_opened);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(types_may_follow_one_another, Side, sides)
{
    busy<Side> side;
    for (int i = 0; i != 100; ++i)
        side.signal.emit(cancellation_type::total);
    side.signal.emit(cancellation_type::partial);
    BOOST_TEST(side.running.take() == asked_to_stop);
}
