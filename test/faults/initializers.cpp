// Every fault in the initializer, in that of every worker or of the first one only.
#include <faults/completion.hpp>
#include <faults/expected.hpp>
#include <faults/faults.hpp>
#include <faults/recovery.hpp>
#include <faults/stages.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/tasks.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/thread_pool.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

namespace faults {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tandem::process_pool;
using tandem::process_pool_options;
using tandem::task;

void in_every_worker(std::size_t fault, const std::string& folder)
{
    if (!std::filesystem::exists(folder + "/open"))
        commit(fault);
}

void in_the_first_worker(std::size_t fault, const std::string& folder)
{
    const int mark = ::open((folder + "/first").c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark < 0)
        return;
    ::close(mark);
    commit(fault);
}

template <auto Initializer>
void run(const fault& f, const std::vector<std::string>& expected)
{
    asio::thread_pool context{2};
    const test::gate place;
    const auto number = static_cast<std::size_t>(&f - all_faults().data());
    process_pool_options options{.workers = 2,
                                 .initializer = task<Initializer>(number, place.path()),
                                 .start_attempts = 2,
                                 .start_backoff_limit = 100ms};
    if (f.what == effect::hangs || f.what == effect::stops)
        options.start_timeout = begin_limit;
    std::optional<process_pool> pool(std::in_place, context, options);
    const std::vector<completion> tasks{completion("a task"), completion("the second task"), completion("the third task")};
    step("submitting");
    for (const auto& each : tasks)
        pool->async_run(task<test::add>(1, 2), each.handler());
    step("waiting for the tasks");
    for (const auto& each : tasks)
        each.expect_one_of(expected);
    place.open();
    expect_recovery(*pool);
    step("destroying the pool");
    pool.reset();
    context.join();
    for (const auto& each : tasks)
        each.expect_once();
}

} // namespace

void add_initializers(suite& all)
{
    for (const fault& f : all_faults()) {
        all.push_back({"matrix", f.name, initializer_columns[0].name,
                       [&f] { run<in_every_worker>(f, expected_in_initializer(f)); }});
        all.push_back({"matrix", f.name, initializer_columns[1].name, [&f] { run<in_the_first_worker>(f, {"3"}); }});
    }
}

} // namespace faults
