// A real pool, recorded: TANDEM_RECORD names the file.
#include <schedule/replay.hpp>

#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::run_options;
using tandem::shutdown_mode;
using tandem::task;

namespace {

int twice(int x)
{
    return 2 * x;
}

int sleep_for_milliseconds(int count)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(count));
    return count;
}

// A pool in a task.
int sum_in_own_pool(int count)
{
    asio::thread_pool context{1};
    tandem::process_pool pool(context, {.workers = 1});
    int sum = 0;
    for (const int one : get_soon(tandem::async_map(pool, task<twice>, std::vector<int>(static_cast<std::size_t>(count), 1), asio::use_future)))
        sum += one;
    return sum;
}

class recorded
{
public:
    recorded() { ::setenv("TANDEM_RECORD", name().c_str(), 1); }
    ~recorded() { ::unsetenv("TANDEM_RECORD"); }

    std::vector<std::filesystem::path> files() const
    {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
            if (entry.path().filename().string().starts_with("pool"))
                found.push_back(entry.path());
        return found;
    }

    /// Of this process's pools, of which there was one.
    std::string text() const
    {
        std::string only;
        for (const auto& file : files())
            if (file.filename().string().starts_with("pool." + std::to_string(::getpid()) + '.')) {
                BOOST_TEST(only.empty());
                only = read(file);
            }
        BOOST_TEST(!only.empty());
        return only;
    }

    static std::string read(const std::filesystem::path& file)
    {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::string name() const { return folder_.path() + "/pool"; }

private:
    const gate folder_;
};

// How often it has such a line.
std::size_t count_of(const std::string& text, const std::string& what)
{
    std::size_t count = 0;
    for (auto place = text.find(what); place != std::string::npos; place = text.find(what, place + 1))
        ++count;
    return count;
}

void check_replay(const std::string& text)
{
    const auto done = tandem::schedule::replay(text);
    BOOST_TEST_MESSAGE(text.size() << " bytes, " << done.events << " events, " << done.actions << " actions and results");
    BOOST_TEST(done.is_whole);
    if (done.first)
        BOOST_ERROR(*done.first);
}

// For test/schedule/recordings: what this run has recorded, where TANDEM_KEEP_RECORDINGS names a folder.
void keep(const std::string& text, const std::string& name)
{
    if (const char* const folder = std::getenv("TANDEM_KEEP_RECORDINGS"))
        std::ofstream(std::filesystem::path(folder) / name, std::ios::binary) << text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(recorded_pool)

BOOST_AUTO_TEST_CASE(its_recording_is_replayed_whatever_happened_to_it)
{
    const recorded record;
    {
        processes side(2, {.retire = {.tasks = 20}});
        const gate place;
        get_soon(side.pool.async_start(asio::use_future));
        std::deque<recording<int>> sums(20);
        for (const auto& one : sums)
            side.pool.async_run(task<add>(1, 2), one.handler());
        for (const auto& one : sums)
            BOOST_TEST(one.take() == 3);
        BOOST_TEST(fails(side.pool, task<die>(std::string("segv")), {.retries = 1, .retry_delay = 1ms}).code == tandem::errc::worker_died);
        BOOST_TEST(fails(side.pool, task<hold_stubbornly>(place.path()), {.run_timeout = 50ms}).code == tandem::errc::run_timeout);
        BOOST_TEST(fails(side.pool, task<hold>(place.path()), {.run_timeout = 50ms, .grace_period = 10s}).code == tandem::errc::run_timeout);

        asio::cancellation_signal signal;
        const recording<int> cancelled;
        side.pool.async_run(task<hold>(place.path()), asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
        BOOST_TEST(place.wait_for_begun(3));
        const recording<int> held;
        side.pool.async_run(task<hold>(place.path()), held.handler());
        BOOST_TEST(place.wait_for_begun(4));
        BOOST_TEST(fails(side.pool, task<add>(1, 2), {.queue_timeout = 20ms}).code == tandem::errc::queue_timeout);
        signal.emit(asio::cancellation_type::terminal);
        BOOST_TEST(failure_of(cancelled).code == asio::error::operation_aborted);
        place.open();
        BOOST_TEST(held.take() == gate_opened);

        std::vector<int> times(60, 0);
        times[30] = 30; // behind it others wait, and are taken back
        BOOST_TEST(get_soon(tandem::async_map(side.pool, task<sleep_for_milliseconds>, times, asio::use_future)) == times);
        BOOST_TEST(side.pool.stats().retired.tasks > 0U);
        get_soon(side.pool.async_shutdown({.mode = shutdown_mode::drain}, asio::use_future));
    }
    const std::string text = record.text();
    check_replay(text);
    for (const char* what : {" submit ", " submit_behind_others ", " cancel t", " start_all", " shutdown ", " worker_launched ", " worker_ready ",
                             " task_finished ", " settle\n", " worker_gone ", " advance\n", " due_workers\n", " next_deadline\n",
                             "  ? begun ", "  ? revoke ", "  > retry ", "  > retire ", "  > kill ", "  > ask_to_stop "})
        BOOST_TEST(count_of(text, what) != 0U, '"' << what << "\" is not in it");
    keep(text, "pool.txt");
}

BOOST_AUTO_TEST_CASE(also_where_calls_travelled_together_and_were_split)
{
    const recorded record;
    {
        processes side(2);
        get_soon(tandem::async_map(side.pool, task<sleep_for_milliseconds>, std::vector<int>(20, 0), asio::use_future));
        std::vector<int> times(200, 0); // thought to be quick, so that they travel together
        times[3] = times[103] = 50;
        BOOST_TEST(get_soon(tandem::async_map(side.pool, task<sleep_for_milliseconds>, times, asio::use_future)) == times);
    }
    const std::string text = record.text();
    check_replay(text);
    BOOST_TEST(count_of(text, " items=") != 0U);
    BOOST_TEST(count_of(text, "  ? split ") != count_of(text, " nothing\n"), "nothing was split");
    keep(text, "map.txt");
}

BOOST_AUTO_TEST_CASE(also_where_each_of_them_has_options)
{
    struct setting
    {
        const char* name;
        tandem::process_pool_options pool;
        tandem::run_options run;
    };
    const setting settings[] = {{"run_timeout", {}, {.run_timeout = long_time}},
                                {"queue_timeout", {}, {.queue_timeout = long_time}},
                                {"retries", {}, {.retries = 1}},
                                {"priority", {}, {.priority = 1}},
                                {"retire.tasks", {.retire = {.tasks = 1000}}, {}},
                                {"limits.cpu_time", {.limits = {.cpu_time = long_time}}, {}}};
    for (const setting& one : settings) {
        const recorded record;
        const std::vector<int> times(300, 0);
        {
            processes side(2, one.pool);
            get_soon(tandem::async_map(side.pool, task<sleep_for_milliseconds>, std::vector<int>(20, 0), asio::use_future));
            BOOST_TEST(get_soon(tandem::async_map(side.pool, task<sleep_for_milliseconds>, times, {.run = one.run}, asio::use_future)) == times);
        }
        const std::string text = record.text();
        check_replay(text);
        BOOST_TEST(count_of(text, " items=") != 0U, one.name << ": each call travelled alone");
    }
}

BOOST_AUTO_TEST_CASE(what_is_written_when_a_pool_is_at_rest_is_all_that_happened)
{
    const recorded record;
    processes side(1);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    // As after kill -9: the pool is there, and does not end.
    BOOST_TEST(eventually([&] { return count_of(record.text(), " task_finished w1 ") == 1; }));
    const auto done = tandem::schedule::replay(record.text());
    BOOST_TEST(!done.is_whole);
    BOOST_TEST(!done.first);
}

BOOST_AUTO_TEST_CASE(each_pool_has_a_file_of_its_own_also_in_workers)
{
    const recorded record;
    {
        processes side(1);
        const recording<int> sum;
        side.pool.async_run(task<sum_in_own_pool>(100), sum.handler());
        BOOST_TEST(sum.take() == 200);
    }
    {
        processes other(1);
        BOOST_TEST(get_soon(other.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    }
    std::size_t replayed = 0;
    for (const auto& file : record.files()) {
        check_replay(recorded::read(file));
        ++replayed;
    }
    BOOST_TEST(replayed == 3U);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_made_or_written_disturbs_nobody)
{
    ::setenv("TANDEM_RECORD", "/nowhere/at/all", 1);
    {
        processes side(1);
        BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    }
    const recorded record;
    rlimit before{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 4096;
    {
        processes side(1, {.shared_memory = 0});
        get_soon(side.pool.async_start(asio::use_future)); // which needs files itself
        BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        for (int i = 0; i != 100; ++i)
            BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    const std::string text = record.text();
    BOOST_TEST(text.size() == 4096U);
    const auto done = tandem::schedule::replay(text);
    BOOST_TEST(!done.is_whole);
    BOOST_TEST(!done.first);
}

BOOST_AUTO_TEST_SUITE_END()
