#include "crashing_child.hpp"

#include <support/preconditions.hpp>
#include <worker/crash_handler.hpp>
#include <worker/crash_signals.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace crash_test {
namespace {

// As they were before Boost.Test installed its own: the default, or a sanitizer's.
const std::vector<struct sigaction> dispositions = [] {
    std::vector<struct sigaction> result;
    for (const int signal : tandem::worker::crash_signals)
        ::sigaction(signal, nullptr, &result.emplace_back());
    return result;
}();

[[noreturn]] void be_child(tandem::worker::crash_record& record, const std::function<void()>& work,
                           const std::function<void()>& before)
{
    for (std::size_t i = 0; i != dispositions.size(); ++i)
        ::sigaction(tandem::worker::crash_signals[i], &dispositions[i], nullptr);
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    rlimit stack{};
    ::getrlimit(RLIMIT_STACK, &stack);
    stack.rlim_cur =
        std::min<rlim_t>(stack.rlim_cur, 8 * 1024 * 1024); // without one, an overflow fills the machine first
    ::setrlimit(RLIMIT_STACK, &stack);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO); // what it inherits unwritten, and what terminate and sanitizers say
    ::dup2(nowhere, STDERR_FILENO);
    ::alarm(60);
    if (before)
        before();
    tandem::worker::install_crash_handler(record);
    work();
    ::_exit(0);
}

} // namespace

outcome run_child(const std::function<void()>& work, const std::function<void()>& before)
{
    using tandem::worker::crash_record;
    void* const memory =
        ::mmap(nullptr, sizeof(crash_record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BOOST_REQUIRE(memory != MAP_FAILED);
    auto& record = *static_cast<crash_record*>(memory);
    const auto begin = std::chrono::steady_clock::now();
    const pid_t pid = ::fork();
    BOOST_REQUIRE_GE(pid, 0);
    if (pid == 0)
        be_child(record, work, before);
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
    outcome result;
    result.time = std::chrono::steady_clock::now() - begin;
    if (WIFSIGNALED(status))
        result.signal = WTERMSIG(status);
    else
        result.exit_code = WEXITSTATUS(status);
    result.report = tandem::worker::read_crash(record);
    ::munmap(memory, sizeof(crash_record));
    return result;
}

std::ostream& operator<<(std::ostream& out, const outcome& o)
{
    return out << "signal " << o.signal << ", exit code " << o.exit_code << ", after " << o.time.count()
               << " s; record: signal " << o.report.signal << ", stack overflow " << o.report.stack_overflow
               << ", trace:\n"
               << o.report.stack_trace;
}

bool is_ours(int signal)
{
    const auto at = std::ranges::find(tandem::worker::crash_signals, signal) - tandem::worker::crash_signals.begin();
    return dispositions[static_cast<std::size_t>(at)].sa_handler == SIG_DFL;
}

bool has_names()
{
    return TANDEM_HAS_NAMES != 0;
}

boost::unit_test::decorator::precondition handled(int signal)
{
    return test::precondition([signal] { return is_ours(signal); }, "a sanitizer handles the signal itself");
}

boost::unit_test::decorator::precondition named()
{
    return test::precondition(has_names, "Boost.Stacktrace's library is not there, which names functions");
}

void check_crash(const outcome& o, int signal)
{
    BOOST_TEST_INFO(o);
    if (!is_ours(signal)) {
        BOOST_CHECK_NE(o.exit_code, 0);
        return;
    }
    BOOST_CHECK_EQUAL(o.signal, signal);
    BOOST_TEST_INFO(o);
    BOOST_CHECK_EQUAL(o.report.signal, signal);
    BOOST_TEST_INFO(o);
    BOOST_CHECK(o.report.stack_trace.starts_with("#0 "));
}

void check_crash(const outcome& o, int signal, const char* function)
{
    check_crash(o, signal);
    if (is_ours(signal) && has_names()) {
        BOOST_TEST_INFO(o);
        BOOST_CHECK(o.report.stack_trace.find(function) != std::string::npos);
    }
}

} // namespace crash_test
