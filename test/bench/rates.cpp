// Tasks that come one by one, so many a second: how long each takes while other programs want the processors, and what
// processor time they take.
#include "scenario.hpp"

#include <boost/asio/steady_timer.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

/// Processes that do nothing but use a processor each.
class hogs
{
public:
    explicit hogs(std::size_t count)
    {
        for (std::size_t i = 0; i != count; ++i) {
            const ::pid_t pid = ::fork();
            if (pid == 0) {
                ::prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (volatile unsigned j = 0;;)
                    j = j + 1;
            }
            pids_.push_back(pid);
        }
    }
    hogs(const hogs&) = delete;
    hogs& operator=(const hogs&) = delete;
    ~hogs()
    {
        for (const ::pid_t pid : pids_) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }

private:
    std::vector<::pid_t> pids_;
};

/// One no-op at each tick, `a.outstanding` ticks a second, `count` of them. Seconds of each round trip, sorted.
std::vector<double> at_rate(started_pool& p, const arguments& a, long count)
{
    std::vector<double> took;
    asio::steady_timer timer(p.context);
    auto next = clock_type::now();
    std::function<void()> tick = [&] {
        if (count-- == 0)
            return;
        next += std::chrono::nanoseconds(1s) / a.outstanding;
        timer.expires_at(next);
        timer.async_wait([&](const boost::system::error_code&) {
            const auto begin = clock_type::now();
            p.pool.async_run(task<nothing>(1), [&, begin](const std::exception_ptr& error, int) {
                check(error);
                took.push_back(since(begin));
            });
            tick();
        });
    };
    tick();
    p.run();
    std::ranges::sort(took);
    return took;
}

// The 99th percentile, beside as many hogs as a.size.
double percentile(const arguments& a)
{
    const hogs others(a.size);
    started_pool p(a.workers);
    at_rate(p, a, a.outstanding / 2);
    const auto took = at_rate(p, a, a.count);
    return took[took.size() * 99 / 100];
}

int process_id_after_a_while()
{
    std::this_thread::sleep_for(50ms);
    return ::getpid();
}

std::set<int> workers_of(started_pool& p, std::size_t count)
{
    std::set<int> pids;
    for (int tries = 0; pids.size() != count && tries != 20; ++tries) {
        for (std::size_t i = 0; i != count; ++i)
            p.pool.async_run(task<process_id_after_a_while>(), [&](const std::exception_ptr& error, int pid) {
                check(error);
                pids.insert(pid);
            });
        p.run();
    }
    if (pids.size() != count)
        throw std::runtime_error("a worker gets no task");
    return pids;
}

double cpu_time_of(int pid)
{
    ::clockid_t clock{};
    ::timespec t{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &t) != 0)
        throw std::runtime_error("no clock of that process");
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

// Of a task, of all processes together.
double processor_time(const arguments& a)
{
    started_pool p(a.workers);
    std::set<int> all = workers_of(p, a.workers);
    all.insert(::getpid());
    const auto used = [&] {
        double sum = 0;
        for (const int pid : all)
            sum += cpu_time_of(pid);
        return sum;
    };
    at_rate(p, a, a.outstanding / 4);
    const double before = used();
    at_rate(p, a, a.count);
    return (used() - before) / static_cast<double>(a.count);
}

const scenario of_rates[] = {{"rate-p99", percentile}, {"rate-cpu", processor_time}};

} // namespace
} // namespace bench
