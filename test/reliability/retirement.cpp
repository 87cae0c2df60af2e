// Workers that have served long enough.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::process_pool_options;
using tandem::task;

namespace {

int take_memory(std::uint64_t bytes)
{
    static std::vector<std::vector<char>> kept;
    kept.emplace_back(bytes, 'x');
    return process_id();
}

int sleep_a_little()
{
    std::this_thread::sleep_for(10ms);
    return process_id();
}

std::map<int, int> count_by_pid(tandem::process_pool& pool, int tasks)
{
    std::deque<recording<int>> seen(static_cast<std::size_t>(tasks));
    for (const auto& one : seen)
        pool.async_run(task<process_id>(), one.handler());
    std::map<int, int> counts;
    for (const auto& one : seen)
        ++counts[one.take()];
    return counts;
}

} // namespace

BOOST_AUTO_TEST_SUITE(retirement)

BOOST_AUTO_TEST_CASE(after_so_many_tasks_also_with_a_deep_queue)
{
    processes side(2, {.retire = {.tasks = 5}});
    const auto counts = count_by_pid(side.pool, 200);
    BOOST_TEST(counts.size() >= 40U);
    for (const auto& [pid, count] : counts)
        BOOST_TEST(count <= 5, "worker " << pid << " ran " << count);
    BOOST_TEST(side.pool.stats().retired.tasks >= 38U);
    BOOST_TEST(side.pool.stats().workers_died == 0U);
}

BOOST_AUTO_TEST_CASE(a_process_for_each_task)
{
    processes side(2, {.retire = {.tasks = 1}});
    BOOST_TEST(count_by_pid(side.pool, 20).size() == 20U);
}

BOOST_AUTO_TEST_CASE(a_successor_is_ready_before)
{
    processes side(1, {.retire = {.tasks = 2}});
    const gate place;
    get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    const recording<int> last;
    side.pool.async_run(task<hold>(place.path()), last.handler()); // the last one that it takes
    BOOST_TEST(eventually([&] { return side.pool.stats().ready_workers == 2U; }));
    const recording<int> next;
    side.pool.async_run(task<add>(1, 2), next.handler());
    std::this_thread::sleep_for(short_time);
    BOOST_TEST(next.calls() == 0); // no more tasks run at once than there are to be workers
    place.open();
    BOOST_TEST(last.take() == gate_opened);
    BOOST_TEST(next.take() == 3);
    BOOST_TEST(eventually([&] { return side.pool.stats().retired.tasks == 1U; }));
}

BOOST_AUTO_TEST_CASE(by_age)
{
    processes side(1, {.retire = {.age = 100ms}});
    std::map<int, int> pids;
    const auto end = std::chrono::steady_clock::now() + 600ms;
    while (std::chrono::steady_clock::now() < end || side.pool.stats().retired.age < 2)
        ++pids[get_soon(side.pool.async_run(task<sleep_a_little>(), asio::use_future))];
    BOOST_TEST(pids.size() >= 2U);
    BOOST_TEST(side.pool.stats().workers_died == 0U);
}

BOOST_AUTO_TEST_CASE(by_resident_memory)
{
    processes side(1, {.retire = {.resident_memory = std::uint64_t{300} << 20}});
    const int small = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    BOOST_TEST(get_soon(side.pool.async_run(task<process_id>(), asio::use_future)) == small);
    BOOST_TEST(get_soon(side.pool.async_run(task<take_memory>(std::uint64_t{400} << 20), asio::use_future)) == small);
    BOOST_TEST(eventually([&] { return side.pool.stats().retired.resident_memory == 1U; }));
    BOOST_TEST(get_soon(side.pool.async_run(task<process_id>(), asio::use_future)) != small);
}

BOOST_AUTO_TEST_CASE(by_idleness)
{
    processes side(2, {.retire = {.idle = 100ms}});
    get_soon(side.pool.async_start(asio::use_future));
    BOOST_TEST(eventually([&] { return side.pool.stats().workers == 0U; }));
    BOOST_TEST(side.pool.stats().retired.idle == 2U);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(idle_workers_that_retire_let_the_context_end)
{
    leak_check leaks;
    asio::io_context context;
    tandem::process_pool pool(context, {.workers = 1, .retire = {.idle = 100ms}});
    const recording<int> seen;
    pool.async_run(task<add>(1, 2), seen.handler());
    context.run_for(long_time);
    BOOST_TEST(context.stopped());
    BOOST_TEST(seen.calls() == 1);
    BOOST_TEST(pool.stats().workers == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
