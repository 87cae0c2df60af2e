// faults_host MODE [FOLDER]: a program that has a pool and a way of its own. It exits with 0 where every task had the
// right end. With a folder, it is there to be killed.
#include <faults/completion.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/tasks.hpp>

#include <tandem/process_pool.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>

namespace faults {

static std::atomic<bool> failed{false};

void step(const std::string&) {}

void wrong(const std::string& what)
{
    failed = true;
    std::cerr << what << '\n';
}

namespace {

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::process_pool_options;
using tandem::task;

std::string echo(std::string text)
{
    return text;
}

// Dies while its large arguments are still being sent to the next one.
void exercise(process_pool& pool, bool knows_ends = true)
{
    std::vector<completion> sums, deaths, echoes;
    for (int i = 0; i != 10; ++i) {
        deaths.emplace_back("a task that dies");
        pool.async_run(task<test::die>(i % 2 == 0 ? "exit" : "kill"), deaths.back().handler());
        sums.emplace_back("a task");
        pool.async_run(task<test::add>(i, 1), sums.back().handler());
        echoes.emplace_back("a large task");
        pool.async_run(task<echo>(std::string(1U << 20, 'e')), echoes.back().handler());
    }
    for (int i = 0; i != 10; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const std::string end = i % 2 == 0 ? "worker_died, exit 7" : "worker_died, signal 9";
        // Where other code reaps our child, how it ended is not known.
        deaths[at].expect_one_of(knows_ends ? std::vector<std::string>{end}
                                            : std::vector<std::string>{end, "worker_died"});
        sums[at].expect_is(std::to_string(i + 1));
        echoes[at].expect_is("1048576 times e");
    }
    const completion last("the last task");
    pool.async_run(task<test::add>(1, 2), last.handler());
    last.expect_is("3");
    for (const auto* group : {&sums, &deaths, &echoes})
        for (const completion& each : *group)
            each.expect_once();
}

struct usual
{
    asio::thread_pool context{2};
    process_pool pool{context, process_pool_options{.workers = 2}};
};

void run_usual(bool knows_ends = true)
{
    usual u;
    exercise(u.pool, knows_ends);
}

void beside(const std::function<void()>& other)
{
    std::atomic<bool> done{false};
    std::jthread thread([&] {
        while (!done)
            other();
    });
    run_usual();
    done = true;
}

void reap_all()
{
    std::atomic<bool> done{false};
    std::jthread thread([&] {
        while (!done)
            if (::waitpid(-1, nullptr, WNOHANG) <= 0)
                ::usleep(100);
    });
    run_usual(false);
    done = true;
}

void set_handler(int signal, void (*handler)(int), int flags = 0)
{
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ::sigaction(signal, &action, nullptr);
}

void reap_in_handler(int)
{
    const int before = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    errno = before;
}

void for_all_signals(void (*handler)(int))
{
    for (int signal = 1; signal != SIGSYS; ++signal)
        if (signal != SIGKILL && signal != SIGSTOP && signal != SIGSEGV && signal != SIGBUS && signal != SIGCHLD)
            ::signal(signal, handler);
}

void block_all()
{
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void expect_status(const std::string& command)
{
    expect(std::system(command.c_str()) == 3 << 8, "system() did not see its own child end");
}

void fork_and_wait(bool exec)
{
    const pid_t child = ::fork();
    if (child == 0) {
        if (exec)
            ::execl("/bin/sh", "sh", "-c", "exit 3", nullptr);
        ::_exit(3);
    }
    int status = 0;
    expect(child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3,
           "a child of the host's own was not reaped by it");
}

void expect_closed_stdio()
{
    for (const int fd : {0, 1, 2})
        ::close(fd);
    run_usual();
}

int sum_of(const std::vector<std::uint8_t>& values)
{
    std::puts("a task prints");
    return std::accumulate(values.begin(), values.end(), 0);
}

std::vector<std::uint8_t> ones(std::size_t size)
{
    std::fputs("another task prints\n", stderr);
    return std::vector<std::uint8_t>(size, 1);
}

// Large arguments and results, in shared memory, while the program prints on whatever has these standard streams' numbers.
void print_beside_values(const std::string& numbers, bool closes)
{
    asio::thread_pool context{2};
    std::optional<asio::steady_timer> reactor;
    if (closes) {
        reactor.emplace(context); // which now has what descriptors it needs
        for (const char number : numbers)
            ::close(number - '0');
    }
    process_pool pool(context, process_pool_options{.workers = 2});
    constexpr std::size_t size = 1U << 20;
    const std::string text(size, 'x');
    std::vector<completion> sums, results;
    for (int i = 0; i != 20; ++i) {
        sums.emplace_back("a sum");
        pool.async_run(task<sum_of>(std::vector<std::uint8_t>(size, 1)), sums.back().handler());
        results.emplace_back("a result");
        pool.async_run(task<ones>(size), [done = results.back().handler()](const std::exception_ptr& error,
                                                                          const std::vector<std::uint8_t>& values) mutable {
            done(error, static_cast<int>(std::ranges::count(values, 1)));
        });
        for (const char number : numbers)
            static_cast<void>(::write(number - '0', text.data(), text.size()) == 0);
    }
    for (const completion& each : sums)
        each.expect_is(std::to_string(size));
    for (const completion& each : results)
        each.expect_is(std::to_string(size));
}

void without_reader_of_stderr()
{
    int ends[2];
    if (::pipe(ends) != 0)
        return;
    ::dup2(ends[1], 2);
    ::close(ends[0]);
    ::close(ends[1]);
    run_usual();
}

void limit_file_size(rlim_t bytes)
{
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

// No status page can be made: an error, and not the signal that goes with the limit. This program cannot say so, for
// the same reason.
void write_no_files()
{
    limit_file_size(0);
    usual u;
    const completion refused("a task");
    u.pool.async_run(task<test::add>(1, 2), refused.handler());
    failed = failed || refused.outcome() != "start_failed";
}

void hold_descriptors()
{
    for (int i = 0; i != 500; ++i)
        static_cast<void>(::open("/dev/null", O_RDONLY)); // on purpose not close-on-exec
    run_usual();
}

void remove_own_folder()
{
    std::string name = "/tmp/tandem_faults_XXXXXX";
    expect(::mkdtemp(name.data()) && ::chdir(name.c_str()) == 0 && ::rmdir(name.c_str()) == 0, "no folder");
    run_usual();
}

process_pool& static_pool()
{
    static usual all;
    exercise(all.pool);
    all.pool.async_run(task<test::hold>("/nowhere"), [](const std::exception_ptr&, int) {});
    return all.pool;
}

process_pool_options little_time()
{
    process_pool_options options{.workers = 2, .start_timeout = begin_limit};
    options.start_attempts = 1;
    return options;
}

void start_with_little_time()
{
    asio::thread_pool context{2};
    process_pool pool(context, little_time());
    exercise(pool);
    expect(pool.stats().start_failures == 0, "a start failed");
}

void run_late()
{
    asio::io_context context;
    process_pool pool(context, little_time());
    const completion first("the first task");
    pool.async_run(task<test::add>(1, 2), first.handler());
    std::this_thread::sleep_for(2 * begin_limit);
    std::jthread thread([&] { context.run(); });
    first.expect_is("3");
    first.expect_once();
}

void exit_in_handler()
{
    static usual all;
    exercise(all.pool);
    all.pool.async_run(task<test::add>(1, 2), [](const std::exception_ptr&, int sum) {
        // A pool's thread cannot wait for itself: it goes without its destructors.
        std::quick_exit(sum == 3 && !failed ? 0 : 1);
    });
    ::sleep(60);
    wrong("the handler did not run");
}

void destroy_in_thread()
{
    asio::thread_pool context{2};
    auto pool = std::make_unique<process_pool>(context, process_pool_options{.workers = 2});
    exercise(*pool);
    std::jthread([moved = std::move(pool)]() mutable { moved.reset(); }).join();
}

// --- to be killed

volatile bool always = true;

void announce_and_loop(const std::string& folder, const std::string& mode)
{
    if (mode == "ignores")
        for_all_signals(SIG_IGN);
    if (mode == "forks children")
        for (int i = 0; i != 3; ++i)
            if (::fork() == 0)
                for (;;)
                    ::pause();
    if (mode == "runs programs")
        static_cast<void>(std::system("sleep 1000 &"));
    test::announce(folder);
    if (mode == "stops")
        ::kill(::getpid(), SIGSTOP);
    while (always) {
    }
}

struct hangs_at_exit
{
    bool armed = false;
    ~hangs_at_exit()
    {
        while (armed && always) {
        }
    }
};

void announce_and_return(const std::string& folder, const std::string& mode)
{
    static hangs_at_exit last;
    last.armed = mode == "hangs at exit";
    test::announce(folder);
    ::usleep(50'000); // so that both workers get one
}

void wait_to_be_killed(const std::string& mode, const std::string& folder)
{
    usual u;
    for (int i = 0; i != 2; ++i) {
        if (mode == "idles" || mode == "hangs at exit")
            u.pool.async_run(task<announce_and_return>(folder, mode), [](const std::exception_ptr&) {});
        else
            u.pool.async_run(task<announce_and_loop>(folder, mode), [](const std::exception_ptr&) {});
    }
    ::sleep(60);
}

void live(const std::string& mode)
{
    if (mode == "usual")
        run_usual();
    else if (mode == "ignores SIGCHLD")
        set_handler(SIGCHLD, SIG_IGN), run_usual(false);
    else if (mode == "sets SA_NOCLDWAIT")
        set_handler(SIGCHLD, SIG_DFL, SA_NOCLDWAIT), run_usual(false);
    else if (mode == "reaps every child")
        reap_all();
    else if (mode == "reaps in a signal handler")
        set_handler(SIGCHLD, reap_in_handler, SA_RESTART), run_usual(false);
    else if (mode == "calls system()")
        beside([] { expect_status("exit 3"); });
    else if (mode == "calls popen()")
        beside([] { expect(::pclose(::popen("exit 3", "r")) == 3 << 8, "pclose() did not see its own child end"); });
    else if (mode == "forks")
        beside([] { fork_and_wait(false); });
    else if (mode == "forks and execs")
        beside([] { fork_and_wait(true); });
    else if (mode == "has SIGPIPE at its default")
        ::signal(SIGPIPE, SIG_DFL), run_usual();
    else if (mode == "blocks all signals")
        block_all(), run_usual();
    else if (mode == "ignores all signals")
        for_all_signals(SIG_IGN), run_usual();
    else if (mode == "has no stdin, stdout, stderr")
        expect_closed_stdio();
    else if (mode.starts_with("prints "))
        print_beside_values(mode.substr(mode.find_last_not_of("012") + 1), mode.starts_with("prints without "));
    else if (mode == "has closed stderr's reader")
        without_reader_of_stderr();
    else if (mode == "has a file size limit")
        limit_file_size(1U << 20), run_usual();
    else if (mode == "may write no files")
        write_no_files();
    else if (mode == "has no environment")
        ::clearenv(), run_usual();
    else if (mode == "has many descriptors")
        hold_descriptors();
    else if (mode == "is in a removed folder")
        remove_own_folder();
    else if (mode == "has little time to start")
        start_with_little_time();
    else if (mode == "runs its context late")
        run_late();
    else if (mode == "exits with a pool")
        static_pool();
    else if (mode == "quick_exits with a pool")
        static_pool(), std::quick_exit(failed ? 1 : 0);
    else if (mode == "exits in a task's handler")
        exit_in_handler();
    else if (mode == "destroys in another thread")
        destroy_in_thread();
    else
        wrong("there is no mode " + mode);
}

} // namespace
} // namespace faults

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (argc > 2 && *argv[2])
        faults::wait_to_be_killed(argv[1], argv[2]);
    else if (argc > 1)
        faults::live(argv[1]);
    return faults::failed ? 1 : 0;
}
