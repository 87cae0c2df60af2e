#include <worker/task_cpu_limit.hpp>

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace tandem::worker {
namespace {

// The very clock that the kernel holds against RLIMIT_CPU: MAKE_PROCESS_CPUCLOCK(0, CPUCLOCK_PROF) of its
// posix-timers.h, user and system time as counted at timer ticks. CLOCK_PROCESS_CPUTIME_ID and getrusage go by the
// scheduler's own count, and in a worker of many short tasks the two may drift apart.
constexpr clockid_t kernel_clock = -8;

void let_the_signal_end_this_process()
{
    struct ::sigaction action = {};
    if (::sigaction(SIGXCPU, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        ::sigaction(SIGXCPU, &action, nullptr);
    }
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGXCPU);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace

std::chrono::nanoseconds task_cpu_limit::used()
{
    ::timespec t{};
    if (::clock_gettime(kernel_clock, &t) != 0 && ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        throw std::system_error(errno, std::generic_category(), "reading the CPU time");
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

task_cpu_limit::task_cpu_limit(std::chrono::nanoseconds limit, std::chrono::nanoseconds (*clock)())
    : limit_(std::min(limit, std::chrono::nanoseconds::max() / 2)), // 146 years; room to add what was used
      clock_(clock)
{
    if (!is_set())
        return;
    if (::getrlimit(RLIMIT_CPU, &inherited_) != 0)
        throw std::system_error(errno, std::generic_category(), "reading the limit of CPU time");
    armed_ = inherited_.rlim_cur;
    let_the_signal_end_this_process();
}

void task_cpu_limit::begin(time_point now)
{
    if (!is_set() || now < holds_until_)
        return;
    static const auto cpus = std::max(::sysconf(_SC_NPROCESSORS_CONF), 1L);
    const auto needed = clock_() + limit_;
    const auto until = std::chrono::ceil<std::chrono::seconds>(needed);
    set(std::min(static_cast<rlim_t>(until.count()), inherited_.rlim_cur));
    holds_until_ = now + (until - needed) / cpus; // no process uses more in so much time
}

void task_cpu_limit::end()
{
    holds_until_ = {};
    set(inherited_.rlim_cur);
}

void task_cpu_limit::set(rlim_t seconds)
{
    if (seconds == armed_)
        return;
    const ::rlimit value{seconds, inherited_.rlim_max};
    if (::setrlimit(RLIMIT_CPU, &value) != 0)
        throw std::system_error(errno, std::generic_category(), "CPU time until second " + std::to_string(seconds));
    armed_ = seconds;
}

} // namespace tandem::worker
