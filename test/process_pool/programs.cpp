// Programs of their own: mains that are wrong, and one that is killed.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/preconditions.hpp>
#include <support/process_state.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

#include <link.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cstddef>
#include <span>
#include <string>

extern char** environ;

using namespace test;
using tandem::errc;
using tandem::task;

namespace {

struct outcome
{
    int status;
    std::string text;
};

/// The dynamic loader that this program names.
std::string own_loader()
{
    std::string path;
    const auto look = [](dl_phdr_info* object, std::size_t, void* found) {
        for (const ElfW(Phdr)& segment : std::span(object->dlpi_phdr, object->dlpi_phnum))
            if (segment.p_type == PT_INTERP)
                *static_cast<std::string*>(found) = reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr);
        return 1; // the program comes first
    };
    ::dl_iterate_phdr(look, &path);
    return path;
}

/// Runs a command with a limit of time; what it printed and how it exited.
outcome run_command(const std::string& command)
{
    FILE* const in = ::popen(("timeout -s KILL 60 " + command + " 2>&1").c_str(), "r");
    std::string text;
    char buffer[4096];
    for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, in)) != 0;)
        text.append(buffer, size);
    const int status = ::pclose(in);
    BOOST_TEST_MESSAGE(command << " printed: " << text);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

/// Kills a host of this kind when its four workers have announced themselves so often; they must be gone then.
void kill_host(std::string kind, std::size_t announced)
{
    const leak_check leaks;
    const gate place;
    std::string program = TANDEM_HOST, folder = place.path();
    char* const argv[] = {program.data(), folder.data(), kind.data(), nullptr};
    pid_t host = -1;
    BOOST_REQUIRE(::posix_spawn(&host, program.c_str(), nullptr, nullptr, argv, environ) == 0);
    const bool begun = place.wait_for_begun(announced);
    std::this_thread::sleep_for(short_time);
    const std::vector<int> workers = place.pids();
    for (const int pid : workers)
        BOOST_TEST(!has_ended(pid));
    ::kill(host, SIGKILL);
    int status = 0;
    ::waitpid(host, &status, 0);
    BOOST_TEST(begun);
    BOOST_TEST(workers.size() == 4U);
    const bool gone = eventually([&] { return std::ranges::all_of(workers, has_ended); }, std::chrono::seconds(1));
    BOOST_TEST(gone);
    for (const int pid : workers)
        if (!has_ended(pid)) {
            BOOST_TEST_MESSAGE("still there: " << pid);
            ::kill(pid, SIGKILL);
        }
}

/// A program that the system refuses something so fails with this text and this help.
void check_refusal(const std::string& how, const std::string& text, const std::string& help)
{
    const auto [status, said] = run_command(TANDEM_RESTRICTED " " + how);
    BOOST_TEST(status == 0);
    BOOST_TEST(said.find("/restricted\": " + text) != std::string::npos, how << ": " << said);
    BOOST_TEST(said.find(help) != std::string::npos, how << ": " << said);
}

} // namespace

BOOST_AUTO_TEST_SUITE(programs)

BOOST_AUTO_TEST_CASE(a_main_without_run_if_worker_fails_and_starts_nothing)
{
    processes side(1, {.worker = tandem::launch::executable(TANDEM_CARELESS)});
    const failure f = fails(side.pool, task<add>(1, 2));
    BOOST_TEST(f.code == errc::not_a_worker);
    BOOST_TEST(f.says("run_if_worker"));
    BOOST_TEST(f.says("code " + std::to_string(static_cast<int>(errc::worker_without_main))));
}

BOOST_AUTO_TEST_CASE(a_pool_of_such_a_program_is_refused_before_its_main_runs_twice)
{
    const auto [status, text] = run_command(TANDEM_CARELESS);
    BOOST_TEST(status == 3);
    BOOST_TEST(text.find("code " + std::to_string(static_cast<int>(errc::worker_without_main))) != std::string::npos);
    BOOST_TEST(text.find("run_if_worker") != std::string::npos);
    BOOST_TEST(text.find("executable(") != std::string::npos); // what a plugin can do
}

BOOST_AUTO_TEST_CASE(two_functions_of_one_name)
{
    const auto [status, text] = run_command(TANDEM_TWINS);
    BOOST_TEST(status == 3);
    BOOST_TEST(text.find("code " + std::to_string(static_cast<int>(errc::duplicate_task))) != std::string::npos);
    BOOST_TEST(text.find("twin") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_system_refuses_is_told_with_the_step_and_what_helps)
{
    check_refusal("size", "making memory that is shared with it (memfd_create): File too large; ", "ulimit -f");
    check_refusal("pidfd_open", "watching its process (pidfd_open): Function not implemented; ", "tandem needs Linux 5.3 or newer");
    check_refusal("memfd_create", "making memory that is shared with it (memfd_create): Function not implemented; ", "sandbox");
    BOOST_TEST(run_command(TANDEM_RESTRICTED " nothing").text == "42\n");
}

// A sanitizer that looks at addresses needs a pipe for that.
BOOST_AUTO_TEST_CASE(so_are_too_few_open_files, *unsanitized())
{
    check_refusal("files", "making memory that is shared with it (memfd_create): Too many open files; ", "ulimit -n");
}

BOOST_AUTO_TEST_CASE(a_program_that_a_loader_was_told_to_run_is_its_own_worker, *unsanitized())
{
    const std::string loader = own_loader();
    const std::string program = TANDEM_RESTRICTED;
    const std::string folder = program.substr(0, program.rfind('/'));
    for (const std::string& options : {std::string(), " --library-path " + folder})
        BOOST_TEST(run_command("env -C " + folder + ' ' + loader + options + " ./restricted nothing").text == "42\n");
}

BOOST_AUTO_TEST_CASE(without_proc_it_is_told_what_to_do, *mounts())
{
    const std::string said = run_command("unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /proc && "
                                         "exec " TANDEM_RESTRICTED " nothing'")
                                 .text;
    BOOST_TEST(said.find("executing it: No such file or directory; mount /proc, or give process_pool_options::worker") !=
                   std::string::npos,
               said);
}

BOOST_AUTO_TEST_CASE(workers_of_a_killed_program_are_gone_within_a_second)
{
    kill_host("loops", 4);
}

BOOST_AUTO_TEST_CASE(also_with_a_stop_callback_that_waits_for_its_task)
{
    kill_host("locks", 8); // each task, and its callback
}

BOOST_AUTO_TEST_CASE(also_before_their_main)
{
    kill_host("builds", 4);
}

BOOST_AUTO_TEST_CASE(also_where_they_know_nothing_of_tandem)
{
    kill_host("foreign", 4);
}

BOOST_AUTO_TEST_SUITE_END()
