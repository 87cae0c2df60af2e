// A worker's start, from the pool's making on.
#include <failures/every_call.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

namespace test::failures {
namespace {

void prepare_worker(int) {}

void run_add(site& s)
{
    s.begin([&](recorder handler) { s.cpu->async_run(tandem::task<add>(1, 2), std::move(handler)); });
}

BOOST_AUTO_TEST_SUITE(starts)

BOOST_AUTO_TEST_CASE(each_call_of_making_a_pool_may_fail)
{
    fail_every_call({.prepare = [](site&) {}, .act = [](site& s) { s.attempt([&] { make_pool(s); }); }});
}

BOOST_AUTO_TEST_CASE(each_call_of_a_first_task_and_its_workers_start_may_fail)
{
    fail_every_call({.prepare = [](site& s) { make_pool(s); }, .act = run_add});
}

BOOST_AUTO_TEST_CASE(each_call_of_an_initializer_and_of_starting_all_may_fail)
{
    fail_every_call({.prepare =
                         [](site& s) {
                             auto options = usual_options();
                             options.initializer = tandem::task<prepare_worker>(1);
                             make_pool(s, options);
                         },
                     .act = [](site& s) { s.begin([&](recorder handler) { s.cpu->async_start(std::move(handler)); }); }});
}

BOOST_AUTO_TEST_CASE(each_call_of_a_worker_death_and_of_its_replacement_may_fail)
{
    fail_every_call({.prepare = [](site& s) { make_busy_pool(s); },
                     .act = [](site& s) {
                         s.begin([&](recorder handler) { s.cpu->async_run(tandem::task<die>("exit"), std::move(handler)); });
                         run_add(s);
                     }});
}

BOOST_AUTO_TEST_CASE(each_call_of_a_retirement_and_of_the_successors_start_may_fail)
{
    fail_every_call({.prepare =
                         [](site& s) {
                             auto options = usual_options();
                             options.retire.tasks = 2;
                             make_busy_pool(s, options);
                         },
                     .act = [](site& s) {
                         run_add(s);
                         run_add(s);
                     }});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace test::failures
