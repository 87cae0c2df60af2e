// The system has no more descriptors, processes or memory while workers start.
#include <faults/completion.hpp>
#include <faults/recovery.hpp>
#include <faults/refusals.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/tasks.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/thread_pool.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <thread>

namespace faults {
namespace {

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::process_pool_options;
using tandem::task;

using outcomes = std::vector<std::string>;

constexpr int for_ever = std::numeric_limits<int>::max();

struct scarcity
{
    const char* name;
    call which;
    int error;
    int after; ///< calls that go well
    int times; ///< calls that do not
    outcomes expected;
};

const std::vector<scarcity>& scarcities()
{
    static const outcomes goes_on{"3"}, fails{"start_failed"}, either{"3", "start_failed"};
    static const std::vector<scarcity> all{
        {"EAGAIN once", call::posix_spawnp, EAGAIN, 0, 1, goes_on},
        {"EAGAIN twice", call::posix_spawnp, EAGAIN, 0, 2, goes_on},
        {"EAGAIN after one", call::posix_spawnp, EAGAIN, 1, for_ever, goes_on},
        {"EAGAIN", call::posix_spawnp, EAGAIN, 0, for_ever, fails},
        {"ENOMEM once", call::posix_spawnp, ENOMEM, 0, 1, goes_on},
        {"ENOMEM", call::posix_spawnp, ENOMEM, 0, for_ever, fails},
        {"E2BIG", call::posix_spawnp, E2BIG, 0, for_ever, fails},
        {"EPERM", call::posix_spawnp, EPERM, 0, for_ever, fails},
        {"ETXTBSY once", call::posix_spawnp, ETXTBSY, 0, 1, either},
        {"EMFILE once, the first pipe", call::pipe2, EMFILE, 0, 1, goes_on},
        {"EMFILE once, the second pipe", call::pipe2, EMFILE, 1, 1, goes_on},
        {"EMFILE once, the third pipe", call::pipe2, EMFILE, 2, 1, goes_on},
        {"EMFILE once, the fourth pipe", call::pipe2, EMFILE, 3, 1, goes_on},
        {"EMFILE", call::pipe2, EMFILE, 0, for_ever, fails},
        {"ENFILE", call::pipe2, ENFILE, 0, for_ever, fails},
        {"EMFILE after one worker", call::pipe2, EMFILE, 4, for_ever, goes_on},
        {"EMFILE once", call::memfd_create, EMFILE, 0, 1, goes_on},
        {"ENOMEM once", call::memfd_create, ENOMEM, 0, 1, goes_on},
        {"ENFILE", call::memfd_create, ENFILE, 0, for_ever, fails},
        {"ENOSYS", call::memfd_create, ENOSYS, 0, for_ever, fails},
        {"ENOSPC once", call::fallocate, ENOSPC, 0, 1, either},
        {"ENOSPC", call::fallocate, ENOSPC, 0, for_ever, fails},
        {"ENOMEM once", call::fallocate, ENOMEM, 0, 1, goes_on},
        {"EMFILE once", call::pidfd_open, EMFILE, 0, 1, goes_on},
        {"EMFILE", call::pidfd_open, EMFILE, 0, for_ever, fails},
        {"ENOSYS: no pidfds", call::pidfd_open, ENOSYS, 0, for_ever, fails},
        {"EPERM: forbidden", call::pidfd_open, EPERM, 0, for_ever, fails},
    };
    return all;
}

const char* name_of(call which)
{
    static constexpr const char* names[] = {"posix_spawnp", "pipe2", "memfd_create", "fallocate", "pidfd_open"};
    return names[static_cast<std::size_t>(which)];
}

template <class Scarcity>
void try_scarcity(const outcomes& expected, Scarcity make_scarce)
{
    asio::thread_pool context{1}; // so that workers are started one after the other
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    const std::vector<completion> tasks{completion("a task"), completion("the second task"), completion("the third task")};
    {
        const auto scarcity = make_scarce();
        step("submitting");
        for (const auto& each : tasks)
            pool->async_run(task<test::add>(1, 2), each.handler());
        step("waiting for the tasks");
        for (const auto& each : tasks)
            each.expect_one_of(expected);
        if (scarcity->refused() == 0)
            throw skipped{"it is not called"};
    }
    expect_recovery(*pool);
    step("destroying the pool");
    pool.reset();
    context.join();
    for (const auto& each : tasks)
        each.expect_once();
}

// With one worker that serves, starts that fail cost no task.
void beside_a_worker(const scarcity& r)
{
    asio::thread_pool context{2};
    std::optional<process_pool> pool(
        std::in_place, context,
        process_pool_options{.workers = 2, .start_backoff_limit = std::chrono::milliseconds(50)});
    const test::gate place;
    const completion beside("the task that runs");
    pool->async_run(task<test::hold>(place.path()), beside.handler());
    expect(place.wait_for_begun(), "the task beside did not begin");
    const std::vector<completion> queued{completion("a task that waits"), completion("the second task that waits")};
    {
        const refusal refused(r.which, r.error, 0, for_ever);
        for (const auto& each : queued)
            pool->async_run(task<test::add>(1, 2), each.handler());
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        if (queued[0].calls() != 0)
            queued[0].expect_is("3"); // and not failed, as it could wait
        place.open();
        beside.expect_is(std::to_string(test::gate_opened));
        for (const auto& each : queued)
            each.expect_is("3");
    }
    expect_recovery(*pool);
    pool.reset();
    context.join();
    for (const completion& each : {beside, queued[0], queued[1]})
        each.expect_once();
}

// --- limits of the real system

class lowered_limit
{
public:
    lowered_limit(decltype(RLIMIT_NOFILE) which, rlim_t value) : which_(which)
    {
        ::getrlimit(which_, &before_);
        const rlimit low{std::min(value, before_.rlim_max), before_.rlim_max};
        ::setrlimit(which_, &low);
    }
    ~lowered_limit() { ::setrlimit(which_, &before_); }
    lowered_limit(const lowered_limit&) = delete;
    lowered_limit& operator=(const lowered_limit&) = delete;

    int refused() const { return 1; }

private:
    decltype(RLIMIT_NOFILE) which_;
    rlimit before_{};
};

rlim_t open_descriptors()
{
    return static_cast<rlim_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})) - 1;
}

void few_descriptors(rlim_t room, const outcomes& expected)
{
    if (sanitized) // it looks at an exception's memory through a pipe, and takes the lack of one for a fault
        throw skipped{"UndefinedBehaviorSanitizer needs descriptors itself"};
    try_scarcity(expected, [room] {
        return std::make_unique<lowered_limit>(RLIMIT_NOFILE, open_descriptors() + room);
    });
}

void no_processes()
{
    if (::geteuid() == 0)
        throw skipped{"the limit does not bind root"};
    try_scarcity({"start_failed"}, [] { return std::make_unique<lowered_limit>(RLIMIT_NPROC, 1); });
}

} // namespace

void add_resources(suite& all)
{
    for (const scarcity& r : scarcities())
        all.push_back({"resources", name_of(r.which), r.name, [&r] {
                           try_scarcity(r.expected, [&r] {
                               return std::make_unique<refusal>(r.which, r.error, r.after, r.times);
                           });
                       }});
    for (const scarcity& r : scarcities())
        if (r.times == for_ever && r.after == 0)
            all.push_back({"resources", std::string(name_of(r.which)) + ", beside a worker", r.name,
                           [&r] { beside_a_worker(r); }});
    for (const rlim_t room : {0U, 1U, 3U, 6U, 9U, 12U})
        all.push_back({"resources", "RLIMIT_NOFILE", "room for " + std::to_string(room),
                       [room] { few_descriptors(room, {"start_failed", "3"}); }});
    all.push_back({"resources", "RLIMIT_NPROC", "", no_processes});
}

} // namespace faults
