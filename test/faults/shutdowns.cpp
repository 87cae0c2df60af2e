// The pool ends, in each way, while it is at each thing that it can be at.
#include <faults/completion.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/tasks.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/thread_pool.hpp>

#include <signal.h>

#include <functional>
#include <memory>
#include <optional>

namespace faults {
namespace {

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::process_pool_options;
using tandem::shutdown_mode;
using tandem::task;

struct stand
{
    asio::thread_pool context{2};
    std::unique_ptr<process_pool> pool =
        std::make_unique<process_pool>(context, process_pool_options{.workers = 2});
    test::gate place;
    std::vector<std::unique_ptr<completion>> all;

    completion& added(const std::string& name)
    {
        all.push_back(std::make_unique<completion>(name));
        return *all.back();
    }

    template <class Work>
    void run(const std::string& name, Work work)
    {
        pool->async_run(std::move(work), added(name).handler());
    }
};

constexpr std::size_t large_argument = 8U << 20;

std::string send_back(std::string text)
{
    return text;
}

// --- what it is at

void is_new(stand&) {}

void starts(stand& s)
{
    s.pool->async_start(s.added("async_start").handler());
    s.run("a task", task<test::add>(1, 2));
}

void is_idle(stand& s)
{
    s.pool->async_start(s.added("async_start").handler());
    s.all.back()->outcome();
}

void is_loaded(stand& s)
{
    s.run("a task that runs", task<test::hold>(s.place.path()));
    s.run("the second task that runs", task<test::hold>(s.place.path()));
    expect(s.place.wait_for_begun(2), "the tasks did not begin");
    for (int i = 0; i != 3; ++i)
        s.run("a task that waits", task<test::add>(1, 2));
}

void transfers(stand& s)
{
    is_idle(s);
    for (int i = 0; i != 4; ++i)
        s.run("a large task", task<send_back>(std::string(large_argument, 'x')));
}

void loses_workers(stand& s)
{
    is_idle(s);
    for (int i = 0; i != 4; ++i)
        s.run("a task that dies", task<test::die>(i % 2 == 0 ? "kill" : "exit"));
    s.run("a task behind", task<test::add>(1, 2));
}

void has_a_stopped_worker(stand& s)
{
    is_loaded(s);
    ::kill(s.place.pids().at(0), SIGSTOP);
}

void is_cancelled(stand& s)
{
    is_loaded(s);
    s.pool->cancel();
}

void shuts_down(stand& s)
{
    is_loaded(s);
    s.pool->async_shutdown(shutdown_mode::drain, s.added("the first shutdown").handler());
}

// --- how it ends

void shut_down(stand& s, shutdown_mode mode)
{
    completion& ended = s.added("async_shutdown");
    s.pool->async_shutdown(mode, ended.handler());
    s.place.open();
    ended.expect_is("done");
    const completion refused("a task afterwards");
    s.pool->async_run(task<test::add>(1, 2), refused.handler());
    refused.expect_is("pool_closed");
    expect(s.pool->stats().workers == 0, "workers are left after the shutdown");
}

void climb(stand& s)
{
    for (const auto mode :
         {shutdown_mode::drain, shutdown_mode::cancel_queued, shutdown_mode::stop, shutdown_mode::kill}) {
        s.pool->async_shutdown(mode, s.added("async_shutdown").handler());
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    for (const auto& each : s.all)
        expect(each->outcome() != "no completion", "an operation did not complete");
}

void destroy(stand& s)
{
    const auto begin = std::chrono::steady_clock::now();
    s.pool.reset();
    expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds(sanitized ? 10 : 3), "the destructor takes long");
}

struct act
{
    const char* name;
    std::function<void(stand&)> run;
};

void end(const act& at, const act& how)
{
    stand s;
    step("getting there");
    at.run(s);
    step("ending");
    how.run(s);
    step("destroying the pool");
    s.pool.reset();
    s.context.join();
    for (const auto& each : s.all) {
        each->expect_one_of({"done", "1", "2", "3", "aborted", "worker_died, signal 9", "worker_died, exit 7",
                             std::to_string(large_argument) + " times x", "pool_closed"});
        each->expect_once();
    }
}

} // namespace

void add_shutdowns(suite& all)
{
    const std::vector<act> states{{"new", is_new},
                                  {"starting", starts},
                                  {"idle", is_idle},
                                  {"loaded", is_loaded},
                                  {"in a large transfer", transfers},
                                  {"losing workers", loses_workers},
                                  {"with a stopped worker", has_a_stopped_worker},
                                  {"being cancelled", is_cancelled},
                                  {"shutting down", shuts_down}};
    const auto by = [](shutdown_mode mode) { return [mode](stand& s) { shut_down(s, mode); }; };
    const std::vector<act> ends{{"drain", by(shutdown_mode::drain)},
                                {"cancel_queued", by(shutdown_mode::cancel_queued)},
                                {"stop", by(shutdown_mode::stop)},
                                {"kill", by(shutdown_mode::kill)},
                                {"all modes one after the other", climb},
                                {"destructor", destroy}};
    for (const act& at : states)
        for (const act& how : ends)
            // A drain waits for a stopped worker as long as for a task that computes.
            if (std::string(at.name) != "with a stopped worker" || std::string(how.name).find("kill") == 0 ||
                std::string(how.name) == "destructor" || std::string(how.name).find("all") == 0)
                all.push_back({"shutdown", at.name, how.name, [at, how] { end(at, how); }});
}

} // namespace faults
