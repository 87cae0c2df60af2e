// bench_measure COMMAND...: runs it; prints its exit status, seconds of wall clock, seconds of processor time, and the
// most bytes resident, those of the processes that it waited for included. A program of its own, and a small one: what
// the kernel tells of a child's memory includes that of the program that started it.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

int main(int, char** argv)
{
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, 2, 1); // the standard output is for the figures
    const auto begin = std::chrono::steady_clock::now();
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, argv[1], &actions, nullptr, argv + 1, environ);
    if (error != 0) {
        std::fprintf(stderr, "%s: %s\n", argv[1], std::strerror(error));
        return 1;
    }
    int status = 0;
    ::rusage usage{};
    if (::wait4(pid, &status, 0, &usage) != pid)
        return 1;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    const auto seconds = [](const ::timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    std::printf("%d %.6f %.6f %lld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), wall.count(),
                seconds(usage.ru_utime) + seconds(usage.ru_stime), static_cast<long long>(usage.ru_maxrss) * 1024);
}
