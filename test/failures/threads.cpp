// Work on threads.
#include <failures/every_call.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

namespace test::failures {
namespace {

using namespace std::chrono_literals;

template <class Work>
void fail_every_call_of_work(const Work& work, const tandem::run_options& options = {})
{
    fail_every_call({.prepare = [](site& s) { s.io.emplace(1U); },
                     .act = [&](site& s) {
                         s.begin([&](recorder handler) { s.io->async_run(work, options, std::move(handler)); });
                     }});
}

struct asks_pool
{
    ~asks_pool() { pool.stats(); }
    tandem::thread_pool& pool;
};

int wait_for_stop(std::stop_token stop)
{
    while (!stop.stop_requested())
        std::this_thread::sleep_for(1ms);
    return 1;
}

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(each_call_of_making_a_pool_may_fail)
{
    for (const std::size_t threads : {1, 3})
        fail_every_call({.prepare = [](site&) {}, .act = [threads](site& s) { s.attempt([&] { s.io.emplace(threads); }); }});
}

BOOST_AUTO_TEST_CASE(each_call_of_plain_work_may_fail)
{
    fail_every_call_of_work([] { return 1; });
}

BOOST_AUTO_TEST_CASE(each_call_of_work_with_a_deadline_and_a_retry_may_fail)
{
    fail_every_call_of_work(wait_for_stop, {.run_timeout = 2ms, .retries = 1, .priority = 1});
}

BOOST_AUTO_TEST_CASE(each_call_of_work_that_asks_its_pool_when_it_is_destroyed_may_fail)
{
    fail_every_call({.prepare = [](site& s) { s.io.emplace(1U); },
                     .act = [](site& s) {
                         s.begin([&](recorder handler) {
                             auto held = std::make_shared<asks_pool>(*s.io);
                             s.io->async_run([held = std::move(held)] { return 1; }, {.priority = 1}, std::move(handler));
                         });
                     }});
}

BOOST_AUTO_TEST_CASE(each_call_of_cancelling_work_may_fail)
{
    fail_every_call({.prepare = [](site& s) { s.io.emplace(1U); },
                     .act = [](site& s) {
                         const auto o = s.begin([&](recorder handler) {
                             s.io->async_run(wait_for_stop,
                                             boost::asio::bind_cancellation_slot(s.signal.slot(), std::move(handler)));
                         });
                         for (int i = 0; i != 2; ++i) // the second where the first fails
                             s.attempt([&] { s.signal.emit(boost::asio::cancellation_type::terminal); });
                     }});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace test::failures
