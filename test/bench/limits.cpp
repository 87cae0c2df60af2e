// bench_limits pingpong COUNT: seconds for a round trip over two raw pipes. bench_limits cpu COUNT: processor time of a
// round trip over two raw pipes, of both sides, in seconds. bench_limits memory COPIES COUNT: bytes a second of 8 MiB
// that are copied into memory shared with another process and, with COPIES 2, out of it there. bench_limits engine
// WORKERS WINDOW COUNT: seconds for a task of an engine that has nothing but Asio and two pipes a worker. bench_limits
// rate-p99 RATE COUNT HOGS: of round trips over two raw pipes, RATE a second, beside HOGS processes that use a processor each,
// the 99th percentile of their seconds. bench_limits rate-cpu RATE COUNT: processor time of one of them, of both sides.
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
using clock_type = std::chrono::steady_clock;

namespace {

using frame = std::array<std::uint64_t, 2>;

struct process
{
    int in, out, pid;
};

int nothing(int x)
{
    return x;
}

using function = int (*)(int);
function volatile called = nothing; // what the compiler must not see through

// One that answers each frame, all that came with one read in one write.
process start_worker()
{
    int there[2], back[2];
    if (::pipe(there) != 0 || ::pipe(back) != 0)
        throw std::runtime_error("no pipe");
    const int pid = ::fork();
    if (pid == 0) {
        ::close(there[1]);
        ::close(back[0]);
        std::vector<char> buffer(1 << 16);
        std::vector<frame> answers;
        for (std::size_t have = 0;;) {
            const ssize_t size = ::read(there[0], buffer.data() + have, buffer.size() - have);
            if (size <= 0)
                ::_exit(0);
            have += static_cast<std::size_t>(size);
            answers.clear();
            for (std::size_t i = 0; i != have / sizeof(frame); ++i) {
                frame f;
                std::memcpy(&f, buffer.data() + i * sizeof f, sizeof f);
                answers.push_back({f[0], static_cast<std::uint64_t>(called(static_cast<int>(f[1])))});
            }
            const std::size_t whole = answers.size() * sizeof(frame);
            std::memmove(buffer.data(), buffer.data() + whole, have -= whole);
            for (std::size_t done = 0; done < whole;)
                done += static_cast<std::size_t>(
                    ::write(back[1], reinterpret_cast<const char*>(answers.data()) + done, whole - done));
        }
    }
    ::close(there[0]);
    ::close(back[1]);
    return {back[0], there[1], pid};
}

double seconds_of(const std::function<void()>& run)
{
    const auto begin = clock_type::now();
    run();
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

double ping_pong(const process& echo, long count)
{
    frame f{};
    return seconds_of([&] {
               for (long i = 0; i != count; ++i)
                   if (::write(echo.out, f.data(), sizeof f) != sizeof f ||
                       ::read(echo.in, f.data(), sizeof f) != sizeof f)
                       std::abort();
           }) /
           static_cast<double>(count);
}

double shared_memory(int copies, long count)
{
    constexpr std::size_t size = 8 << 20;
    auto* const shared = static_cast<char*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    std::vector<char> value(size, 'x');
    int there[2], back[2];
    if (shared == MAP_FAILED || ::pipe(there) != 0 || ::pipe(back) != 0)
        throw std::runtime_error("no memory, or no pipe");
    char c = 0;
    if (::fork() == 0) {
        ::close(there[1]);
        while (::read(there[0], &c, 1) == 1) {
            if (copies == 2)
                std::memcpy(value.data(), shared, size);
            if (::write(back[1], value.data() + size / 2, 1) != 1)
                break;
        }
        ::_exit(0);
    }
    double seconds = 0;
    for (long warm = 4; warm >= 0; --warm)
        seconds = seconds_of([&] {
            for (long i = 0; i != (warm != 0 ? 1 : count); ++i) {
                std::memcpy(shared, value.data(), size);
                if (::write(there[1], shared, 1) != 1 || ::read(back[0], &c, 1) != 1)
                    std::abort();
            }
        });
    return static_cast<double>(count) * size / seconds;
}

double cpu_of_ping_pong(long count)
{
    const process echo = start_worker();
    frame f{};
    for (long i = 0; i != count; ++i)
        if (::write(echo.out, f.data(), sizeof f) != sizeof f || ::read(echo.in, f.data(), sizeof f) != sizeof f)
            std::abort();
    ::close(echo.out);
    ::waitpid(echo.pid, nullptr, 0);
    double sum = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        ::rusage usage{};
        ::getrusage(who, &usage);
        for (const auto& t : {usage.ru_utime, usage.ru_stime})
            sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    }
    return sum / static_cast<double>(count);
}

double cpu_time_of(int pid)
{
    ::clockid_t clock{};
    ::timespec t{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &t) != 0)
        std::abort();
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

// One round trip at each tick of a timer of Asio's, as a program has that uses a pool. Seconds of each, sorted.
std::vector<double> at_rate(const process& echo, long rate, long count)
{
    std::vector<double> took;
    asio::io_context context{1};
    asio::steady_timer timer(context);
    auto next = clock_type::now();
    std::function<void()> tick = [&] {
        if (count-- == 0)
            return;
        next += std::chrono::nanoseconds(std::chrono::seconds(1)) / rate;
        timer.expires_at(next);
        timer.async_wait([&](const boost::system::error_code&) {
            took.push_back(ping_pong(echo, 1));
            tick();
        });
    };
    tick();
    context.run();
    std::sort(took.begin(), took.end());
    return took;
}

double percentile_at_rate(long rate, long count, long hogs)
{
    std::vector<int> others;
    for (long i = 0; i != hogs; ++i) {
        others.push_back(::fork());
        if (others.back() == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (volatile unsigned j = 0;;)
                j = j + 1;
        }
    }
    const process echo = start_worker();
    at_rate(echo, rate, rate / 2);
    const auto took = at_rate(echo, rate, count);
    for (const int pid : others) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
    return took[took.size() * 99 / 100];
}

double cpu_at_rate(long rate, long count)
{
    const process echo = start_worker();
    at_rate(echo, rate, rate / 4);
    const auto used = [&] { return cpu_time_of(::getpid()) + cpu_time_of(echo.pid); };
    const double before = used();
    at_rate(echo, rate, count);
    return (used() - before) / static_cast<double>(count);
}

class engine
{
public:
    using handler = std::function<void(int)>;

    engine(asio::io_context& context, const process& worker, std::size_t window)
        : in_(context, worker.in), out_(context, worker.out), window_(window), received_(1 << 16)
    {
    }

    void submit(int argument, handler h)
    {
        waiting_.push_back(std::make_unique<task>(task{argument, std::move(h)}));
        send();
    }

private:
    struct task
    {
        int argument;
        handler completed;
    };

    void send()
    {
        for (; under_way_ != window_ && !waiting_.empty(); ++under_way_) {
            task* const t = waiting_.front().release();
            waiting_.pop_front();
            outgoing_.push_back({reinterpret_cast<std::uint64_t>(t), static_cast<std::uint64_t>(t->argument)});
        }
        if (completing_)
            return; // more of them will come
        write();
        if (under_way_ != 0 && !reading_)
            read();
    }

    void write()
    {
        if (writing_ || outgoing_.empty())
            return;
        writing_ = true;
        std::swap(sending_, outgoing_);
        asio::async_write(out_, asio::buffer(sending_), [this](const boost::system::error_code&, std::size_t) {
            writing_ = false;
            sending_.clear();
            write();
        });
    }

    void read()
    {
        reading_ = true;
        in_.async_read_some(asio::buffer(received_) + have_, [this](const boost::system::error_code&,
                                                                    std::size_t size) {
            reading_ = false;
            have_ += size;
            const std::size_t frames = have_ / sizeof(frame);
            completing_ = true;
            for (std::size_t i = 0; i != frames; ++i) {
                frame f;
                std::memcpy(&f, received_.data() + i * sizeof f, sizeof f);
                const std::unique_ptr<task> t(reinterpret_cast<task*>(f[0]));
                --under_way_;
                t->completed(static_cast<int>(f[1]));
            }
            completing_ = false;
            std::memmove(received_.data(), received_.data() + frames * sizeof(frame), have_ -= frames * sizeof(frame));
            send();
        });
    }

    asio::posix::stream_descriptor in_, out_;
    const std::size_t window_;
    std::deque<std::unique_ptr<task>> waiting_;
    std::vector<char> received_;
    std::size_t have_ = 0, under_way_ = 0;
    std::vector<frame> outgoing_, sending_;
    bool reading_ = false, writing_ = false, completing_ = false;
};

double bare_engine(std::size_t workers, std::size_t window, long count)
{
    constexpr long outstanding = 10'000;
    asio::io_context context{1};
    std::vector<std::unique_ptr<engine>> engines;
    for (std::size_t i = 0; i != workers; ++i)
        engines.push_back(std::make_unique<engine>(context, start_worker(), window));
    long left = count;
    std::function<void(engine&)> next = [&](engine& e) {
        if (left-- > 0)
            e.submit(1, [&](int) { next(e); });
    };
    return seconds_of([&] {
               for (long i = 0; i != outstanding; ++i)
                   next(*engines[static_cast<std::size_t>(i) % workers]);
               context.run();
           }) /
           static_cast<double>(count);
}

} // namespace

int main(int argc, char** argv)
{
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "pingpong" && argc == 3)
        std::cout << ping_pong(start_worker(), std::atol(argv[2])) << std::endl;
    else if (what == "cpu" && argc == 3)
        std::cout << cpu_of_ping_pong(std::atol(argv[2])) << std::endl;
    else if (what == "memory" && argc == 4)
        std::cout << shared_memory(std::atoi(argv[2]), std::atol(argv[3])) << std::endl;
    else if (what == "engine" && argc == 5)
        std::cout << bare_engine(std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10),
                                 std::atol(argv[4]))
                  << std::endl;
    else if (what == "rate-p99" && argc == 5)
        std::cout << percentile_at_rate(std::atol(argv[2]), std::atol(argv[3]), std::atol(argv[4])) << std::endl;
    else if (what == "rate-cpu" && argc == 4)
        std::cout << cpu_at_rate(std::atol(argv[2]), std::atol(argv[3])) << std::endl;
    else
        return 2;
    std::_Exit(0); // the others read the end of file
}
