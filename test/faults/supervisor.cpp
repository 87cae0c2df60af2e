#include <faults/runner.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace faults {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr std::size_t shown_log = 6000; // bytes of a failing cell's log

// A runner's process, its stdin and stdout, and a file for its stderr, where its workers' logs go too.
class runner
{
public:
    runner() : log_((fs::temp_directory_path() / "tandem_faults_XXXXXX").string())
    {
        log_fd_ = ::mkostemp(log_.data(), O_CLOEXEC | O_APPEND);
        std::array<int, 2> in{}, out{};
        if (log_fd_ < 0 || ::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
            throw std::system_error(errno, std::generic_category(), "a runner's pipes");
        ::unlink(log_.c_str());
        to_ = in[1];
        from_ = out[0];
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        ::posix_spawn_file_actions_adddup2(&actions, log_fd_, 2);
        static std::atomic<int> last{0};
        std::string program = "/proc/self/exe", argument = "--runner";
        std::string mark = "TANDEM_FAULTS_RUNNER=" + std::to_string(::getpid()) + '.' + std::to_string(++last);
        char* const argv[] = {program.data(), argument.data(), nullptr};
        std::vector<char*> environment{mark.data()};
        for (char** entry = environ; *entry; ++entry)
            environment.push_back(*entry);
        environment.push_back(nullptr);
        // SIGPIPE is ignored here, and must not be there.
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        sigset_t all_signals;
        ::sigfillset(&all_signals);
        ::posix_spawnattr_setsigdefault(&attributes, &all_signals);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        const int error = ::posix_spawn(&pid_, program.c_str(), &actions, &attributes, argv, environment.data());
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        if (error != 0)
            throw std::system_error(error, std::generic_category(), "a runner");
    }

    ~runner()
    {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(to_);
        ::close(from_);
        ::close(log_fd_);
    }

    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;

    bool is_alive() const noexcept { return pid_ > 0; }

    verdict run(std::size_t number)
    {
        [[maybe_unused]] const int truncated = ::ftruncate(log_fd_, 0);
        const std::string order = std::to_string(number) + '\n';
        begin_ = clock::now();
        auto end = clock::now() + step_limit;
        verdict v{.what = verdict::kind::passed, .text = {}};
        if (::write(to_, order.data(), order.size()) < 0)
            return ended(std::move(v), "before the cell");
        std::string at;
        for (;;) {
            const std::optional<std::string> line = read_line(end);
            if (!line)
                return clock::now() >= end ? hangs(std::move(v), at) : ended(std::move(v), at);
            const auto space = line->find(' ');
            const std::string kind = line->substr(0, space);
            std::string text = line->substr(space + 1);
            std::ranges::replace(text, '\t', '\n');
            if (kind == "step") {
                at = text;
                end = clock::now() + step_limit;
            } else if (kind == "wrong") {
                fail(v, text + "\n    (while " + at + ")");
            } else if (kind == "skip") {
                v.what = verdict::kind::skipped;
                v.text = text;
            } else if (kind == "done") {
                v.time = std::chrono::milliseconds(std::stol(text));
                if (log().find("WARNING: ThreadSanitizer") != std::string::npos)
                    fail(v, "ThreadSanitizer reports");
                if (v.what == verdict::kind::failed)
                    add_log(v);
                return v;
            }
        }
    }

    // Lets the idle runner exit; what is wrong with how it did, or nothing.
    std::string finish()
    {
        ::close(std::exchange(to_, -1));
        const auto end = clock::now() + std::chrono::seconds(20);
        int status = 0;
        while (::waitpid(pid_, &status, WNOHANG) == 0) {
            if (clock::now() > end) {
                verdict v = hangs({}, "exiting");
                return v.text;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        pid_ = -1;
        return status == 0 ? "" : "a runner ended with status " + std::to_string(status) + "\n" + log();
    }

private:
    static void fail(verdict& v, const std::string& text)
    {
        v.what = verdict::kind::failed;
        v.text += text + '\n';
    }

    std::optional<std::string> read_line(clock::time_point end)
    {
        for (;;) {
            if (const auto newline = read_.find('\n'); newline != std::string::npos) {
                std::string line = read_.substr(0, newline);
                read_.erase(0, newline + 1);
                return line;
            }
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
            pollfd ready{from_, POLLIN, 0};
            if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left) + 1) == 0)
                return std::nullopt;
            char buffer[4096];
            const ssize_t size = ::read(from_, buffer, sizeof buffer);
            if (size <= 0)
                return std::nullopt;
            read_.append(buffer, static_cast<std::size_t>(size));
        }
    }

    verdict hangs(verdict v, const std::string& at)
    {
        // Every thread prints its stack to the log.
        std::error_code ignored;
        for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid_) + "/task", ignored)) {
            ::syscall(SYS_tgkill, pid_, std::stoi(thread.path().filename().string()), SIGUSR1);
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        fail(v, "stuck while " + at);
        add_log(v);
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
        v.time = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin_);
        return v;
    }

    verdict ended(verdict v, const std::string& at)
    {
        int status = 0;
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        fail(v, "the program itself ended while " + at + ", by " +
                    (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                         : "exit " + std::to_string(WEXITSTATUS(status))));
        add_log(v);
        return v;
    }

    std::string log() const
    {
        std::string text(1 << 20, '\0');
        const ssize_t size = ::pread(log_fd_, text.data(), text.size(), 0);
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return text;
    }

    void add_log(verdict& v) const
    {
        const std::string text = log();
        if (!text.empty())
            v.text += "the log:\n" + (text.size() > shown_log ? text.substr(text.size() - shown_log) : text);
    }

    std::string log_;
    int log_fd_ = -1;
    int to_ = -1, from_ = -1;
    pid_t pid_ = -1;
    std::string read_;
    clock::time_point begin_{}; ///< of the cell
};

} // namespace

std::vector<verdict> supervise(const suite& all, const std::vector<std::size_t>& cells, std::size_t lanes,
                               std::vector<std::string>& problems)
{
    ::signal(SIGPIPE, SIG_IGN);
    std::vector<verdict> verdicts(cells.size());
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    const auto lane = [&] {
        std::optional<runner> current;
        for (std::size_t i = 0; (i = next++) < cells.size();) {
            if (!current || !current->is_alive())
                current.emplace();
            verdicts[i] = current->run(cells[i]);
            if (verdicts[i].what == verdict::kind::failed) {
                const std::lock_guard lock(mutex);
                std::cout << "FAILED " << all[cells[i]].name() << '\n' << std::flush;
            }
        }
        if (current && current->is_alive())
            if (const std::string problem = current->finish(); !problem.empty()) {
                const std::lock_guard lock(mutex);
                problems.push_back(problem);
            }
    };
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i != lanes; ++i)
        threads.emplace_back(lane);
    threads.clear();
    return verdicts;
}

} // namespace faults
