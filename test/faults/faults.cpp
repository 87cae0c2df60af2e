#include <faults/faults.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace faults {
namespace {

volatile bool always = true; // what the compiler must not see through

void throw_exception()
{
    throw std::runtime_error("a fault");
}

void throw_int()
{
    throw 7;
}

void exit_well()
{
    std::exit(0);
}

void leave_well()
{
    ::_exit(0);
}

void leave_with_7()
{
    ::_exit(7);
}

void abort_it()
{
    std::abort();
}

void touch_nothing()
{
    void* const page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile char*>(page) = 1;
}

void wait_for_ever()
{
    while (always)
        ::pause();
}

void kill_itself()
{
    ::kill(::getpid(), SIGKILL);
    wait_for_ever();
}

void loop_for_ever()
{
    while (always) {
    }
}

void ignore_sigterm()
{
    ::signal(SIGTERM, SIG_IGN);
    ::kill(::getpid(), SIGTERM);
    loop_for_ever();
}

void stop_itself()
{
    ::kill(::getpid(), SIGSTOP);
}

[[gnu::noinline]] int deeper(int depth) // NOLINT(misc-no-recursion)
{
    std::array<volatile char, 4096> room{};
    room[static_cast<std::size_t>(depth) % room.size()] = 1;
    return always ? deeper(depth + 1) + room[0] : depth;
}

void overflow_the_stack()
{
    always = deeper(0) != 0;
}

void exceed_memory()
{
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t have = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
    rlimit limit{};
    ::getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = have + (64U << 20);
    ::setrlimit(RLIMIT_AS, &limit);
    std::vector<std::unique_ptr<char[]>> taken;
    while (always)
        taken.push_back(std::make_unique<char[]>(8U << 20));
}

template <class Do>
void for_each_pipe(Do what)
{
    std::vector<int> pipes;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename().string());
        struct stat status = {};
        if (fd >= 3 && ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
            pipes.push_back(fd);
    }
    for (const int fd : pipes)
        what(fd);
}

void close_the_protocol()
{
    // Not close(): ThreadSanitizer would report that other threads use them, which is the point.
    for_each_pipe([](int fd) { ::syscall(SYS_close, fd); });
}

void close_everything()
{
    ::close_range(0, ~0U, 0);
}

void become_sleep()
{
    ::execl("/bin/sleep", "sleep", "1000", nullptr);
}

void become_true()
{
    ::execl("/bin/true", "true", nullptr);
}

void write_garbage()
{
    const std::string noise(64, '\xff');
    for_each_pipe([&](int fd) {
        if ((::fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
            static_cast<void>(::write(fd, noise.data(), noise.size()) == 0);
    });
}

void leave_a_child()
{
    if (::fork() == 0)
        wait_for_ever(); // with every descriptor of the worker's
}

void leave_a_child_and_end()
{
    leave_a_child();
    ::_exit(7);
}

void wait_for_the_child(pid_t child)
{
    if (child > 0)
        ::usleep(10'000); // so that the child would be the first to answer
}

void fork_and_go_on()
{
    wait_for_the_child(::fork());
}

void clone_and_go_on()
{
    wait_for_the_child(static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)));
}

} // namespace

std::span<const fault> all_faults()
{
    static const fault table[] = {
        {"throws a std::exception", throw_exception, effect::throws},
        {"throws an int", throw_int, effect::throws_int},
        {"exit(0)", exit_well, effect::ends, "exit 0"},
        {"_exit(0)", leave_well, effect::ends, "exit 0"},
        {"_exit(7)", leave_with_7, effect::ends, "exit 7"},
        {"abort", abort_it, effect::ends, "signal 6"},
        {"SIGSEGV", touch_nothing, effect::crashes, "signal 11"},
        {"SIGKILL", kill_itself, effect::ends, "signal 9"},
        {"SIGTERM ignored, loops", ignore_sigterm, effect::hangs},
        {"SIGSTOP", stop_itself, effect::stops},
        {"stack overflow", overflow_the_stack, effect::crashes, "signal 11"},
        {"memory limit", exceed_memory, effect::out_of_memory},
        {"endless loop", loop_for_ever, effect::hangs},
        {"closes the protocol", close_the_protocol, effect::is_mute},
        {"closes all descriptors", close_everything, effect::is_mute},
        {"execs sleep", become_sleep, effect::is_replaced, "signal 9"},
        {"execs true", become_true, effect::ends, "exit 0"},
        {"writes garbage", write_garbage, effect::garbles, "signal 9"},
        {"leaves a grandchild", leave_a_child, effect::is_harmless},
        {"forks, both go on", fork_and_go_on, effect::is_copied},
        {"clones, both go on", clone_and_go_on, effect::is_copied},
        {"leaves one, _exit(7)", leave_a_child_and_end, effect::ends, "exit 7"},
    };
    return table;
}

void commit(std::size_t number)
{
    all_faults()[number].commit();
}

} // namespace faults
