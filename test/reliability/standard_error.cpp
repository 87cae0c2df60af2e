// Workers' lines on the program's stderr: nobody waits for whoever reads it.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/leak_check.hpp>
#include <support/recording.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <descriptor.hpp>
#include <tandem/process_pool.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

using namespace test;
using tandem::errc;
using tandem::task;

BOOST_AUTO_TEST_SUITE(standard_error)

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t kept = std::size_t{1} << 20;

void print_numbers(int count)
{
    for (int i = 0; i != count; ++i)
        std::printf("line %06d %s\n", i, std::string(80, 'x').c_str());
}

int print_numbers_and_die(int count)
{
    print_numbers(count);
    return die("kill");
}

void print_when_stopped(const std::string& gate_path, int count)
{
    hold(gate_path);
    print_numbers(count);
}

// What else than the task prints: a thread, when the task has returned.
void print_later(const std::string& gate_path)
{
    std::thread([gate_path] {
        hold(gate_path);
        print_numbers(1);
        announce(gate_path);
    }).detach();
}

/// A pipe in the place of this process's stderr, while it is there. Its reader is the test.
class captured_stderr
{
public:
    explicit captured_stderr(int flags = 0) : own_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10))
    {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC | flags) == 0);
        reader_ = tandem::descriptor(ends[0]);
        ::fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[1]);
    }
    ~captured_stderr()
    {
        stop();
        restore();
    }

    /// Another thread reads it from now on: so much at a time, and then does nothing for so long.
    void read(std::size_t most, std::chrono::microseconds pause)
    {
        reading_ = std::thread([this, most, pause] {
            while (read_some(most) || !is_over_)
                std::this_thread::sleep_for(pause);
        });
    }

    /// All that came. It is over.
    std::string take()
    {
        restore();
        stop();
        while (read_some(kept)) {
        }
        return std::move(text_);
    }

private:
    bool read_some(std::size_t most)
    {
        std::string buffer(most, '\0');
        const ssize_t size = ::read(reader_.get(), buffer.data(), most);
        if (size > 0)
            text_.append(buffer, 0, static_cast<std::size_t>(size));
        return size > 0;
    }
    void stop()
    {
        is_over_ = true;
        if (reading_.joinable())
            reading_.join();
    }
    void restore()
    {
        if (own_) {
            ::dup2(own_.get(), STDERR_FILENO);
            own_.close();
        }
    }

    tandem::descriptor own_, reader_;
    std::thread reading_;
    std::atomic<bool> is_over_ = false;
    std::string text_;
};

struct shown_lines
{
    int whole = 0, broken = 0, notices = 0;
};

shown_lines count_lines(const std::string& text)
{
    shown_lines seen;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("tandem: "))
            ++seen.notices;
        else if (line.size() == 92 && line.starts_with("line ") && line.ends_with(std::string(80, 'x')))
            ++seen.whole;
        else
            ++seen.broken;
    }
    return seen;
}

tandem::process_pool_options one_worker()
{
    tandem::process_pool_options options;
    options.workers = 1;
    return options;
}

} // namespace

BOOST_AUTO_TEST_CASE(that_nobody_reads_holds_up_no_timer_no_deadline_and_no_destructor)
{
    const leak_check leaks;
    captured_stderr capture;
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool(std::in_place, context, one_worker());
    const recording<void> printing;
    const recording<int> endless;
    const gate place;
    pool->async_run(task<print_numbers>(50'000), printing.handler());
    pool->async_run(task<hold_stubbornly>(place.path()), {.run_timeout = 100ms}, endless.handler());
    const bool has_printed = printing.wait(), has_ended = endless.wait();
    asio::steady_timer timer(context, 10ms);
    const bool has_expired =
        timer.async_wait(asio::use_future).wait_for(long_time) == std::future_status::ready;
    const auto start = steady_clock::now();
    const auto stats = pool->stats();
    pool.reset();
    const auto took = steady_clock::now() - start;
    const shown_lines seen = count_lines(capture.take());
    BOOST_TEST(has_printed);
    BOOST_TEST(has_ended);
    BOOST_TEST(has_expired);
    BOOST_TEST((took < 10s));
    BOOST_TEST(seen.broken <= 1); // the last
    BOOST_TEST(seen.whole > 0);
    BOOST_TEST(stats.lines_dropped > 30'000U); // 1 MiB is kept
    BOOST_TEST(stats.lines_dropped < 45'000U);
}

BOOST_AUTO_TEST_CASE(that_nobody_reads_does_not_keep_run_from_returning)
{
    const leak_check leaks;
    captured_stderr capture;
    asio::io_context context;
    tandem::process_pool pool(context, one_worker());
    const recording<void> printing;
    pool.async_run(task<print_numbers>(5000), printing.handler());
    context.run_for(long_time);
    const bool has_returned = context.stopped();
    BOOST_TEST(has_returned);
    BOOST_TEST(printing.calls() == 1);
}

// Its flags belong to whoever made it, and its other writers.
BOOST_AUTO_TEST_CASE(that_takes_less_at_a_time_than_is_printed_gets_all_lines_whole)
{
    for (const int flags : {0, O_NONBLOCK}) {
        const leak_check leaks;
        captured_stderr capture(flags);
        capture.read(3000, 100us);
        constexpr int lines = 20'000;
        std::uint64_t dropped = 0;
        {
            asio::io_context context;
            tandem::process_pool pool(context, one_worker());
            for (int i = 0; i != 10; ++i) {
                pool.async_run(task<print_numbers>(lines / 10), asio::detached);
                context.restart();
                context.run_for(long_time);
            }
            dropped = pool.stats().lines_dropped;
        }
        const int flags_after = ::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK;
        const shown_lines seen = count_lines(capture.take());
        BOOST_TEST(seen.whole == lines, seen.whole << " whole lines");
        BOOST_TEST(seen.broken == 0);
        BOOST_TEST(dropped == 0U);
        BOOST_TEST(flags_after == flags);
    }
}

BOOST_AUTO_TEST_CASE(lines_that_were_dropped_are_counted_told_and_reported)
{
    captured_stderr capture;
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool(std::in_place, context, one_worker());
    const recording<int> dying;
    pool->async_run(task<print_numbers_and_die>(20'000), dying.handler());
    const failure f = failure_of(dying);
    const auto dropped = pool->stats().lines_dropped;
    capture.read(kept, 100us);
    pool.reset(); // which writes what is left
    const std::string text = capture.take();
    const shown_lines seen = count_lines(text);
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.report.lines_dropped > 0U);
    BOOST_TEST(f.report.lines_dropped == dropped);
    BOOST_TEST(f.report.stderr_tail.ends_with('\n'));
    BOOST_TEST(seen.broken == 0);
    BOOST_TEST(seen.notices == 1);
    BOOST_TEST(static_cast<std::uint64_t>(seen.whole) >= 20'000 - dropped);
    BOOST_TEST(text.find("tandem: " + std::to_string(dropped)) != std::string::npos, text.substr(text.size() - 200));
}

BOOST_AUTO_TEST_CASE(that_gets_lines_of_an_idle_worker_at_the_destructor)
{
    captured_stderr capture;
    {
        asio::io_context context;
        tandem::process_pool pool(context, one_worker());
        const gate place;
        pool.async_run(task<print_later>(place.path()), asio::detached);
        context.run_for(long_time);
        place.open();
        const bool has_printed = place.wait_for_begun(2);
        BOOST_TEST(has_printed);
    }
    const shown_lines seen = count_lines(capture.take());
    BOOST_TEST(seen.whole == 1);
}

BOOST_AUTO_TEST_CASE(that_is_read_gets_what_is_left_at_the_destructor)
{
    captured_stderr capture;
    {
        asio::io_context context;
        auto options = one_worker();
        options.stop_timeout = long_time;
        std::optional<tandem::process_pool> pool(std::in_place, context, options);
        const gate place;
        pool->async_run(task<print_when_stopped>(place.path(), 5000), asio::detached);
        std::thread running([&] { context.run(); });
        const bool has_begun = place.wait_for_begun();
        context.stop();
        running.join();
        BOOST_TEST(has_begun);
        capture.read(kept, 100us);
        pool.reset();
        context.restart();
        context.run();
    }
    const shown_lines seen = count_lines(capture.take());
    BOOST_TEST(seen.whole == 5000);
    BOOST_TEST(seen.broken == 0);
}

BOOST_AUTO_TEST_CASE(that_is_read_gets_what_is_left_also_where_the_context_went_first)
{
    captured_stderr capture;
    {
        std::optional<asio::io_context> context(std::in_place);
        std::optional<tandem::process_pool> pool(std::in_place, *context, one_worker());
        pool->async_run(task<print_numbers>(5000), asio::detached); // a pipe takes an eighth of that
        context->run_for(long_time);
        context.reset();
        capture.read(kept, 100us);
        pool.reset();
    }
    const shown_lines seen = count_lines(capture.take());
    BOOST_TEST(seen.whole == 5000);
    BOOST_TEST(seen.broken == 0);
}

BOOST_AUTO_TEST_SUITE_END()
