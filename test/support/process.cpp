#include "support/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {
namespace {

namespace fs = std::filesystem;

fs::path with(const fs::path& path, const char* ending)
{
    fs::path result = path;
    return result += ending;
}

/// A sanitizer's finding must not look like an exit status of the program's own.
std::string sanitizer_options(const char* name)
{
    const char* const given = std::getenv(name);
    return std::string(name) + '=' + (given ? std::string(given) + ':' : std::string()) + "exitcode=99";
}

/// The most memory that a running process has had resident; 0 where that cannot be told any more.
long max_rss_of(pid_t pid)
{
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    const std::string name = "VmHWM:";
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name)) {
            return std::strtol(line.c_str() + name.size(), nullptr, 10);
        }
    }
    return 0;
}

std::vector<char*> pointers(std::vector<std::string>& from)
{
    std::vector<char*> result;
    for (std::string& one : from) {
        result.push_back(one.data());
    }
    result.push_back(nullptr);
    return result;
}

} // namespace

std::ostream& operator<<(std::ostream& out, const ended& e)
{
    out << "exit status " << e.status << ", signal " << e.signal << (e.timed_out ? ", took too long" : "") << ", "
        << e.max_rss << " KiB";
    if (!e.out.empty()) {
        out << "\nstdout: " << e.out.substr(0, 4000);
    }
    return out << "\nstderr: " << e.err.substr(0, 4000);
}

process::process(const std::vector<std::string>& command, const surroundings& in) : output_(in.output)
{
    std::vector<std::string> arguments = command;
    std::vector<std::string> environment = in.environment;
    // Of two of one name, the first counts.
    for (const char* const name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
        environment.push_back(sanitizer_options(name));
    }
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    if (in.input_descriptor >= 0) {
        ::posix_spawn_file_actions_adddup2(&files, in.input_descriptor, 0);
    } else {
        ::posix_spawn_file_actions_addopen(&files, 0, in.input.c_str(), O_RDONLY, 0);
    }
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
    ::posix_spawn_file_actions_addopen(&files, 1, with(output_, ".out").c_str(), flags, 0644);
    ::posix_spawn_file_actions_addopen(&files, 2, with(output_, ".err").c_str(), flags, 0644);
    ::posix_spawn_file_actions_addchdir_np(&files, in.folder.c_str());

    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // In a group of its own, as a shell's job is: what it starts in turn can be found.
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    const int error = ::posix_spawnp(&pid_, arguments.front().c_str(), &files, &attributes, pointers(arguments).data(),
                                     pointers(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        throw std::system_error(error, std::generic_category(), "cannot start " + arguments.front());
    }
}

process::~process()
{
    if (!end_) {
        ::kill(pid_, SIGKILL);
        reap(true);
    }
}

void process::send(int signal) const
{
    if (!end_) {
        ::kill(pid_, signal);
    }
}

bool process::running()
{
    if (end_) {
        return false;
    }
    max_rss_ = std::max(max_rss_, max_rss_of(pid_));
    return !reap(false);
}

bool process::reap(bool block)
{
    int status = 0;
    pid_t got = 0;
    do {
        got = ::waitpid(pid_, &status, block ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return false;
    }
    end_.emplace();
    end_->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end_->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end_->max_rss = max_rss_;
    return true;
}

ended process::wait(std::chrono::milliseconds limit)
{
    const auto until = std::chrono::steady_clock::now() + limit;
    bool timed_out = false;
    while (running()) {
        if (std::chrono::steady_clock::now() > until) {
            timed_out = true;
            ::kill(pid_, SIGKILL);
            reap(true);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    end_->timed_out = timed_out;
    end_->out = out();
    end_->err = err();
    return *end_;
}

std::string process::err() const
{
    return read_file(with(output_, ".err"));
}

std::string process::out() const
{
    return read_file(with(output_, ".out"));
}

std::string read_file(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
}

void write_file(const fs::path& file, std::string_view content)
{
    std::ofstream out(file, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!out.flush()) {
        throw std::runtime_error("cannot write " + file.string());
    }
}

} // namespace test
