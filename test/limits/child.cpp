#include <limits/child.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

namespace test {
namespace {

[[noreturn]] void throw_errno(const char* what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

[[noreturn]] void be_the_child(const std::function<std::string()>& work, int out)
{
    ::alarm(120);
    std::string said;
    try {
        said = work();
    } catch (const std::exception& e) {
        said = std::string("threw: ") + e.what();
    }
    const ssize_t size = ::write(out, said.data(), said.size()); // far below what a pipe holds
    ::_exit(size == static_cast<ssize_t>(said.size()) ? 0 : 1);
}

} // namespace

ending in_child(const std::function<std::string()>& work)
{
    int pipe[2];
    if (::pipe(pipe) != 0)
        throw_errno("pipe");
    std::fflush(stdout); // or the child might say it again
    const pid_t pid = ::fork();
    if (pid < 0)
        throw_errno("fork");
    if (pid == 0) {
        ::close(pipe[0]);
        be_the_child(work, pipe[1]);
    }
    ::close(pipe[1]);

    ending end;
    char text[4096];
    for (ssize_t size = 0; (size = ::read(pipe[0], text, sizeof text)) != 0;) {
        if (size > 0)
            end.said.append(text, static_cast<std::size_t>(size));
        else if (errno != EINTR)
            throw_errno("read");
    }
    ::close(pipe[0]);
    int status = 0;
    ::rusage usage{};
    while (::wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            throw_errno("wait4");
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const auto seconds = [](const ::timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    end.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    return end;
}

} // namespace test
