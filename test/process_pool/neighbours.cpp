// The program stays the user's: its output, its children, its signals; and a worker starts clean.
#include <support/failing.hpp>
#include <support/preconditions.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/cpu_count.hpp>
#include <tandem/worker.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <vector>

extern char** environ;

using namespace test;
using tandem::errc;
using tandem::task;

namespace {

int talk()
{
    std::printf("from printf\n");
    std::cout << "from cout, unfinished";
    std::cerr << "from cerr\n";
    return 1;
}

void shout(int lines)
{
    for (int i = 0; i != lines; ++i)
        std::printf("%0200d\n", i);
}

std::string status_line(const std::string& name)
{
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name + ":"))
            return line.substr(name.size() + 2);
    return "none";
}

std::vector<std::string> own_descriptors()
{
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        found.push_back(entry.path().filename().string());
    return found;
}

std::vector<int> cpus_and_policy()
{
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return {CPU_COUNT(&set), ::sched_getscheduler(0)};
}

bool leads_own_group()
{
    return ::getpgrp() == ::getpid();
}

int read_stdin()
{
    return std::getchar();
}

std::size_t length(const std::vector<char>& bytes)
{
    return bytes.size();
}

int nest(int levels)
{
    if (levels == 0)
        return 0;
    asio::io_context context;
    tandem::process_pool pool(context, {.workers = 1});
    auto below = pool.async_run(task<nest>(levels - 1), asio::use_future);
    context.run();
    return 1 + below.get();
}

bool knows_that_it_is_a_worker()
{
    return tandem::is_worker();
}

// The shell's wait status, by way of starting it.
std::vector<int> shells_that_get_a_sigpipe()
{
    const std::string script = "kill -s PIPE $$; exit 0";
    const char* const command[] = {"/bin/sh", "-c", script.c_str(), nullptr};
    char* const* const argv = const_cast<char* const*>(command);
    std::vector<int> statuses{std::system(script.c_str()), ::pclose(::popen(script.c_str(), "r"))};
    pid_t pid = -1;
    ::posix_spawn(&pid, command[0], nullptr, nullptr, argv, environ);
    ::waitpid(pid, &statuses.emplace_back(), 0);
    pid = ::fork();
    if (pid == 0)
        ::_exit(::execv(command[0], argv));
    ::waitpid(pid, &statuses.emplace_back(), 0);
    return statuses;
}

int error_of_a_broken_pipe()
{
    int ends[2];
    if (::pipe(ends) != 0)
        return 0;
    ::close(ends[0]);
    const bool written = ::write(ends[1], "x", 1) == 1;
    const int error = written ? 0 : errno;
    ::close(ends[1]);
    return error;
}

constexpr const char* disposition_variable = "TANDEM_TEST_SIGPIPE";

void count_broken_pipe(int) {}

// Before run_if_worker.
const struct sigpipe_disposition
{
    sigpipe_disposition()
    {
        if (const char* const wanted = std::getenv(disposition_variable))
            ::signal(SIGPIPE, std::string(wanted) == "ignored" ? SIG_IGN : count_broken_pipe);
    }
} own_disposition;

std::string disposition_of_sigpipe()
{
    struct sigaction now = {};
    ::sigaction(SIGPIPE, nullptr, &now);
    return now.sa_handler == SIG_IGN ? "ignored" : now.sa_handler == count_broken_pipe ? "counted" : "another";
}

// This process's stderr, while it lives, goes to a file.
class captured_stderr
{
public:
    captured_stderr() : file_(::tmpfile()), original_(::dup(2)) { ::dup2(::fileno(file_), 2); }
    ~captured_stderr()
    {
        ::dup2(original_, 2);
        ::close(original_);
        ::fclose(file_);
    }
    std::string text() const
    {
        std::string all(1 << 20, '\0');
        const ssize_t size = ::pread(::fileno(file_), all.data(), all.size(), 0);
        all.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return all;
    }

private:
    FILE* file_;
    int original_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(neighbours)

BOOST_AUTO_TEST_CASE(what_a_task_prints_arrives_on_stderr_and_harms_nothing)
{
    std::string text;
    int result = 0;
    {
        const captured_stderr captured;
        processes side(1);
        result = get_soon(side.pool.async_run(task<talk>(), asio::use_future));
        get_soon(side.pool.async_shutdown(tandem::shutdown_mode::drain, asio::use_future));
        text = captured.text();
    }
    BOOST_TEST_MESSAGE("stderr was: " << text);
    BOOST_TEST(result == 1);
    BOOST_TEST(text.find("from printf\n") != std::string::npos);
    BOOST_TEST(text.find("from cout, unfinished") != std::string::npos);
    BOOST_TEST(text.find("from cerr\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(much_output_does_not_stop_a_task)
{
    std::size_t size = 0;
    {
        const captured_stderr captured;
        processes side(2);
        auto one = side.pool.async_run(task<shout>(2000), asio::use_future);
        auto other = side.pool.async_run(task<shout>(2000), asio::use_future);
        get_soon(std::move(one));
        get_soon(std::move(other));
        get_soon(side.pool.async_shutdown(tandem::shutdown_mode::drain, asio::use_future));
        size = captured.text().size();
    }
    BOOST_TEST(size == 2U * 2000 * 201);
}

BOOST_AUTO_TEST_CASE(a_task_has_an_empty_stdin)
{
    processes side(1);
    BOOST_TEST(get_soon(side.pool.async_run(task<read_stdin>(), asio::use_future)) == EOF);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(foreign_children_are_left_to_their_owner)
{
    processes side(2);
    get_soon(side.pool.async_start(asio::use_future));
    for (int i = 0; i != 20; ++i) {
        pid_t pid = -1;
        std::string program = "/bin/sh", option = "-c", script = "exit 5";
        char* const argv[] = {program.data(), option.data(), script.data(), nullptr};
        BOOST_REQUIRE(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv, environ) == 0);
        if (i % 4 == 0) // workers that end meanwhile
            BOOST_TEST(fails(side.pool, task<die>("kill")).code == errc::worker_died);
        get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future));
        int status = 0;
        BOOST_TEST(::waitpid(pid, &status, 0) == pid);
        BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 5));
    }
}

BOOST_AUTO_TEST_CASE(a_host_that_waits_for_any_child_does_not_hang_the_pool)
{
    processes side(1);
    const int pid = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
    const recording<int> seen;
    side.pool.async_run(task<die>("kill"), seen.handler());
    int status = 0;
    const pid_t taken = ::waitpid(pid, &status, 0); // rude, and a race that either may win
    BOOST_TEST_MESSAGE("waitpid returned " << taken);
    BOOST_TEST(failure_of(seen).code == errc::worker_died);
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
}

BOOST_AUTO_TEST_CASE(writing_to_a_dead_worker_does_not_end_the_program)
{
    const auto before = ::signal(SIGPIPE, SIG_DFL);
    {
        processes side(1);
        for (int i = 0; i != 5; ++i) {
            const int pid = get_soon(side.pool.async_run(task<process_id>(), asio::use_future));
            ::kill(pid, SIGSTOP); // so that the write is under way when it dies
            const recording<std::size_t> seen;
            side.pool.async_run(task<length>(std::vector<char>(8 << 20)), seen.handler());
            std::this_thread::sleep_for(std::chrono::milliseconds(10 * i));
            ::kill(pid, SIGKILL);
            BOOST_TEST(seen.take() == 8U << 20); // it had not begun, so another worker runs it
        }
    }
    ::signal(SIGPIPE, before);
}

BOOST_AUTO_TEST_CASE(asking_a_dead_worker_to_stop_does_not_end_the_program)
{
    const auto before = ::signal(SIGPIPE, SIG_DFL);
    sigset_t pipe_signal, mask;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    for (const int how : {SIG_UNBLOCK, SIG_BLOCK}) {
        ::pthread_sigmask(how, &pipe_signal, &mask);
        const gate held;
        asio::io_context context;
        tandem::process_pool pool(context, {.workers = 1});
        asio::cancellation_signal cancellation;
        const recording<int> seen;
        pool.async_run(task<hold>(held.path()), asio::bind_cancellation_slot(cancellation.slot(), seen.handler()));
        BOOST_REQUIRE(eventually([&] { return context.poll(), held.begun() == 1; }));
        const int pid = held.pids().front();
        ::kill(pid, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
        cancellation.emit(asio::cancellation_type::partial); // before the pool has seen the end
        sigset_t pending;
        ::sigpending(&pending);
        BOOST_TEST(::sigismember(&pending, SIGPIPE) == 0);
        context.run_for(long_time);
        BOOST_TEST(failure_of(seen).code == errc::worker_died);
        ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    }
    ::signal(SIGPIPE, before);
}

BOOST_AUTO_TEST_CASE(a_worker_takes_at_most_seven_of_the_programs_descriptors)
{
    constexpr std::size_t workers = 8;
    asio::io_context context;
    tandem::process_pool pool(context, {.workers = workers});
    const std::size_t before = own_descriptors().size();
    const recording<void> started;
    pool.async_start(started.handler());
    context.run_for(long_time);
    BOOST_REQUIRE(started.calls() == 1);
    const std::size_t taken = own_descriptors().size() - before;
    BOOST_TEST(pool.stats().ready_workers == workers);
    BOOST_TEST(taken <= 7 * workers);
    BOOST_TEST_MESSAGE(workers << " workers take " << taken << " descriptors");
}

BOOST_AUTO_TEST_CASE(a_program_that_a_task_starts_ends_by_sigpipe)
{
    processes side(1);
    const std::vector<int> expected(4, SIGPIPE); // a wait status that says: ended by it
    BOOST_TEST(get_soon(side.pool.async_run(task<shells_that_get_a_sigpipe>(), asio::use_future)) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_task_that_writes_to_a_broken_pipe_gets_an_error)
{
    processes side(1);
    BOOST_TEST(get_soon(side.pool.async_run(task<error_of_a_broken_pipe>(), asio::use_future)) == EPIPE);
}

BOOST_AUTO_TEST_CASE(what_the_program_has_set_for_sigpipe_stays)
{
    for (const std::string wanted : {"ignored", "counted"}) {
        ::setenv(disposition_variable, wanted.c_str(), 1);
        processes side(1);
        BOOST_TEST(get_soon(side.pool.async_run(task<disposition_of_sigpipe>(), asio::use_future)) == wanted);
        ::unsetenv(disposition_variable);
    }
}

BOOST_AUTO_TEST_CASE(a_worker_inherits_no_mask_and_no_ignored_signal)
{
    sigset_t some, before;
    ::sigemptyset(&some);
    ::sigaddset(&some, SIGTERM);
    ::sigaddset(&some, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &some, &before);
    const auto usr1 = ::signal(SIGUSR1, SIG_IGN);
    {
        asio::io_context context; // on this thread, with its mask
        tandem::process_pool pool(context, {.workers = 1});
        const recording<std::string> blocked, ignored;
        pool.async_run(task<status_line>("SigBlk"), blocked.handler());
        pool.async_run(task<status_line>("SigIgn"), ignored.handler());
        context.run_for(long_time);
        BOOST_TEST(blocked.take() == "0000000000000000");
        const auto mask = std::stoull(ignored.take(), nullptr, 16);
        BOOST_TEST((mask & (1ULL << (SIGUSR1 - 1))) == 0U);
    }
    ::signal(SIGUSR1, usr1);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(a_worker_is_scheduled_as_the_main_thread_whoever_starts_it, *several_cpus())
{
    asio::io_context context;
    tandem::process_pool pool(context, {.workers = 1});
    const recording<std::vector<int>> seen;
    std::size_t usable = 0;
    std::vector<int> here;
    std::thread pinned([&] {
        const sched_param none{};
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(::sched_getcpu(), &one);
        ::sched_setaffinity(0, sizeof one, &one);
        ::sched_setscheduler(0, SCHED_BATCH, &none);
        usable = tandem::usable_cpus();
        pool.async_run(task<cpus_and_policy>(), seen.handler());
        context.run_for(long_time);
        here = cpus_and_policy();
    });
    pinned.join();
    BOOST_TEST(here == (std::vector{1, SCHED_BATCH}), boost::test_tools::per_element()); // the thread keeps its own
    BOOST_TEST(seen.take() == cpus_and_policy(), boost::test_tools::per_element());
    BOOST_TEST(usable == tandem::usable_cpus());
}

BOOST_AUTO_TEST_CASE(no_signal_handler_is_installed)
{
    struct sigaction before
    {
    }, after{};
    ::sigaction(SIGCHLD, nullptr, &before);
    {
        processes side(1);
        BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 3);
        ::sigaction(SIGCHLD, nullptr, &after);
    }
    BOOST_TEST((before.sa_handler == after.sa_handler));
}

BOOST_AUTO_TEST_CASE(a_worker_has_its_own_group_and_no_descriptor_of_ours)
{
    const int ours = ::fcntl(0, F_DUPFD, 100); // not close-on-exec
    {
        processes side(2);
        get_soon(side.pool.async_start(asio::use_future));
        BOOST_TEST(get_soon(side.pool.async_run(task<leads_own_group>(), asio::use_future)));
        const auto open = get_soon(side.pool.async_run(task<own_descriptors>(), asio::use_future));
        BOOST_TEST(open.size() <= 8U, "descriptors in the worker: " << open.size()); // 0 to 2, 3 pipes, the folder's
        BOOST_TEST(std::ranges::count(open, std::to_string(ours)) == 0);
    }
    ::close(ours);
}

BOOST_AUTO_TEST_CASE(a_task_may_use_a_pool_to_a_limit)
{
    processes side(1);
    BOOST_TEST(!tandem::is_worker());
    BOOST_TEST(get_soon(side.pool.async_run(task<knows_that_it_is_a_worker>(), asio::use_future)));
    BOOST_TEST(get_soon(side.pool.async_run(task<nest>(1), asio::use_future)) == 1);
    BOOST_TEST(get_soon(side.pool.async_run(task<nest>(2), asio::use_future)) == 2);
    BOOST_TEST(fails(side.pool, task<nest>(3)).code == errc::nesting_too_deep);
}

BOOST_AUTO_TEST_SUITE_END()
