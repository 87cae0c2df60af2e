// A thousand workers come and go while other threads open and close descriptors and timers on the same context.
#define BOOST_TEST_MODULE churn
#include <support/failing.hpp>
#include <support/sanitizer.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <array>
#include <atomic>

using namespace test;
using tandem::errc;
using tandem::task;

namespace {

// A pipe is opened, waited for, given something and closed, and a timer is set and cancelled, again and again.
void disturb(asio::thread_pool& context, const std::atomic<bool>& stop, std::atomic<int>& rounds,
             std::atomic<bool>& broken)
{
    while (!stop) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) // on purpose not close-on-exec
            continue;
        asio::posix::stream_descriptor in(context, ends[0]), out(context, ends[1]);
        char byte = 0;
        std::promise<void> read;
        in.async_read_some(asio::buffer(&byte, 1),
                           [&read](const boost::system::error_code&, std::size_t) { read.set_value(); });
        asio::steady_timer timer(context, std::chrono::hours(1));
        std::promise<void> waited;
        timer.async_wait([&waited](const boost::system::error_code&) { waited.set_value(); });
        if (rounds % 2 == 0)
            broken = broken || ::write(ends[1], "x", 1) != 1; // Boost.Test's checks are for one thread
        else
            in.cancel();
        timer.cancel();
        read.get_future().wait();
        waited.get_future().wait();
        ++rounds;
    }
}

constexpr int pools = thread_sanitized ? 5 : 50; // whose programs take long to start
constexpr std::size_t workers = 4;
constexpr int deaths = 16; // of workers, in each pool

} // namespace

BOOST_AUTO_TEST_CASE(a_thousand_workers)
{
    const leak_check leaks;
    asio::thread_pool context{2};
    std::atomic<bool> stop{false}, broken{false};
    std::atomic<int> rounds{0};
    std::uint64_t started = 0;
    int died = 0;
    {
        std::jthread one([&] { disturb(context, stop, rounds, broken); });
        std::jthread other([&] { disturb(context, stop, rounds, broken); });
        for (int p = 0; p != pools; ++p) {
            tandem::process_pool pool(context, {.workers = workers});
            get_soon(pool.async_start(asio::use_future));
            std::vector<recording<int>> seen(deaths);
            for (std::size_t i = 0; i != seen.size(); ++i)
                pool.async_run(task<die>(i % 2 ? "kill" : "exit"), seen[i].handler());
            for (const auto& each : seen)
                died += failure_of(each).code == errc::worker_died;
            get_soon(pool.async_start(asio::use_future));
            BOOST_TEST(get_soon(pool.async_run(task<add>(p, 1), asio::use_future)) == p + 1);
            if (p % 2 == 0) // else the destructor ends them
                get_soon(pool.async_shutdown(tandem::shutdown_mode::drain, asio::use_future));
            started += pool.stats().workers_started;
        }
        stop = true;
    }
    BOOST_TEST_MESSAGE(started << " workers, " << rounds << " pipes");
    BOOST_TEST(died == pools * deaths);
    BOOST_TEST(started >= pools * (workers + deaths));
    BOOST_TEST(rounds > 10);
    BOOST_TEST(!broken);
}
