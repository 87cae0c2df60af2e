// run_options on threads, where work can be asked to stop and not be killed.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/this_task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::run_options;
using tandem::task;

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(run_timeout_asks_and_waits)
{
    threads side;
    std::atomic<bool> ended{false};
    bool had_ended = false;
    const recording<void> seen([&] { had_ended = ended; });
    side.pool.async_run(
        [&ended](std::stop_token token) {
            eventually([&] { return token.stop_requested(); });
            std::this_thread::sleep_for(20ms);
            ended = true;
        },
        run_options{.run_timeout = 20ms, .label = "slow"}, seen.handler());
    const failure f = failure_of(seen);
    BOOST_TEST(f.code == errc::run_timeout);
    BOOST_TEST(f.report.label == "slow");
    BOOST_TEST(f.report.attempts == 1U);
    BOOST_TEST(had_ended);
}

BOOST_AUTO_TEST_CASE(a_label_owns_its_first_63_bytes_of_whole_characters)
{
    using tandem::task_label;
    static_assert(sizeof(task_label) == 64 && std::is_trivially_copyable_v<run_options>);
    static_assert(task_label("mine") == task_label(std::string_view("mine")) &&
                  task_label("mine") != task_label("yours"));
    static_assert(task_label().empty() && task_label("").view().empty() &&
                  run_options{.label = "mine"}.label.view() == "mine");
    static_assert(run_options{.label = "mine"} != run_options() && run_options{.label = ""} == run_options());
    BOOST_TEST(task_label(std::string(63, 'x')).view() == std::string(63, 'x'));
    BOOST_TEST(task_label(std::string(64, 'x')).view() == std::string(63, 'x'));
    BOOST_TEST(task_label(std::string("a\0b", 3)).view() == "a");
    for (const std::string_view last : {"\u00e4", "\u20ac", "\U0001f40c"}) { // 2, 3 and 4 bytes
        for (std::size_t before = 58; before <= 64; ++before) {
            const std::string start(before, 'x');
            const std::string all = start + std::string(last);
            BOOST_TEST(task_label(all).view() == (all.size() <= 63 ? all : start.substr(0, 63)));
        }
    }
    BOOST_TEST(task_label(std::string(100, '\x80')).view() == std::string(63, '\x80')); // not UTF-8
    const std::string text = "some text";
    BOOST_TEST(std::string(std::string_view(task_label(text))) == text);
}

BOOST_AUTO_TEST_CASE(run_timeout_asks_when_every_thread_is_busy)
{
    threads side(1);
    gate place;
    const recording<int> seen;
    side.pool.async_run(task<hold>(place.path()), run_options{.run_timeout = 20ms}, seen.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    const bool in_time = seen.wait(5s);
    BOOST_TEST(in_time);
    place.open();
    BOOST_TEST(failure_of(seen).code == errc::run_timeout);
}

BOOST_AUTO_TEST_CASE(a_stop_callback_that_blocks_holds_up_no_other_deadline)
{
    threads side(2);
    gate place;
    std::promise<void> is_in_callback, may_return;
    const recording<void> blocking;
    const recording<int> other;
    side.pool.async_run(
        [&](std::stop_token token) {
            const std::stop_callback blocks(token, [&] {
                is_in_callback.set_value();
                may_return.get_future().wait();
            });
            while (!token.stop_requested())
                std::this_thread::yield();
        },
        run_options{.run_timeout = 10ms}, blocking.handler());
    get_soon(is_in_callback.get_future());
    side.pool.async_run(task<hold>(place.path()), run_options{.run_timeout = 10ms}, other.handler());
    BOOST_TEST(failure_of(other).code == errc::run_timeout);
    BOOST_TEST(blocking.calls() == 0);
    may_return.set_value();
    BOOST_TEST(failure_of(blocking).code == errc::run_timeout);
}

BOOST_AUTO_TEST_CASE(total_has_no_effect_on_what_waits_to_be_run_again)
{
    threads side(1);
    gate first, place;
    asio::cancellation_signal signal;
    const recording<int> seen;
    std::atomic<int> runs{0};
    // Its second run cannot begin while its thread is kept: the first one's end posts that before.
    side.pool.async_run(
        [&] {
            if (++runs == 2)
                return 7;
            while (!tandem::this_task::stop_requested())
                std::this_thread::yield();
            asio::post(side.pool.get_executor(), [&] { signal.emit(asio::cancellation_type::total); });
            return 0;
        },
        run_options{.run_timeout = 10ms, .retries = 1}, asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    BOOST_TEST(seen.take() == 7);
    BOOST_TEST(runs == 2);
}

BOOST_AUTO_TEST_CASE(run_timeout_of_a_coroutine_cancels_it)
{
    threads side;
    const recording<void> seen;
    side.pool.async_run(
        []() -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor, long_time);
            co_await timer.async_wait(asio::use_awaitable);
        },
        run_options{.run_timeout = 20ms}, seen.handler());
    BOOST_TEST(failure_of(seen).code == errc::run_timeout);
}

BOOST_AUTO_TEST_CASE(a_deadline_is_told)
{
    threads side;
    const auto left = get_soon(side.pool.async_run(
        [] {
            const auto deadline = tandem::this_task::deadline();
            return deadline ? *deadline - std::chrono::steady_clock::now() : std::chrono::steady_clock::duration(0);
        },
        run_options{.run_timeout = 1h}, asio::use_future));
    BOOST_TEST((left > 50min && left <= 1h));
    BOOST_TEST(
        !get_soon(side.pool.async_run([] { return tandem::this_task::deadline().has_value(); }, asio::use_future)));
}

BOOST_AUTO_TEST_CASE(in_time_nothing_happens)
{
    threads side;
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), run_options{.run_timeout = 1h, .queue_timeout = 1h},
                                            asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(queue_timeout_removes_what_waits)
{
    threads side(1);
    gate place;
    const recording<int> running, waiting;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    std::atomic<bool> ran{false};
    side.pool.async_run(
        [&ran] {
            ran = true;
            return 1;
        },
        run_options{.queue_timeout = 10ms}, waiting.handler());
    std::this_thread::sleep_for(short_time);
    place.open();
    BOOST_TEST(running.take() == gate_opened);
    BOOST_TEST(failure_of(waiting).code == errc::queue_timeout);
    BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(a_retry_after_a_timeout)
{
    threads side;
    std::atomic<int> runs{0};
    const auto slow_at_first = [&runs](std::stop_token token) {
        if (++runs == 1)
            eventually([&] { return token.stop_requested(); });
        return token.stop_requested() ? -1 : 42;
    };
    BOOST_TEST(get_soon(side.pool.async_run(slow_at_first, run_options{.run_timeout = 500ms, .retries = 1},
                                            asio::use_future)) == 42);
    BOOST_TEST(runs == 2);
    BOOST_CHECK_THROW(get_soon(side.pool.async_run(
                          [&runs] {
                              ++runs;
                              throw own_error();
                          },
                          run_options{.retries = 5}, asio::use_future)),
                      own_error);
    BOOST_TEST(runs == 3); // an exception is an answer
}

BOOST_AUTO_TEST_CASE(priorities)
{
    threads side(1);
    gate place;
    const recording<int> running;
    side.pool.async_run(task<hold>(place.path()), running.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    std::mutex mutex;
    std::vector<int> order;
    std::vector<std::future<void>> done;
    for (const int priority : {0, 5, -5, 5})
        done.push_back(side.pool.async_run(
            [&, priority] {
                const std::lock_guard lock(mutex);
                order.push_back(priority);
            },
            run_options{.priority = priority}, asio::use_future));
    place.open();
    for (auto& each : done)
        get_soon(std::move(each));
    const std::vector<int> expected{5, 5, 0, -5};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
}

// From the first priority on, also what was submitted before it has its place.
BOOST_AUTO_TEST_CASE(priorities_overtake_what_waited_before)
{
    threads side(1);
    gate place;
    auto busy = side.pool.async_run(task<hold>(place.path()), asio::use_future);
    BOOST_REQUIRE(place.wait_for_begun());
    std::mutex mutex;
    std::vector<std::string> order;
    std::vector<std::future<void>> done;
    const auto submit = [&](const std::string& name, const run_options& options = {}) {
        done.push_back(side.pool.async_run(
            [&, name] {
                const std::lock_guard lock(mutex);
                order.push_back(name);
            },
            options, asio::use_future));
    };
    submit("first");
    submit("limited", {.run_timeout = 1h});
    submit("second");
    submit("low", {.priority = -1});
    submit("third");
    submit("high", {.priority = 1});
    BOOST_TEST(side.pool.stats().queued == 6U);
    place.open();
    for (auto& each : done)
        get_soon(std::move(each));
    get_soon(std::move(busy));
    // "limited" and the two before "low" were in two queues: between them only is the order free.
    std::erase(order, "limited");
    const std::vector<std::string> expected{"high", "first", "second", "third", "low"};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
    const auto s = side.pool.stats();
    BOOST_TEST(s.completed == 7U);
    BOOST_TEST(s.queued == 0U);
    BOOST_TEST(s.running == 0U);
}

BOOST_AUTO_TEST_CASE(a_pool_stops_with_work_of_all_kinds_queued)
{
    for (int i = 0; i != 50; ++i) {
        threads side(2);
        std::vector<std::future<void>> all;
        std::atomic<int> ran{0};
        for (int j = 0; j != 200; ++j)
            all.push_back(side.pool.async_run(
                [&ran](std::stop_token) { ++ran; }, run_options{.priority = i % 2 && j == 100 ? 1 : 0}, asio::use_future));
        side.pool.stop();
        int completed = 0, aborted = 0;
        for (auto& each : all) {
            BOOST_REQUIRE((each.wait_for(long_time) == std::future_status::ready));
            try {
                each.get();
                ++completed;
            } catch (const boost::system::system_error&) {
                ++aborted;
            }
        }
        BOOST_TEST(completed == ran);
        BOOST_TEST(completed + aborted == 200);
    }
}

BOOST_AUTO_TEST_CASE(what_runs_is_asked_to_stop_with_the_pool)
{
    threads side(1);
    std::promise<void> begun;
    auto stopped = side.pool.async_run(
        [&begun](std::stop_token token) {
            begun.set_value();
            return eventually([&] { return token.stop_requested(); });
        },
        asio::use_future);
    begun.get_future().wait();
    side.pool.stop();
    BOOST_TEST(get_soon(std::move(stopped)));
}

BOOST_AUTO_TEST_SUITE_END()
