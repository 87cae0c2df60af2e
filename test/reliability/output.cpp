// Where what workers print goes.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/memory.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace test;
using tandem::errc;
using tandem::output_line;
using tandem::task;
using tandem::worker_output;

BOOST_AUTO_TEST_SUITE(output)

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_memory = std::size_t{40} << 20; // of what waits for a callback, and allocators' own

int print_lines(const std::string& text, int count)
{
    for (int i = 0; i != count; ++i)
        std::printf("%s %d\n", text.c_str(), i);
    std::fprintf(stderr, "%s on stderr\n", text.c_str());
    return process_id();
}

void print_much(std::size_t bytes)
{
    const std::string line(99, 'x');
    for (std::size_t printed = 0; printed < bytes; printed += line.size() + 1)
        std::fprintf(stderr, "%s\n", line.c_str());
}

int print_and_die(const std::string& text)
{
    std::fprintf(stderr, "%s\n", text.c_str());
    return die("kill");
}

class failing_buffer : public std::streambuf
{
protected:
    int overflow(int c) override { return c; } // as if it were kept
    int sync() override { throw std::runtime_error("from the buffer"); }
};

// The stream throws when the worker flushes it, after the task. No later task of this worker can print on it.
int print_where_nothing_can_be_written(const std::string& where)
{
    if (where == "full device") {
        std::ios::sync_with_stdio(false);
        ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    } else {
        static failing_buffer buffer;
        std::cout.rdbuf(&buffer);
    }
    std::cout << "lost";
    std::cout.exceptions(std::ios::badbit | std::ios::failbit);
    return 5;
}

// For ever.
void print_without_end()
{
    for (;;)
        print_much(std::size_t{1} << 20);
}

// What else than the task has printed it: a thread, when the task has returned.
int print_later(const std::string& text, const std::string& gate_path)
{
    std::thread([text, gate_path] {
        hold(gate_path);
        std::fprintf(stderr, "%s\n", text.c_str());
        announce(gate_path);
    }).detach();
    return 0;
}

struct held_line
{
    std::string text, task, label;
    int pid;
    std::uint32_t worker;
};

class collector
{
public:
    worker_output output()
    {
        return worker_output::lines([this](const output_line& l) {
            const std::lock_guard lock(mutex_);
            lines_.push_back({std::string(l.text), std::string(l.task), std::string(l.label), l.pid, l.worker});
        });
    }
    std::vector<held_line> lines(std::size_t first = 0) const
    {
        const std::lock_guard lock(mutex_);
        return {lines_.begin() + static_cast<std::ptrdiff_t>(first), lines_.end()};
    }

private:
    mutable std::mutex mutex_;
    std::vector<held_line> lines_;
};

} // namespace

BOOST_AUTO_TEST_CASE(line_by_line_with_worker_and_task)
{
    collector all;
    processes side(1, {.output = all.output()});
    const recording<int> first, second;
    side.pool.async_run(task<print_lines>("one", 3), {.label = "a"}, first.handler());
    side.pool.async_run(task<print_lines>("two", 3), {.label = "b"}, second.handler());
    const int pid = first.take();
    second.take();
    BOOST_TEST(eventually([&] { return all.lines().size() == 8U; }), all.lines().size());
    for (const auto& l : all.lines()) {
        BOOST_TEST(l.task.find("print_lines") != std::string::npos, l.text << " of \"" << l.task << '"');
        BOOST_TEST(l.pid == pid);
        BOOST_TEST(l.worker == 1U);
        BOOST_TEST(l.label == (l.text.starts_with("one") ? "a" : "b"), l.text);
    }
}

BOOST_AUTO_TEST_CASE(lines_come_before_the_completion_of_their_task)
{
    leak_check leaks;
    collector all;
    asio::io_context context; // of one thread
    tandem::process_pool pool(context, {.workers = 1, .output = all.output()});
    std::size_t seen = 0;
    pool.async_run(task<print_lines>("x", 100), [&](const std::exception_ptr&, int) { seen = all.lines().size(); });
    context.run_for(long_time);
    BOOST_TEST(seen == 101U);
}

namespace {

constexpr int printing_tasks = 2000;

// How many lines.
int lines_of(int number)
{
    return number % 3 == 0 ? 1 : number % 60 == 1 ? 1 : number % 100 == 41 ? 1 : number % 500 == 250 ? 10'000 : 0;
}

// Mostly nothing; each third one by itself, some by a child process, by a thread, more than a pipe holds, and nothing that can be
// seen.
int print_number(int number)
{
    const std::string text = std::to_string(number) + "\n";
    if (number % 3 == 0)
        std::printf("%s", text.c_str());
    else if (number % 60 == 1)
        static_cast<void>(std::system(("echo " + text).c_str()));
    else if (number % 100 == 41)
        std::thread([&] { std::fputs(text.c_str(), stderr); }).join();
    else if (number % 500 == 250)
        for (int i = 0; i != lines_of(number); ++i)
            std::fputs(text.c_str(), stderr);
    else if (number % 100 == 7) {
        const int before = ::dup(STDOUT_FILENO), null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        ::dup2(null, STDOUT_FILENO);
        std::printf("hidden\n");
        std::fflush(stdout);
        ::dup2(before, STDOUT_FILENO);
        ::close(before);
        ::close(null);
    }
    return number;
}

// One of them ends its worker.
int print_number_and_die_at(int number, int last)
{
    std::printf("%d\n", number);
    return number == last ? die("kill") : number;
}

void expect_own_lines(const collector& all)
{
    int wrong = 0;
    std::string first;
    for (const auto& l : all.lines())
        if (l.text != l.label && wrong++ == 0)
            first = '"' + l.text + "\" of \"" + l.label + '"';
    BOOST_TEST(wrong == 0, wrong << " lines are not told by their tasks, such as " << first);
}

} // namespace

BOOST_AUTO_TEST_CASE(each_line_is_known_to_be_of_its_task_although_tasks_are_sent_ahead)
{
    leak_check leaks;
    collector all;
    asio::io_context context; // of one thread
    tandem::process_pool pool(context, {.workers = 1, .output = all.output()});
    std::size_t most_running = 0, expected = 0;
    int completed = 0, early = 0;
    std::vector<std::size_t> seen(printing_tasks);
    auto count_lines = [&, counted = std::size_t{0}]() mutable {
        const auto lines = all.lines(counted);
        counted += lines.size();
        for (const auto& l : lines)
            if (!l.label.empty())
                ++seen[std::stoul(l.label)];
    };
    for (int i = 0; i != printing_tasks; ++i) {
        const auto own = static_cast<std::size_t>(lines_of(i));
        expected += own;
        pool.async_run(task<print_number>(i), {.label = std::to_string(i)}, [&, i, own](const std::exception_ptr&, int number) {
            completed += number == i ? 1 : 0;
            most_running = std::max(most_running, pool.stats().running);
            if (own != 0)
                count_lines();
            early += seen[static_cast<std::size_t>(i)] < own ? 1 : 0;
        });
    }
    context.run_for(long_time);
    BOOST_TEST(completed == printing_tasks);
    BOOST_TEST(early == 0, early << " tasks completed before their lines came");
    BOOST_TEST(most_running > 1U);
    BOOST_TEST(all.lines().size() == expected);
    expect_own_lines(all);
}

BOOST_AUTO_TEST_CASE(lines_are_known_to_be_of_their_tasks_also_where_one_of_these_ends_its_worker)
{
    collector all;
    processes side(1, {.output = all.output()});
    constexpr int tasks = 200;
    std::atomic<int> completed = 0, failed = 0;
    for (int i = 0; i != tasks; ++i)
        side.pool.async_run(task<print_number_and_die_at>(i, tasks / 2), {.label = std::to_string(i)},
                            [&](const std::exception_ptr& error, int) { ++(error ? failed : completed); });
    BOOST_TEST(eventually([&] { return completed + failed == tasks; }), completed.load());
    BOOST_TEST(failed == 1);
    std::vector<std::string> texts;
    for (const auto& l : all.lines())
        texts.push_back(l.text);
    for (int i = 0; i != tasks; ++i)
        BOOST_TEST(std::ranges::count(texts, std::to_string(i)) == 1, i);
    expect_own_lines(all);
}

BOOST_AUTO_TEST_CASE(lines_of_a_maps_elements_have_its_label)
{
    collector all;
    processes side(2, {.output = all.output()});
    std::vector<int> numbers(printing_tasks);
    std::size_t expected = 0;
    for (int i = 0; i != printing_tasks; ++i) {
        numbers[static_cast<std::size_t>(i)] = i;
        expected += static_cast<std::size_t>(lines_of(i));
    }
    const auto results = get_soon(tandem::async_map(side.pool, task<print_number>, numbers, {.run = {.label = "map"}}, asio::use_future));
    BOOST_TEST(results == numbers);
    BOOST_TEST(eventually([&] { return all.lines().size() == expected; }), all.lines().size() << " of " << expected); // two threads
    const auto lines = all.lines();
    BOOST_TEST(std::ranges::count(lines, "map", &held_line::label) == static_cast<std::ptrdiff_t>(lines.size()));
}

// The pool stops watching when it is idle. A task that is submitted before it hears of that must be watched all the same.
BOOST_AUTO_TEST_CASE(a_task_that_prints_more_than_a_pipe_holds_right_after_the_pool_was_idle)
{
    leak_check leaks;
    for (int turns = 0; turns != 5; ++turns) {
        asio::io_context context; // of one thread
        tandem::process_pool pool(context, {.workers = 1, .output = worker_output::discard()});
        bool printed = false;
        const auto three_lines = [&]() -> asio::awaitable<void> {
            co_await pool.async_run(task<add>(1, 2));
            for (int turn = 0; turn != turns; ++turn)
                co_await asio::post(asio::use_awaitable);
            co_await pool.async_run(task<print_much>(std::size_t{300 * 1024}));
            printed = true;
            context.stop();
        };
        asio::co_spawn(context, three_lines(), asio::detached);
        context.run_for(long_time);
        BOOST_TEST(printed, "the second task hangs after " << turns << " turns of the context");
    }
}

BOOST_AUTO_TEST_CASE(the_tail_is_kept_in_each_case)
{
    collector all;
    for (const auto& output : {worker_output::inherit(), worker_output::discard(), all.output()}) {
        processes side(1, {.output = output});
        const failure f = fails(side.pool, task<print_and_die>("last words"));
        BOOST_TEST(f.code == errc::worker_died);
        BOOST_TEST(f.report.stderr_tail == "last words\n");
    }
    BOOST_TEST(all.lines().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_callback_may_use_the_pool_and_may_throw)
{
    leak_check leaks;
    asio::io_context context;
    std::optional<tandem::process_pool> pool;
    int lines = 0, completed = 0;
    pool.emplace(context, tandem::process_pool_options{.workers = 1, .output = worker_output::lines([&](const output_line&) {
        if (++lines == 1)
            pool->async_run(task<add>(1, 2), [&](const std::exception_ptr&, int) { ++completed; });
        else if (lines == 2)
            throw std::runtime_error("from the callback");
    })});
    pool->async_run(task<print_lines>("x", 5), [&](const std::exception_ptr&, int) { ++completed; });
    BOOST_CHECK_THROW(context.run_for(long_time), std::runtime_error);
    context.run_for(long_time);
    BOOST_TEST(completed == 2);
    BOOST_TEST(lines >= 5);
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written_costs_no_result)
{
    for (const std::string where : {"full device", "a buffer that throws"}) {
        processes side(1);
        BOOST_TEST(get_soon(side.pool.async_run(task<print_where_nothing_can_be_written>(where), asio::use_future)) == 5, where);
        BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3, where);
        BOOST_TEST(side.pool.stats().workers_started == 1U, where);
    }
}

// A callback that is busy holds up nobody but those who print.
BOOST_AUTO_TEST_CASE(while_the_callback_is_busy_workers_wait_memory_does_not_grow_and_deadlines_hold)
{
    std::atomic<bool> may_return = false;
    std::atomic<std::size_t> lines = 0;
    processes side(2, {.output = worker_output::lines([&](const output_line&) {
                           if (++lines == 1)
                               may_return.wait(false);
                       })});
    const recording<void> endless, much;
    side.pool.async_run(task<print_without_end>(), {.run_timeout = 1s}, endless.handler());
    side.pool.async_run(task<print_much>(std::size_t{30} << 20), much.handler());
    BOOST_REQUIRE(eventually([&] { return lines == 1U; }));
    const std::size_t before = allocated_memory();
    BOOST_TEST(eventually([&] { return endless.calls() == 1; }), "its deadline does not end it");
    std::this_thread::sleep_for(short_time);
    const std::size_t after = allocated_memory();
    BOOST_TEST(much.calls() == 0);
    BOOST_TEST(after < before + most_memory, (after - before) / 1024 << " KiB more");
    BOOST_TEST(lines == 1U);
    may_return = true;
    may_return.notify_all();
    BOOST_TEST(failure_of(endless).code == errc::run_timeout);
    much.take();
    BOOST_TEST(eventually([&] { return lines >= (std::size_t{30} << 20) / 100; }), lines.load());
}

// Each of them waits for the callback: a task's outcome comes after its lines.
BOOST_AUTO_TEST_CASE(while_the_callback_is_busy_many_tasks_that_print_little_do_not_take_memory_either)
{
    std::atomic<bool> may_return = false;
    std::atomic<std::size_t> lines = 0;
    processes side(2, {.output = worker_output::lines([&](const output_line&) {
                           if (++lines == 1)
                               may_return.wait(false);
                       })});
    std::atomic<int> completed = 0;
    constexpr int tasks = 2000;
    for (int i = 0; i != tasks; ++i)
        side.pool.async_run(task<print_much>(std::size_t{20'000}), [&](const std::exception_ptr&) { ++completed; });
    BOOST_REQUIRE(eventually([&] { return lines == 1U; }));
    const std::size_t before = allocated_memory();
    int seen = -1;
    while (std::exchange(seen, completed.load()) != completed) // until no task completes any more
        std::this_thread::sleep_for(short_time);
    const std::size_t after = allocated_memory();
    BOOST_TEST(completed < tasks);
    BOOST_TEST(after < before + most_memory, (after - before) / 1024 << " KiB more");
    may_return = true;
    may_return.notify_all();
    BOOST_TEST(eventually([&] { return completed == tasks; }), completed.load());
    BOOST_TEST(eventually([&] { return lines == std::size_t{200} * tasks; }), lines.load());
}

namespace {

/// A worker that has printed "late" since it became idle.
struct idle_printer
{
    idle_printer()
    {
        pool.async_run(task<print_later>("late", place.path()), asio::detached);
        context.run_for(long_time);
        BOOST_REQUIRE(context.stopped());
        place.open();
        BOOST_REQUIRE(place.wait_for_begun(2));
    }

    void run(std::chrono::milliseconds time)
    {
        context.restart();
        context.run_for(time);
    }

    leak_check leaks;
    collector all;
    asio::io_context context; // of one thread
    tandem::process_pool pool{context, {.workers = 1, .output = all.output()}};
    gate place;
};

} // namespace

// An idle worker is not watched. What it prints comes with its next task, and is not that task's.
BOOST_AUTO_TEST_CASE(lines_of_an_idle_worker_come_with_its_next_task)
{
    idle_printer side;
    side.run(short_time);
    BOOST_TEST(side.all.lines().size() == 0U);
    side.pool.async_run(task<print_lines>("x", 1), asio::detached);
    side.run(long_time);
    const auto lines = side.all.lines();
    BOOST_REQUIRE(lines.size() == 3U);
    BOOST_TEST(lines[0].text == "late");
    BOOST_TEST(lines[0].task == "");
    BOOST_TEST(lines[1].task != "");
}

BOOST_AUTO_TEST_CASE(lines_of_an_idle_worker_come_when_it_ends)
{
    idle_printer side;
    side.pool.async_shutdown(tandem::shutdown_mode::drain, asio::detached);
    side.run(long_time);
    const auto lines = side.all.lines();
    BOOST_REQUIRE(lines.size() == 1U);
    BOOST_TEST(lines[0].text == "late");
    BOOST_TEST(lines[0].task == "");
}

BOOST_AUTO_TEST_SUITE_END()
