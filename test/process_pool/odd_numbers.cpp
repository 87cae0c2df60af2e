// Numbers that nobody means, and times that are over or never come.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>
#include <tandem/this_task.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using tandem::errc;
using tandem::process_pool_options;
using tandem::run_options;
using tandem::task;

namespace {

bool may_go_on(int)
{
    const auto deadline = tandem::this_task::deadline();
    return !deadline || *deadline > std::chrono::steady_clock::now();
}

void load_text(const std::string&) {}

/// What the constructor says of these options.
std::string refusal_of(const std::function<void(process_pool_options&)>& change)
{
    process_pool_options options;
    change(options);
    asio::thread_pool context{1};
    try {
        const tandem::process_pool pool(context, options);
    } catch (const std::invalid_argument& e) {
        return e.what();
    } catch (const tandem::task_error& e) {
        return e.what();
    }
    return "none";
}

} // namespace

BOOST_AUTO_TEST_SUITE(odd_numbers)

BOOST_AUTO_TEST_CASE(options_that_nobody_means_are_refused)
{
    using options = process_pool_options;
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    const auto says = [](const std::function<void(options&)>& change, const std::string& text) {
        const std::string said = refusal_of(change);
        BOOST_TEST(said.find("process_pool_options: " + text) == 0U, said);
    };
    says([](options& o) { o.workers = most; }, "workers is 18446744073709551615; it must be at most 4194304");
    says([](options& o) { o.start_attempts = 0; }, "start_attempts is 0; it must be at least 1");
    says([](options& o) { o.max_message_size = 4095; }, "max_message_size is 4095; it must be from 4096");
    says([](options& o) { o.max_message_size = most; }, "max_message_size is 18446744073709551615; it must be from 4096");
    says([](options& o) { o.shared_memory = most; }, "shared_memory is 18446744073709551615; it must be at most");
    says([](options& o) { o.start_timeout = -1ns; }, "start_timeout is -1 ns; it must be zero or more");
    says([](options& o) { o.start_backoff = -1s; }, "start_backoff is");
    says([](options& o) { o.start_backoff_limit = nanoseconds::min(); }, "start_backoff_limit is");
    says([](options& o) { o.retire.age = -1s; }, "retire.age is");
    says([](options& o) { o.retire.idle = -1s; }, "retire.idle is");
    says([](options& o) { o.limits.cpu_time = -1s; }, "limits.cpu_time is");
    says([](options& o) { o.stop_timeout = -1s; }, "stop_timeout is");
    says([](options& o) { o.worker.path = ""; }, "worker is \"\"; it must be the path of a program");
    says([](options& o) { o.worker.path = std::string("/bin/true\0", 10); }, "worker is");
    says(
        [](options& o) {
            o.max_message_size = 4096;
            o.initializer = task<load_text>(std::string(5000, 'x'));
        },
        "the initializer's arguments have 50");
    BOOST_TEST(refusal_of([](options& o) { o.shared_memory = 200'001; }) == "none");
    BOOST_TEST(refusal_of([](options& o) { o.max_message_size = 4096; }) == "none");
}

BOOST_AUTO_TEST_CASE(the_largest_numbers_are_no_limit)
{
    constexpr nanoseconds never = nanoseconds::max();
    processes side(1, {.start_timeout = never,
                       .start_backoff = never,
                       .start_backoff_limit = never,
                       .retire = {.age = never, .idle = never},
                       .limits = {.cpu_time = never}});
    const run_options options{.run_timeout = never,
                              .grace_period = never,
                              .queue_timeout = never,
                              .retries = std::numeric_limits<unsigned>::max(),
                              .retry_delay = never};
    BOOST_TEST(get_soon(side.pool.async_run(task<may_go_on>(1), options, asio::use_future)));
    const std::vector<int> range(100);
    const tandem::map_options all{.in_flight = std::numeric_limits<std::size_t>::max(), .run = options};
    BOOST_TEST(get_soon(tandem::async_map(side.pool, task<may_go_on>, range, all, asio::use_future)).size() == 100U);
    get_soon(side.pool.async_shutdown(tandem::shutdown_options{.drain_timeout = never,
                                                               .cancel_queued_timeout = never,
                                                               .stop_timeout = never,
                                                               .kill_timeout = never},
                                      asio::use_future));
}

BOOST_AUTO_TEST_CASE(the_largest_time_for_the_destructor_is_no_limit)
{
    const gate place;
    const recording<int> seen;
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool(std::in_place, context,
                                             process_pool_options{.workers = 1, .stop_timeout = nanoseconds::max()});
    pool->async_run(task<hold>(place.path()), seen.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    pool.reset();
    BOOST_TEST(failure_of(seen).code == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_task_whose_time_is_over_is_not_run, Side, sides)
{
    Side side(1);
    const gate place;
    for (const nanoseconds over : {nanoseconds(-1), nanoseconds(-1h), nanoseconds::min()}) {
        const failure queued = fails(side.pool, task<announce_task>(place.path()), {.queue_timeout = over});
        BOOST_TEST(queued.code == errc::queue_timeout);
        BOOST_TEST(queued.says("its time was over before it was submitted, so it was not run"), queued.what);
        const failure run = fails(side.pool, task<announce_task>(place.path()), {.run_timeout = over, .retries = 3});
        BOOST_TEST(run.code == errc::run_timeout);
        BOOST_TEST(run.says("its time was over before it was submitted, so it was not run"), run.what);
        BOOST_TEST(run.report.attempts == 0U);
    }
    // Also where it would wait behind others.
    const gate held;
    const recording<int> running, waiting;
    side.pool.async_run(task<hold>(held.path()), running.handler());
    BOOST_REQUIRE(held.wait_for_begun());
    side.pool.async_run(task<add>(1, 2), waiting.handler());
    const recording<void> late;
    side.pool.async_run(task<announce_task>(place.path()), run_options{.run_timeout = -1s}, late.handler());
    held.open(); // on threads, what is held has the only one
    BOOST_TEST(failure_of(late).code == errc::run_timeout);
    BOOST_TEST(waiting.take() == 3);
    BOOST_TEST(place.begun() == 0U);
}

BOOST_AUTO_TEST_CASE(a_grace_period_that_is_over_is_none)
{
    processes side(1);
    const gate place;
    const failure f = fails(side.pool, task<hold>(place.path()), {.run_timeout = 50ms, .grace_period = -1s});
    BOOST_TEST(f.code == errc::run_timeout);
    BOOST_TEST((f.report.signal == SIGKILL), f.what);
}

BOOST_AUTO_TEST_CASE(rungs_whose_time_is_over_are_passed_at_once)
{
    processes side(1);
    const gate place;
    const recording<int> seen;
    side.pool.async_run(task<hold_stubbornly>(place.path()), seen.handler());
    BOOST_REQUIRE(place.wait_for_begun());
    get_soon(side.pool.async_shutdown(
        tandem::shutdown_options{.drain_timeout = -1s, .cancel_queued_timeout = -1s, .stop_timeout = -1s},
        asio::use_future));
    BOOST_TEST(failure_of(seen).code == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_map_whose_time_is_over_fails_and_runs_nothing)
{
    processes side(1);
    const std::vector<int> range(3);
    const recording<std::vector<bool>> seen;
    tandem::async_map(side.pool, task<may_go_on>, range, tandem::map_options{.run = {.queue_timeout = -1s}},
                      seen.handler());
    BOOST_TEST(failure_of(seen).code == errc::queue_timeout);
    BOOST_TEST(side.pool.stats().workers_started == 0U);
}

BOOST_AUTO_TEST_CASE(more_threads_than_a_system_can_have_are_refused)
{
    for (const std::size_t threads : {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 31, std::size_t{4194305}})
        BOOST_CHECK_EXCEPTION(tandem::thread_pool{threads}, std::invalid_argument, [](const std::invalid_argument& e) {
            return std::string(e.what()).find("it must be at most 4194304") != std::string::npos;
        });
}

BOOST_AUTO_TEST_SUITE_END()
