#include <launch/child.hpp>

#include <control_guard.hpp>
#include <descriptor.hpp>
#include <launch/main_thread.hpp>
#include <launch/pidfd.hpp>
#include <launch/program.hpp>
#include <launch/spawn_launcher.hpp>
#include <launch/start_error.hpp>
#include <worker/marker.hpp>

#include <fcntl.h>
#include <signal.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace tandem::launch {
namespace {

// Above the descriptors that they become in the child, so that one dup2 there cannot undo another.
constexpr int lowest = worker::last_descriptor + 1;

descriptor duplicate(int fd)
{
    descriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, lowest));
    if (!copy)
        throw_start_error(errno, "duplicating a descriptor");
    return copy;
}

struct pipe
{
    descriptor read, write;
};

// A pipe that had a standard stream's number for a moment may hold what somebody printed in it.
void discard_input(const descriptor& input)
{
    pollfd waiting{input.get(), POLLIN, 0};
    std::array<char, 4096> text;
    while (::poll(&waiting, 1, 0) > 0 && ::read(input.get(), text.data(), text.size()) > 0) {
    }
}

pipe make_pipe()
{
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
        throw_start_error(errno, "making a pipe");
    pipe p{descriptor(fds[0], lowest), descriptor(fds[1], lowest)};
    if (!p.read || !p.write)
        throw_start_error(errno, "making a pipe");
    if (fds[1] < first_own_descriptor)
        discard_input(p.read);
    return p;
}

void make_nonblocking(const descriptor& d)
{
    if (::fcntl(d.get(), F_SETFL, O_NONBLOCK) != 0)
        throw_start_error(errno, "making a pipe non-blocking");
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

child::child(const boost::asio::any_io_executor& executor, const target& program, std::span<const int> shared,
             pipe_ends& pipes)
    : pidfd_(executor), recheck_(executor)
{
    pipe in = make_pipe(), out = make_pipe(), log = make_pipe(), control = make_pipe();
    for (const descriptor* d : {&in.write, &out.read, &log.read, &control.write})
        make_nonblocking(*d);

    control_guard::set(control.read.get());

    std::vector<int> inherited{in.read.get(), out.write.get(), log.write.get(), control.read.get()};
    std::vector<descriptor> above;
    for (const int fd : shared)
        inherited.push_back(above.emplace_back(duplicate(fd)).get());
    const spawn_launcher launcher{.descriptors = std::move(inherited), .environment = worker_environment()};
    const command executed = command_of(program);
    // Boost.Process's object owns the process until it is this object's: an exception on the way leaves nothing behind.
    std::optional<launch::process::process> started;
    scheduled_as_main_thread([&] { started.emplace(launcher(executor, executed)); });
    pid_ = started->id();
    control_guard::set_owner(control.read.get(), pid_);
    descriptor pidfd(::pidfd_open(pid_, 0));
    if (!pidfd)
        throw_start_error(errno, "watching its process (pidfd_open)");
    pidfd_.assign(pidfd.get());
    pidfd.release();
    started->detach(); // and closes its descriptor of the process

    pipes = {.frames_out = std::move(in.write),
             .frames_in = std::move(out.read),
             .log_in = std::move(log.read),
             .control = std::move(control.write),
             .frames_out_reader = std::move(in.read)};
}

child::~child()
{
    if (!reaped_)
        kill_and_reap(std::chrono::steady_clock::now() + longest_death);
}

void child::async_wait(io::continuation done)
{
    if (held_)
        recheck_->async_wait_until(std::chrono::steady_clock::now() + recheck_interval, std::move(done));
    else
        pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read, io::handler_of(std::move(done)));
}

void child::cancel_wait() noexcept
{
    boost::system::error_code ignored;
    pidfd_.cancel(ignored);
    if (recheck_)
        recheck_->cancel();
}

bool child::kill() noexcept
{
    // Where somebody else has reaped it, its id, which is the group's too, may be another's.
    constexpr int none = 0;
    const int pidfd = pidfd_.native_handle();
    if (reaped_ || (::pidfd_send_signal(pidfd, none, nullptr, 0) != 0 && errno == ESRCH))
        return true;
    ::kill(-pid_, SIGKILL);
    return ::pidfd_send_signal(pidfd, SIGKILL, nullptr, 0) == 0 || errno == ESRCH;
}

std::optional<io::exit_status> child::try_reap() noexcept
{
    if (!wait_until(std::chrono::steady_clock::now()))
        return std::nullopt;
    siginfo_t info{};
    const int peeked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    held_ = peeked == 0 && info.si_pid == 0;
    if (held_)
        return std::nullopt;
    if (peeked == 0) // else somebody reaped it, and its id may be another's by now
        ::kill(-pid_, SIGKILL); // its group's rest: the zombie still holds the id
    int status = 0;
    rusage usage{};
    io::exit_status result;
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

std::optional<io::exit_status> child::kill_and_reap(std::chrono::steady_clock::time_point deadline) noexcept
{
    kill();
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
    recheck_.reset();
    boost::system::error_code ignored;
    pidfd_.close(ignored);
}

} // namespace tandem::launch
