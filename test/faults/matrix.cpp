// Every fault at every stage: on a pool of two workers, beside a task that runs and two that wait.
#include <faults/expected.hpp>
#include <faults/faults.hpp>
#include <faults/runner.hpp>
#include <faults/stages.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/process_state.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/thread_pool.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

namespace faults {
namespace {

namespace asio = boost::asio;
using tandem::run_options;
using tandem::shutdown_mode;
using tandem::task;

// Whether a process is stopped, dead, or another program than this one.
bool is_changed(int pid)
{
    const test::process_state state = test::state_of(std::to_string(pid));
    if (state.has_ended() || state.letter == 'T')
        return true;
    return file_text("/proc/" + std::to_string(pid) + "/comm") != file_text("/proc/self/comm");
}

struct scene
{
    const fault& f;
    const stage& s;
    test::gate place, faulty_place;
    asio::thread_pool context{2};
    std::unique_ptr<tandem::process_pool> pool = std::make_unique<tandem::process_pool>(context, pool_options());
    completion started{"async_start"}, ended{"async_shutdown"}, faulty{"the faulty task"}, beside{"the task beside it"};
    std::vector<completion> behind{completion("the task behind it"), completion("the second task behind it")};
    std::vector<completion> later{completion("a later task"), completion("the second later task")};

    scene(const fault& what, const stage& where) : f(what), s(where) {}

    tandem::process_pool_options pool_options() const
    {
        tandem::process_pool_options options{.workers = 2};
        if (hangs_before_begin(f, s))
            options.start_timeout = begin_limit;
        if (s.needs_pipe)
            options.shared_memory = 0;
        return options;
    }

    void submit()
    {
        step("starting two workers");
        pool->async_start(started.handler());
        started.expect_is("done");
        step("starting the task beside");
        pool->async_run(task<test::hold>(place.path()), beside.handler());
        expect(place.wait_for_begun(), "the task beside did not begin");
        step("submitting");
        run_options options;
        if (needs_limit(f, s) && s.at != progress::delivered)
            // A task that was sent only runs after all, on another worker, and whole, which takes its time on a busy machine.
            // Less than begin_limit: a time-out that counted from the sending would show.
            options.run_timeout = s.at == progress::sent ? begin_limit * 4 / 5 : hang_limit;
        if (s.when == moment::at_first_run)
            options.retries = 1;
        const auto number = static_cast<std::size_t>(&f - all_faults().data());
        s.submit({*pool, number, faulty_place.path(), options, faulty});
        for (const auto& each : behind)
            pool->async_run(task<test::add>(1, 2), each.handler());
    }

    // What is queued runs, although one worker is taken: the other one is replaced.
    void finish_work()
    {
        step("waiting for the faulty task");
        faulty.expect_one_of(expected(f, s));
        step("waiting for the tasks behind");
        for (const auto& each : behind)
            each.expect_one_of(expected_of_another(f, s, "3"));
        step("waiting for the task beside");
        place.open();
        beside.expect_is(std::to_string(test::gate_opened));
    }

    void commit_idle()
    {
        step("waiting for the fault of an idle worker");
        const std::string folder = faulty_place.path();
        const int pid = faulty_place.pids().at(0);
        std::ofstream{folder + "/idle"};
        test::eventually([&] { return is_changed(pid) || std::filesystem::exists(folder + "/committed"); },
                         f.what == effect::hangs ? std::chrono::milliseconds(50) : patience);
    }

    void shut_down(shutdown_mode mode)
    {
        step("shutting down");
        pool->async_shutdown(mode, ended.handler());
    }

    void ask_to_stop()
    {
        expect(faulty_place.wait_for_begun(), "the faulty task did not begin");
        shut_down(shutdown_mode::stop);
        step("waiting for tasks that were asked to stop");
        faulty.expect_one_of(expected(f, s));
        for (const auto& each : behind)
            each.expect_is("aborted");
        beside.expect_is(std::to_string(test::asked_to_stop));
        ended.expect_is("done");
    }

    void expect_usable()
    {
        step("running later tasks");
        if (ended.calls() != 0)
            pool = std::make_unique<tandem::process_pool>(context, pool_options());
        for (const auto& each : later)
            pool->async_run(task<test::add>(2, 2), each.handler());
        for (const auto& each : later)
            each.expect_one_of(expected_of_another(f, s, "4"));
        const completion last("the last task");
        pool->async_run(task<test::add>(2, 3), last.handler());
        last.expect_is("5");
        const auto stats = pool->stats();
        expect(stats.queued == 0 && stats.running == 0, "the pool says that tasks are left");
    }

    void expect_completions() const
    {
        for (const completion* each : {&started, &faulty, &beside, &behind[0], &behind[1], &later[0], &later[1]})
            each->expect_once();
    }
};

void run(const fault& f, const stage& s)
{
    const auto all = std::make_unique<scene>(f, s);
    all->submit();
    if (s.when == moment::when_asked) {
        all->ask_to_stop();
    } else {
        all->finish_work();
        if (s.when == moment::when_idle)
            all->commit_idle();
        if (s.when == moment::at_exit) {
            all->shut_down(shutdown_mode::drain);
            all->ended.expect_is("done");
        }
    }
    all->expect_usable();
    step("destroying the pool");
    all->pool.reset();
    all->context.join();
    all->expect_completions();
}

} // namespace

void add_matrix(suite& all)
{
    for (const fault& f : all_faults())
        for (const stage& s : all_stages())
            if (f.what != effect::is_copied || s.where != place::between) // nobody forks there
                all.push_back({"matrix", f.name, s.name, [&f, &s] { run(f, s); }});
}

} // namespace faults
