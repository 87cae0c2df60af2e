// Each kind of message between a pool and its worker.
#include <failures/every_call.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace test::failures {
namespace {

constexpr std::size_t large = std::size_t{1} << 20; // goes through shared memory where there is any

void print_line()
{
    std::printf("a line\n");
}

template <class Work>
void fail_every_call_of(const Work& work, const tandem::process_pool_options& options = usual_options())
{
    fail_every_call({.prepare = [&](site& s) { make_busy_pool(s, options); },
                     .act = [&](site& s) {
                         s.begin([&](recorder handler) { s.cpu->async_run(work, std::move(handler)); });
                     }});
}

tandem::process_pool_options without_shared_memory()
{
    auto options = usual_options();
    options.shared_memory = 0;
    return options;
}

BOOST_AUTO_TEST_SUITE(messages)

BOOST_AUTO_TEST_CASE(each_call_of_a_small_value_may_fail)
{
    fail_every_call_of(tandem::task<add>(1, 2));
}

BOOST_AUTO_TEST_CASE(each_call_of_a_text_may_fail)
{
    fail_every_call_of(tandem::task<greet>("a text that is longer than a string's own room"));
}

BOOST_AUTO_TEST_CASE(each_call_of_a_large_argument_and_result_may_fail)
{
    fail_every_call_of(tandem::task<greet>(std::string(large, 'x')));
}

BOOST_AUTO_TEST_CASE(each_call_of_a_large_argument_and_result_through_the_pipe_may_fail)
{
    fail_every_call_of(tandem::task<greet>(std::string(large / 8, 'x')), without_shared_memory());
}

BOOST_AUTO_TEST_CASE(each_call_of_an_exception_may_fail)
{
    fail_every_call_of(tandem::task<throw_invalid>("a text that is longer than a string's own room"));
}

BOOST_AUTO_TEST_CASE(each_call_of_output_may_fail)
{
    auto options = usual_options();
    options.output = tandem::worker_output::lines([](const tandem::output_line&) {});
    fail_every_call_of(tandem::task<print_line>(), options);
}

BOOST_AUTO_TEST_CASE(each_call_of_a_crash_report_may_fail)
{
    fail_every_call_of(tandem::task<die>("segv"));
}

BOOST_AUTO_TEST_CASE(each_call_of_a_task_with_options_may_fail)
{
    fail_every_call(
        {.prepare = [](site& s) { make_busy_pool(s); },
         .act = [](site& s) {
             const tandem::run_options options{.run_timeout = std::chrono::minutes(1),
                                               .queue_timeout = std::chrono::minutes(1),
                                               .priority = 3,
                                               .label = "one"};
             s.begin([&](recorder handler) { s.cpu->async_run(tandem::task<add>(1, 2), options, std::move(handler)); });
         }});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace test::failures
