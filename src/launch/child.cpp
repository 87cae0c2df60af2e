#include <launch/child.hpp>

#include <launch/spawn_launcher.hpp>
#include <worker/marker.hpp>

#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <signal.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;
extern "C" int pidfd_open(pid_t pid, unsigned flags); // glibc 2.36's header is not C++'s

namespace tandem::launch {
namespace {

constexpr const char* own_program = "/proc/self/exe"; // the file that runs, also after it was replaced on disk

[[noreturn]] void throw_errno(const char* what)
{
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

class descriptor
{
public:
    explicit descriptor(int fd = -1) : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
    descriptor& operator=(descriptor&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

descriptor duplicate(int fd, const char* what)
{
    const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, worker::last_descriptor + 1);
    if (moved < 0)
        throw_errno(what);
    return descriptor(moved);
}

// Above the descriptors that they become in the child, so that one dup2 there cannot undo another.
descriptor above_targets(int fd)
{
    descriptor original{fd};
    if (fd > worker::last_descriptor)
        return original;
    return duplicate(fd, "pipe");
}

struct pipe
{
    descriptor read, write;
};

pipe make_pipe()
{
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
        throw_errno("pipe");
    descriptor second{fds[1]};
    pipe p{above_targets(fds[0]), descriptor()};
    p.write = above_targets(second.release());
    return p;
}

void make_nonblocking(const descriptor& d)
{
    if (::fcntl(d.get(), F_SETFL, O_NONBLOCK) != 0)
        throw_errno("fcntl");
}

std::vector<std::string> worker_environment()
{
    std::vector<std::string> result;
    const std::string marker = std::string(worker::marker_variable) + "=";
    const std::string depth = std::string(worker::depth_variable) + "=";
    for (char** entry = environ; entry && *entry; ++entry)
        if (const std::string_view text = *entry; !text.starts_with(marker) && !text.starts_with(depth))
            result.emplace_back(text);
    result.push_back(marker + "1");
    result.push_back(depth + std::to_string(worker::depth() + 1));
    return result;
}

std::chrono::microseconds to_duration(const timeval& t)
{
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
}

} // namespace

target self()
{
    return {own_program, {}};
}

std::string name_of(const target& program)
{
    if (program.path != own_program)
        return program.path;
    std::error_code ignored;
    return std::filesystem::read_symlink(own_program, ignored).string();
}

target executable(std::string path, std::vector<std::string> arguments)
{
    return {std::move(path), std::move(arguments)};
}

// Boost.Process's object owns the process until it is reaped here: an exception on the way leaves nothing behind.
class child::handle
{
public:
    explicit handle(process::process p) : process_(std::move(p)) {}
    process::process& get() noexcept { return process_; }

private:
    process::process process_;
};

child::child(const boost::asio::any_io_executor& executor, const target& program, std::span<const int> shared,
             pipe_ends& pipes)
    : pidfd_(executor), recheck_(executor)
{
    pipe in = make_pipe(), out = make_pipe(), log = make_pipe(), control = make_pipe();
    for (const descriptor* d : {&in.write, &out.read, &log.read, &control.write})
        make_nonblocking(*d);

    std::vector<int> inherited{in.read.get(), out.write.get(), log.write.get(), control.read.get()};
    std::vector<descriptor> above;
    for (const int fd : shared)
        inherited.push_back(above.emplace_back(duplicate(fd, "shared memory")).get());
    const spawn_launcher launcher{.descriptors = std::move(inherited), .environment = worker_environment()};
    handle_ = std::make_unique<handle>(launcher(executor, program.path, name_of(program), program.arguments));
    pid_ = handle_->get().id();
    const int pidfd = ::pidfd_open(pid_, 0);
    if (pidfd < 0)
        throw_errno("pidfd_open (tandem needs Linux 5.3 or newer)");
    pidfd_.assign(pidfd);

    pipes = {.frames_out = in.write.release(),
             .frames_in = out.read.release(),
             .log_in = log.read.release(),
             .control = control.write.release(),
             .frames_out_reader = in.read.release(),
             .control_reader = control.read.release()};
}

child::~child()
{
    if (!reaped_)
        kill_and_reap();
}

void child::cancel_wait() noexcept
{
    boost::system::error_code ignored;
    pidfd_.cancel(ignored);
    if (recheck_)
        recheck_->cancel();
}

void child::kill_group() noexcept
{
    if (!reaped_)
        ::kill(-pid_, SIGKILL);
}

std::optional<exit_status> child::try_reap() noexcept
{
    siginfo_t info{};
    const int peeked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (peeked == 0 && info.si_pid == 0) {
        held_ = wait_until(std::chrono::steady_clock::now());
        return std::nullopt;
    }
    if (peeked == 0) // else somebody reaped it, and its id may be another's by now
        kill_group(); // the zombie still holds the id
    int status = 0;
    rusage usage{};
    exit_status result;
    if (peeked == 0 && ::wait4(pid_, &status, WNOHANG, &usage) == pid_) {
        if (WIFEXITED(status))
            result.exit_code = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) {
            result.signal = WTERMSIG(status);
            result.core_dumped = WCOREDUMP(status);
        }
        result.cpu_time = to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
        result.peak_memory = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
    }
    forget();
    return result;
}

bool child::wait_until(std::chrono::steady_clock::time_point deadline) noexcept
{
    pollfd watched{pidfd_.native_handle(), POLLIN, 0};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        const int ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready != 0 && (ready > 0 || errno != EINTR))
            return ready > 0;
        if (left.count() <= 0)
            return false;
    }
}

std::optional<exit_status> child::kill_and_reap(std::chrono::steady_clock::time_point deadline) noexcept
{
    kill_group();
    wait_until(deadline);
    auto status = try_reap();
    // It has ended, but a debugger that holds it has yet to let it go.
    for (; !status && std::chrono::steady_clock::now() < deadline; status = try_reap())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!status)
        forget();
    return status;
}

void child::forget() noexcept
{
    reaped_ = true;
    handle_->get().detach();
    recheck_.reset();
    boost::system::error_code ignored;
    pidfd_.close(ignored);
}

} // namespace tandem::launch
