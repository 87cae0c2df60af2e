#include "tandem_get/tool.hpp"

#include "support/process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string temporary_file()
{
    std::string name = "/tmp/tandem-get-test-XXXXXX";
    const int descriptor = ::mkstemp(name.data());
    if (descriptor < 0) {
        throw std::system_error(errno, std::generic_category(), name);
    }
    ::close(descriptor);
    return name;
}

std::vector<char*> argument_pointers(std::vector<std::string>& arguments)
{
    arguments.insert(arguments.begin(), TANDEM_GET_PROGRAM);
    std::vector<char*> result;
    for (std::string& each : arguments) {
        result.push_back(each.data());
    }
    result.push_back(nullptr);
    return result;
}

int status_of(pid_t pid)
{
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

tool::tool(const std::vector<std::string>& arguments, const std::string& input, const std::string& output)
    : out_(output.empty() ? temporary_file() : output), err_(temporary_file())
{
    std::vector<std::string> held = arguments;
    std::vector<char*> pointers = argument_pointers(held);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    // Not O_WRONLY: a FIFO is then open though nobody writes it yet.
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, input.c_str(), O_RDWR, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out_.c_str(), O_WRONLY | O_TRUNC, 0);
    ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err_.c_str(), O_WRONLY | O_TRUNC, 0);
    const int error = ::posix_spawn(&pid_, pointers[0], &files, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        throw std::system_error(error, std::generic_category(), pointers[0]);
    }
}

tool::~tool()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        status_of(pid_);
    }
    if (out_.starts_with("/tmp/tandem-get-test-")) {
        ::unlink(out_.c_str());
    }
    ::unlink(err_.c_str());
}

void tool::send(int signal) const
{
    ::kill(pid_, signal);
}

std::string tool::err() const
{
    return test::read_file(err_);
}

tool_result tool::wait()
{
    const int status = status_of(std::exchange(pid_, -1));
    const bool regular = out_.starts_with("/tmp/tandem-get-test-");
    return {status, regular ? test::read_file(out_) : "", test::read_file(err_)};
}

tool_result run_tool(const std::vector<std::string>& arguments)
{
    tool run(arguments);
    return run.wait();
}

tool_result run_on_terminal(const std::vector<std::string>& arguments, unsigned short width, unsigned short height,
                            const char* kind)
{
    std::vector<std::string> held = arguments;
    std::vector<char*> pointers = argument_pointers(held);
    std::vector<char*> environment;
    for (char** each = environ; *each; ++each) {
        if (!std::string_view(*each).starts_with("TERM=")) {
            environment.push_back(*each);
        }
    }
    std::string term = std::string("TERM=") + (kind ? kind : "");
    if (kind) {
        environment.push_back(term.data());
    }
    environment.push_back(nullptr);
    const winsize size{height, width, 0, 0};
    int terminal = -1;
    const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (pid < 0) {
        throw std::system_error(errno, std::generic_category(), "forkpty");
    }
    if (pid == 0) {
        ::execve(pointers[0], pointers.data(), environment.data());
        ::_exit(127);
    }
    tool_result result;
    std::array<char, 4096> piece;
    for (ssize_t got = 0; (got = ::read(terminal, piece.data(), piece.size())) > 0;) { // at its end EIO
        result.out.append(piece.data(), static_cast<std::size_t>(got));
    }
    result.status = status_of(pid);
    ::close(terminal);
    return result;
}
