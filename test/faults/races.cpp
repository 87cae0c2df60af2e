// Two things happen to a task at nearly the same moment, with real processes: every pair of them, over a sweep of small
// delays. Whoever is first, the task completes once, with an outcome of one of the two, and nobody else sees anything.
#include <faults/completion.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

namespace faults {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using std::chrono::microseconds;
using tandem::process_pool;
using tandem::process_pool_options;
using tandem::task;

enum class event
{
    result,
    death,
    timeout,
    total,
    partial,
    terminal,
    cancel_all
};

struct contender
{
    event what;
    const char* name;
    std::vector<std::string> outcomes; ///< of a task to which only this happens
};

const std::vector<contender>& contenders()
{
    // A cancellation that comes too early removes the task; one that comes too late does nothing.
    static const std::vector<contender> all{{event::result, "result", {"1"}},
                                            {event::death, "death", {"worker_died, signal 9"}},
                                            {event::timeout, "run_timeout", {"run_timeout"}},
                                            {event::total, "total", {"1", "aborted"}},
                                            {event::partial, "partial", {"1", "aborted"}},
                                            {event::terminal, "terminal", {"1", "aborted"}},
                                            {event::cancel_all, "cancel()", {"1", "aborted"}}};
    return all;
}

// Both counted from the task's start; below zero for never.
int finish_or_die(std::int64_t result_after, std::int64_t death_after)
{
    const auto begin = std::chrono::steady_clock::now();
    for (;;) {
        const auto now = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - begin).count();
        if (death_after >= 0 && now >= death_after)
            ::kill(::getpid(), SIGKILL);
        if (result_after >= 0 && now >= result_after)
            return 1;
    }
}

constexpr std::int64_t common_moment = 2000; // microseconds after the submission to a ready worker
constexpr std::int64_t never = -1;

struct trial
{
    std::int64_t result_after = never, death_after = never;
    std::chrono::nanoseconds run_timeout{0};
    std::vector<std::pair<std::int64_t, event>> from_here; ///< cancellations

    void add(event what, std::int64_t at)
    {
        at = std::max<std::int64_t>(at, 1);
        if (what == event::result)
            result_after = at;
        else if (what == event::death)
            death_after = at;
        else if (what == event::timeout)
            run_timeout = microseconds(at);
        else
            from_here.emplace_back(at, what);
    }
};

void run_trial(asio::thread_pool& context, process_pool& pool, trial t, const std::vector<std::string>& accepted)
{
    const auto strand = asio::make_strand(context);
    if (t.result_after == never && t.death_after == never)
        t.result_after = 20'000; // two cancellations of which none may end it
    asio::cancellation_signal signal;
    const completion raced("the raced task"), beside("the task beside");
    pool.async_run(task<finish_or_die>(t.result_after, t.death_after), {.run_timeout = t.run_timeout},
                   asio::bind_executor(strand, asio::bind_cancellation_slot(signal.slot(), raced.handler())));
    std::vector<asio::steady_timer> timers;
    timers.reserve(t.from_here.size());
    std::vector<completion> waited;
    for (const auto& [at, what] : t.from_here) {
        timers.emplace_back(strand, microseconds(at));
        waited.emplace_back("a timer");
        timers.back().async_wait([&, what = what, done = std::make_shared<completion::handler_type>(
                                                      waited.back().handler())](const boost::system::error_code&) {
            if (what == event::total)
                signal.emit(asio::cancellation_type::total);
            if (what == event::partial)
                signal.emit(asio::cancellation_type::partial);
            if (what == event::terminal)
                signal.emit(asio::cancellation_type::terminal);
            if (what == event::cancel_all)
                pool.cancel();
            (*done)(std::exception_ptr());
        });
    }
    raced.expect_one_of(accepted);
    for (const completion& each : waited)
        each.expect_is("done");
    pool.async_run(task<test::add>(1, 2), beside.handler());
    beside.expect_is("3");
    raced.expect_once();
    beside.expect_once();
}

void race(const contender& a, const contender& b)
{
    asio::thread_pool context{2};
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    std::vector<std::string> accepted = a.outcomes;
    accepted.insert(accepted.end(), b.outcomes.begin(), b.outcomes.end());
    const completion started("async_start");
    pool->async_start(started.handler());
    started.expect_is("done");
    constexpr std::int64_t sweep = sanitized ? 4 : 12;
    for (std::int64_t i = -sweep; i <= sweep; ++i) {
        const std::int64_t apart = i * 1200 / sweep; // microseconds
        step("letting them happen " + std::to_string(apart) + " us apart");
        trial t;
        t.add(a.what, common_moment);
        t.add(b.what, common_moment + apart);
        run_trial(context, *pool, t, accepted);
    }
    step("destroying the pool");
    pool.reset();
    context.join();
}

// --- workers that kill one another

std::vector<int> announced_pids(const std::string& folder)
{
    constexpr std::size_t prefix = 6; // "begun.PID.COUNT"
    std::vector<int> pids;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        pids.push_back(std::stoi(entry.path().filename().string().substr(prefix)));
    return pids;
}

int kill_the_others(const std::string& folder, std::size_t count)
{
    test::announce(folder);
    test::eventually([&] { return announced_pids(folder).size() >= count; }, patience);
    for (const int pid : announced_pids(folder))
        if (pid != ::getpid())
            ::kill(pid, SIGKILL);
    return 1;
}

void duel(std::size_t count)
{
    asio::thread_pool context{2};
    std::optional<process_pool> pool(std::in_place, context,
                                     process_pool_options{.workers = count});
    for (int round = 0; round != (sanitized ? 2 : 5); ++round) {
        step("round " + std::to_string(round));
        const test::gate place;
        std::vector<completion> all, behind;
        for (std::size_t i = 0; i != count; ++i) {
            all.emplace_back("duellist " + std::to_string(i));
            pool->async_run(task<kill_the_others>(place.path(), count), all.back().handler());
        }
        for (int i = 0; i != 4; ++i) {
            behind.emplace_back("the task behind " + std::to_string(i));
            pool->async_run(task<test::add>(1, 2), behind.back().handler());
        }
        std::size_t dead = 0;
        for (const completion& each : all) {
            each.expect_one_of({"1", "worker_died, signal 9"});
            dead += each.outcome() != "1";
        }
        expect(dead + 1 >= count, "only " + std::to_string(dead) + " died");
        for (const completion& each : behind)
            each.expect_is("3");
        for (const auto* group : {&all, &behind})
            for (const completion& each : *group)
                each.expect_once();
    }
    pool.reset();
    context.join();
}

// --- a worker that another one traces: it has ended, and cannot be reaped until that one lets it go

int trace(int pid, const std::string& folder)
{
    const bool traces = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
    test::announce(folder);
    if (!traces)
        return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::waitpid(pid, nullptr, __WALL | WNOHANG); // lets it go, where it has ended
    return 1;
}

// How much of one core this process has used since.
class cpu_share
{
public:
    double now() const { return (used() - used_before_) / (seconds() - before_); }

private:
    static double used() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
    static double seconds()
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    double used_before_ = used(), before_ = seconds();
};

void traced(bool destroyed)
{
    asio::thread_pool context{2};
    for (int round = 0; round != (destroyed ? 10 : 2); ++round) {
        step("round " + std::to_string(round));
        std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
        const test::gate traced_place, tracer_place;
        const completion victim("the traced task"), tracer("the task that traces"), behind("a task behind");
        pool->async_run(task<test::hold>(traced_place.path()), victim.handler());
        expect(traced_place.wait_for_begun(), "the traced task did not begin");
        const int pid = traced_place.pids().at(0);
        pool->async_run(task<trace>(pid, tracer_place.path()), tracer.handler());
        expect(tracer_place.wait_for_begun(), "the task that traces did not begin");
        if (!destroyed) {
            const cpu_share share;
            ::kill(pid, SIGKILL);
            pool->async_run(task<test::add>(1, 2), behind.handler());
            if (tracer.outcome() == "0")
                throw skipped{"this system does not let one process trace another"};
            victim.expect_is("worker_died, signal 9");
            behind.expect_is("3");
            expect(share.now() < 0.5, "the pool was busy all the time: " + std::to_string(share.now()));
        }
        pool.reset();
        tracer.expect_one_of({"1", "aborted"});
        victim.expect_one_of({"worker_died, signal 9", "aborted"});
        tracer.expect_once();
        victim.expect_once();
    }
    context.join();
}

// Workers are killed from outside at any moment, idle and starting ones too.
void killed_from_outside()
{
    asio::thread_pool context{2};
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    const int rounds = sanitized ? 20 : 100;
    for (int round = 0; round != rounds; ++round) {
        step("round " + std::to_string(round));
        const completion pid("a task that tells its pid");
        pool->async_run(task<test::process_id>(), pid.handler());
        const std::string text = pid.outcome();
        if (text.find_first_not_of("0123456789") != std::string::npos) {
            wrong("the first task: " + text);
            break;
        }
        const completion beside("the task that is sent as its worker dies");
        if (round % 2 == 0)
            ::kill(std::stoi(text), SIGKILL);
        pool->async_run(task<test::add>(1, 2), beside.handler());
        if (round % 2 != 0)
            ::kill(std::stoi(text), SIGKILL);
        const std::vector<std::string> accepted =
            round % 2 == 0 ? std::vector<std::string>{"3"} : std::vector<std::string>{"3", "worker_died, signal 9"};
        beside.expect_one_of(accepted);
        beside.expect_once();
    }
    pool.reset();
    context.join();
}

void print_more_than_a_pipe_holds()
{
    const std::string line(99, 'x');
    for (int i = 0; i != 3000; ++i)
        std::fprintf(stderr, "%s\n", line.c_str());
}

// So many turns of the context after the task before, when the pool may just have stopped watching its workers.
void print_after_idleness(std::size_t threads)
{
    asio::thread_pool context{threads};
    std::optional<process_pool> pool(
        std::in_place, context, process_pool_options{.workers = 1, .output = tandem::worker_output::discard()});
    for (int turns = 0; turns != 20; ++turns) {
        step("printing after " + std::to_string(turns) + " turns");
        const completion before("the task before"), prints("the task that prints");
        std::function<void(int)> turn = [&](int left) {
            if (left == 0)
                pool->async_run(task<print_more_than_a_pipe_holds>(), prints.handler());
            else
                asio::post(context, [&turn, left] { turn(left - 1); });
        };
        pool->async_run(task<test::add>(1, 2), [&, done = before.handler()](const std::exception_ptr& error, int sum) mutable {
            done(error, sum);
            turn(turns);
        });
        before.expect_is("3");
        prints.expect_is("done");
        prints.expect_once();
    }
    pool.reset();
    context.join();
}

} // namespace

void add_races(suite& all)
{
    const auto& every = contenders();
    for (std::size_t i = 0; i != every.size(); ++i)
        for (std::size_t j = i + 1; j != every.size(); ++j)
            all.push_back({"races", every[i].name, every[j].name, [i, j] { race(contenders()[i], contenders()[j]); }});
    for (const std::size_t count : {2U, 4U, 8U})
        all.push_back({"races", "workers kill one another", std::to_string(count), [count] { duel(count); }});
    all.push_back({"races", "a worker is traced", "as it is killed", [] { traced(false); }});
    all.push_back({"races", "a worker is traced", "as the pool is destroyed", [] { traced(true); }});
    for (const std::size_t threads : {1U, 2U})
        all.push_back({"races", "a task prints after idleness", std::to_string(threads) + " threads",
                       [threads] { print_after_idleness(threads); }});
    all.push_back({"races", "a worker is killed as a task is sent", "", killed_from_outside});
}

} // namespace faults
