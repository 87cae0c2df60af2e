#include <launch/main_thread.hpp>

#include <all_signals_blocked.hpp>

#include <boost/system/system_error.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>

namespace tandem::launch {
namespace {

struct thread_scheduling
{
    std::array<unsigned long, 1024> processors{}; // eight times what Linux can be built for
    int policy = 0;
    int priority = 0;
    int niceness = 0;

    bool operator==(const thread_scheduling&) const = default;

    cpu_set_t* set() noexcept { return reinterpret_cast<cpu_set_t*>(processors.data()); }
};

constexpr pid_t this_thread = 0;

// Nothing where it cannot be known.
std::optional<thread_scheduling> scheduling_of(pid_t thread) noexcept
{
    thread_scheduling s;
    sched_param parameter{};
    s.policy = ::sched_getscheduler(thread);
    if (s.policy < 0 || ::sched_getparam(thread, &parameter) != 0 ||
        ::sched_getaffinity(thread, sizeof s.processors, s.set()) != 0)
        return std::nullopt;
    s.priority = parameter.sched_priority;
    errno = 0; // as -1 is a niceness
    s.niceness = ::getpriority(PRIO_PROCESS, static_cast<id_t>(thread));
    return errno == 0 ? std::optional(s) : std::nullopt;
}

void schedule_this_thread(thread_scheduling wanted) noexcept
{
    const sched_param parameter{.sched_priority = wanted.priority};
    ::sched_setscheduler(this_thread, wanted.policy, &parameter);
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(this_thread), wanted.niceness);
    ::sched_setaffinity(this_thread, sizeof wanted.processors, wanted.set());
}

std::thread thread_without_signals(const std::function<void()>& run)
{
    const all_signals_blocked inherited;
    return std::thread(run);
}

} // namespace

void scheduled_as_main_thread(const std::function<void()>& start)
{
    const pid_t main_thread = ::getpid();
    if (::gettid() == main_thread)
        return start();
    const auto wanted = scheduling_of(main_thread), here = scheduling_of(this_thread);
    if (!wanted || !here || *wanted == *here)
        return start();
    std::exception_ptr error;
    const auto run = [&] {
        schedule_this_thread(*wanted);
        try {
            start();
        } catch (...) {
            error = std::current_exception();
        }
    };
    try {
        thread_without_signals(run).join();
    } catch (const std::system_error& e) {
        throw boost::system::system_error(e.code().value(), boost::system::system_category(), "making a thread");
    }
    if (error)
        std::rethrow_exception(error);
}

} // namespace tandem::launch
