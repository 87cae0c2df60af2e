// Programs that live with a pool in their own ways: they ignore or reap children, close descriptors, fork, exit, are
// killed. programs/faults_host.cpp is all of them.
#include <faults/runner.hpp>
#include <faults/suite.hpp>
#include <support/gate.hpp>
#include <support/process_state.hpp>
#include <support/waiting.hpp>

#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <thread>
#include <utility>

extern char** environ;

namespace faults {
namespace {

class host
{
public:
    /// Its descriptors `closed` are closed.
    explicit host(std::string mode, std::string folder = "", const std::vector<int>& closed = {})
    {
        std::string program = TANDEM_FAULTS_HOST;
        char* const argv[] = {program.data(), mode.data(), folder.data(), nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        for (const int number : closed)
            ::posix_spawn_file_actions_addclose(&actions, number);
        const int error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ);
        ::posix_spawn_file_actions_destroy(&actions);
        expect(error == 0, "the host cannot be started");
    }
    ~host()
    {
        if (pid_ > 0)
            end();
    }
    host(const host&) = delete;
    host& operator=(const host&) = delete;

    void kill(int signal) const { ::kill(pid_, signal); }

    void end()
    {
        kill(SIGKILL);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    }

    /// "exit 0"; "hangs" where it takes too long.
    std::string result()
    {
        int status = 0;
        if (!test::eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, 2 * patience)) {
            end();
            return "hangs";
        }
        pid_ = -1;
        return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                   : "exit " + std::to_string(WEXITSTATUS(status));
    }

private:
    pid_t pid_ = -1;
};

// Nothing outlives the program. A second is what that takes where threads get the processor when they want it, which on a
// busy machine they do not.
void expect_nothing_left()
{
    std::vector<std::string> left;
    test::eventually([&] { return (left = left_behind()).empty(); }, patience);
    for (const std::string& process : left) {
        wrong("long after it there is " + process);
        ::kill(std::stoi(process), SIGKILL);
    }
}

void runs_well(const std::string& mode, const std::vector<int>& closed = {})
{
    step("running the host");
    host h(mode, "", closed);
    const std::string is = h.result();
    expect(is == "exit 0", "the host: " + is);
    step("looking whether it left processes");
    expect_nothing_left();
}

void is_ended(const std::string& mode, int signal)
{
    const test::gate place;
    host h(mode, place.path());
    step("waiting for its workers");
    expect(place.wait_for_begun(2), "two tasks did not begin");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    h.kill(signal);
    h.result();
    expect_nothing_left();
}

bool is_stopped(int pid)
{
    return test::state_of(std::to_string(pid)).letter == 'T';
}

// A stopped worker cannot see that the program is gone: somebody has to wake it. The kernel does where its group is left
// without a parent in its session, but not where a process of the session adopts it, such as the first one of a container.
void is_ended_with_stopped_workers(bool adopts)
{
    ::prctl(PR_SET_CHILD_SUBREAPER, adopts ? 1 : 0);
    const test::gate place;
    host h("stops", place.path());
    step("waiting for its workers");
    expect(place.wait_for_begun(2), "two tasks did not begin");
    const std::vector<int> workers = place.pids();
    for (const int worker : workers)
        expect(test::eventually([&] { return is_stopped(worker); }, patience), "a worker does not stop");
    h.kill(SIGKILL);
    h.result();
    expect_nothing_left();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    for (const int worker : workers)
        test::eventually([&] { return ::waitpid(worker, nullptr, WNOHANG) != 0; }, patience);
}

// Killed at any moment of its workers' starts.
void is_killed_early()
{
    for (int i = 0; i != (sanitized ? 8 : 40); ++i) {
        step("killing it after " + std::to_string(i) + " steps");
        const test::gate place;
        host h("loops", place.path());
        std::this_thread::sleep_for(std::chrono::microseconds((sanitized ? 20'000 : 500) * i));
        h.end();
        expect_nothing_left();
    }
}

// Stopped at any moment of its workers' starts, for longer than these may take.
void is_stopped_early()
{
    for (const int i : {1, 4, 16}) {
        step("stopping it after " + std::to_string(i) + " steps");
        host h("has little time to start");
        std::this_thread::sleep_for(std::chrono::microseconds((sanitized ? 20'000 : 500) * i));
        h.kill(SIGSTOP);
        std::this_thread::sleep_for(2 * begin_limit);
        h.kill(SIGCONT);
        const std::string is = h.result();
        expect(is == "exit 0", "the host: " + is);
        expect_nothing_left();
    }
}

} // namespace

void add_hosts(suite& all)
{
    for (const char* mode :
         {"usual", "ignores SIGCHLD", "sets SA_NOCLDWAIT", "reaps every child", "reaps in a signal handler",
          "calls system()", "calls popen()", "forks", "forks and execs", "has SIGPIPE at its default",
          "blocks all signals", "ignores all signals", "has no stdin, stdout, stderr", "has closed stderr's reader",
          "has a file size limit", "may write no files", "has no environment", "has many descriptors", "is in a removed folder",
          "runs its context late", "exits with a pool", "exits in a task's handler", "quick_exits with a pool", "destroys in another thread"})
        all.push_back({"hosts", mode, "", [mode] { runs_well(mode); }});
    all.push_back({"hosts", "SIGKILL", "workers loop", [] { is_ended("loops", SIGKILL); }});
    all.push_back({"hosts", "SIGKILL", "workers ignore signals", [] { is_ended("ignores", SIGKILL); }});
    all.push_back({"hosts", "SIGKILL", "workers are stopped", [] { is_ended_with_stopped_workers(false); }});
    all.push_back({"hosts", "SIGKILL", "workers are stopped and adopted", [] { is_ended_with_stopped_workers(true); }});
    all.push_back({"hosts", "SIGKILL", "workers have children", [] { is_ended("forks children", SIGKILL); }});
    all.push_back({"hosts", "SIGKILL", "workers run programs", [] { is_ended("runs programs", SIGKILL); }});
    all.push_back({"hosts", "SIGKILL", "workers are idle", [] { is_ended("idles", SIGKILL); }});
    all.push_back({"hosts", "SIGKILL", "workers hang as they exit", [] { is_ended("hangs at exit", SIGKILL); }});
    all.push_back({"hosts", "SIGKILL", "at any moment of its start", is_killed_early});
    for (const std::vector<int>& closed : {std::vector{0}, {1}, {2}, {1, 2}, {0, 1, 2}}) {
        std::string numbers;
        for (const int number : closed)
            numbers += std::to_string(number);
        all.push_back({"hosts", "started without descriptors", numbers, [closed, numbers] { runs_well("prints to " + numbers, closed); }});
        all.push_back({"hosts", "closed its descriptors", numbers, [numbers] { runs_well("prints without " + numbers); }});
    }
    all.push_back({"hosts", "SIGSTOP", "at any moment of its start", is_stopped_early});
    for (const int signal : {SIGTERM, SIGINT, SIGABRT, SIGSEGV})
        all.push_back({"hosts", ::strsignal(signal), "workers loop", [signal] { is_ended("loops", signal); }});
}

} // namespace faults
