// Cancellation, deadlines and shutdown.
#include <failures/every_call.hpp>
#include <support/tasks.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>

namespace test::failures {
namespace {

using boost::asio::cancellation_type;
using namespace std::chrono_literals;

void prepare_hold(site& s)
{
    make_busy_pool(s);
    begin_hold(s);
}

void emit(site& s, cancellation_type type)
{
    s.attempt([&] { s.signal.emit(type); });
    s.settle();
    s.way.open(); // where the cancellation failed
}

void shut_down(site& s, tandem::shutdown_mode mode)
{
    s.begin([&](recorder handler) { s.cpu->async_shutdown(mode, std::move(handler)); });
}

BOOST_AUTO_TEST_SUITE(ends)

BOOST_AUTO_TEST_CASE(each_call_of_asking_a_task_to_stop_may_fail)
{
    fail_every_call({.prepare = prepare_hold, .act = [](site& s) { emit(s, cancellation_type::partial); }});
}

BOOST_AUTO_TEST_CASE(each_call_of_killing_a_task_may_fail)
{
    fail_every_call({.prepare = prepare_hold, .act = [](site& s) { emit(s, cancellation_type::terminal); }});
}

BOOST_AUTO_TEST_CASE(each_call_of_cancelling_all_may_fail)
{
    fail_every_call({.prepare = prepare_hold, .act = [](site& s) {
                         s.begin([&](recorder handler) { s.cpu->async_run(tandem::task<add>(1, 2), std::move(handler)); });
                         s.attempt([&] { s.cpu->cancel(); });
                         s.settle();
                         s.way.open();
                     }});
}

BOOST_AUTO_TEST_CASE(each_call_of_a_deadline_and_a_retry_may_fail)
{
    fail_every_call({.prepare = [](site& s) { make_busy_pool(s); },
                     .act = [](site& s) {
                         const tandem::run_options options{.run_timeout = 5ms, .retries = 1, .retry_delay = 1ms};
                         s.begin([&](recorder handler) {
                             s.cpu->async_run(tandem::task<hold>(s.way.path()), options, std::move(handler));
                         });
                     }});
}

BOOST_AUTO_TEST_CASE(each_call_of_a_wait_that_takes_too_long_may_fail)
{
    fail_every_call({.prepare = prepare_hold, .act = [](site& s) {
                         const tandem::run_options options{.queue_timeout = 1ms};
                         const auto waiting = s.begin([&](recorder handler) {
                             s.cpu->async_run(tandem::task<add>(1, 2), options, std::move(handler));
                         });
                         s.run_until([&] { return waiting->threw || waiting->completions != 0; });
                         s.way.open();
                     }});
}

BOOST_AUTO_TEST_CASE(each_call_of_finishing_all_may_fail)
{
    fail_every_call({.prepare = prepare_hold,
                     .act =
                         [](site& s) {
                             shut_down(s, tandem::shutdown_mode::drain);
                             s.way.open();
                         },
                     .ends_pool = true});
}

BOOST_AUTO_TEST_CASE(each_call_of_killing_all_may_fail)
{
    fail_every_call({.prepare = prepare_hold,
                     .act =
                         [](site& s) {
                             shut_down(s, tandem::shutdown_mode::kill);
                             s.settle();
                             s.way.open();
                         },
                     .ends_pool = true});
}

BOOST_AUTO_TEST_CASE(each_call_of_a_pools_destruction_may_fail)
{
    fail_every_call({.prepare = prepare_hold, .act = [](site& s) { s.cpu.reset(); }, .ends_pool = true});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace test::failures
