// Tasks that were sent to a worker which has not begun them: what a cancellation, a death, a slow task before them
// does.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <deque>

using namespace test;
using asio::cancellation_type;
using asio::error::operation_aborted;
using tandem::errc;
using tandem::task;

namespace {

// Quick, so that its calls are sent ahead, but for those that are given a gate to hold at. Which process ran it.
int mostly_quick(const std::string& gate_path)
{
    if (!gate_path.empty())
        hold_stubbornly(gate_path);
    return process_id();
}

// The same, and leaves a mark where it is given a gate.
int mark(const std::string& gate_path, bool waits)
{
    if (waits)
        return hold_stubbornly(gate_path);
    if (!gate_path.empty())
        announce(gate_path);
    return 0;
}

// One worker that holds one task and was sent ten more.
struct sent_ahead
{
    processes side{1};
    gate first, marks;
    asio::cancellation_signal signal;
    recording<int> held;
    std::deque<recording<int>> behind{10};

    sent_ahead()
    {
        // That it is quick must be known, and also on a busy machine: by calls that do nothing.
        for (int i = 0; i != 60; ++i)
            get_soon(side.pool.async_run(task<mark>("", false), asio::use_future));
        side.pool.async_run(task<mark>(first.path(), true), asio::bind_cancellation_slot(signal.slot(), held.handler()));
        BOOST_REQUIRE(first.wait_for_begun());
    }

    void send_behind()
    {
        for (const auto& one : behind)
            side.pool.async_run(task<mark>(marks.path(), false), one.handler());
        wait_until_sent(behind.size());
    }

    /// Or nothing is shown of what is sent ahead. They are given to the worker after the submission.
    void wait_until_sent(std::size_t tasks)
    {
        BOOST_TEST(eventually([&] { return side.pool.stats().running == 1 + tasks; }), side.pool.stats().running << " run");
    }

    std::size_t marked() const { return marks.begun(); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(sending_ahead)

BOOST_AUTO_TEST_CASE(quick_tasks_are_sent_ahead_and_others_are_not)
{
    processes side(1);
    const gate place;
    recording<int> held;
    std::deque<recording<int>> quick(10), slow(10);
    side.pool.async_run(task<hold>(place.path()), held.handler());
    for (const auto& one : slow)
        side.pool.async_run(task<hold>(place.path()), one.handler()); // of unknown cost
    BOOST_REQUIRE(place.wait_for_begun());
    BOOST_TEST(side.pool.stats().running == 1U);
    place.open();
    for (const auto& one : slow)
        BOOST_TEST(one.take() == gate_opened);
}

BOOST_AUTO_TEST_CASE(what_was_sent_behind_a_death_is_run_by_another_worker_and_once)
{
    sent_ahead all;
    all.send_behind();
    all.signal.emit(cancellation_type::terminal); // kills the worker
    BOOST_TEST(failure_of(all.held).code == operation_aborted);
    for (const auto& one : all.behind)
        BOOST_TEST(one.take() == 0);
    BOOST_TEST(all.marked() == 10U);
}

BOOST_AUTO_TEST_CASE(what_was_sent_can_be_cancelled)
{
    for (const auto type : {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal}) {
        sent_ahead all;
        all.send_behind();
        asio::cancellation_signal signal;
        const recording<int> seen;
        all.side.pool.async_run(task<mark>(all.marks.path(), false),
                                asio::bind_cancellation_slot(signal.slot(), seen.handler()));
        all.wait_until_sent(all.behind.size() + 1);
        signal.emit(type);
        BOOST_TEST(failure_of(seen).code == operation_aborted);
        BOOST_TEST(all.held.calls() == 0); // its worker goes on
        all.first.open();
        for (const auto& one : all.behind)
            BOOST_TEST(one.take() == 0);
        BOOST_TEST(all.marked() == 10U); // not the cancelled one
    }
}

BOOST_AUTO_TEST_CASE(a_queue_timeout_holds_also_for_what_was_sent)
{
    sent_ahead all;
    const failure f = fails(all.side.pool, task<mark>(all.marks.path(), false),
                            {.queue_timeout = std::chrono::milliseconds(50)});
    BOOST_TEST(f.code == errc::queue_timeout);
    all.first.open();
    BOOST_TEST(all.held.take() == gate_opened);
    BOOST_TEST(all.marked() == 0U);
}

BOOST_AUTO_TEST_CASE(a_run_timeout_counts_from_the_true_start)
{
    sent_ahead all;
    const recording<int> patient;
    all.side.pool.async_run(task<mark>(all.marks.path(), false),
                            {.run_timeout = std::chrono::milliseconds(200)}, patient.handler());
    std::this_thread::sleep_for(std::chrono::milliseconds(400)); // it waits behind the one that holds
    BOOST_TEST(patient.calls() == 0);
    all.first.open();
    BOOST_TEST(patient.take() == 0);
}

BOOST_AUTO_TEST_CASE(what_waits_behind_a_slow_task_is_given_to_another_worker)
{
    processes side(2);
    const gate slow_place, other_place;
    for (int i = 0; i != 20; ++i)
        get_soon(side.pool.async_run(task<mostly_quick>(std::string()), asio::use_future));
    const recording<int> other, slow;
    side.pool.async_run(task<hold>(other_place.path()), other.handler());
    BOOST_REQUIRE(other_place.wait_for_begun());
    side.pool.async_run(task<mostly_quick>(slow_place.path()), slow.handler());
    BOOST_REQUIRE(slow_place.wait_for_begun());
    std::deque<recording<int>> behind(10);
    for (const auto& one : behind)
        side.pool.async_run(task<mostly_quick>(std::string()), one.handler());
    other_place.open();
    std::vector<int> pids;
    for (const auto& one : behind)
        pids.push_back(one.take());
    BOOST_TEST(slow.calls() == 0);
    slow_place.open();
    const int slow_pid = slow.take();
    BOOST_TEST(std::ranges::count(pids, slow_pid) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
