// Stop callbacks in a worker: code of the program's, on a thread that nothing hangs on.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/preconditions.hpp>
#include <support/recording.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/this_task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::task;
namespace this_task = tandem::this_task;

BOOST_AUTO_TEST_SUITE(stop_callbacks)

namespace {

template <class Condition>
void wait_until(Condition condition)
{
    if (!eventually(condition))
        throw std::runtime_error("waited in vain");
}

std::size_t count_threads()
{
    const std::filesystem::directory_iterator all("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Whether the callback saw another thread than the task's and the process's first ones, and how many there are for it.
std::vector<std::size_t> threads_of_callback(const std::string& gate_path)
{
    const std::size_t before = count_threads();
    const std::stop_token token = this_task::stop_token();
    const std::stop_token again = this_task::stop_token();
    const std::size_t with = count_threads();
    std::atomic<bool> is_called = false;
    std::thread::id caller;
    const std::stop_callback notes(token, [&] {
        caller = std::this_thread::get_id();
        is_called = true;
    });
    announce(gate_path);
    wait_until([&] { return is_called.load(); });
    return {with - before, caller != std::this_thread::get_id(), this_task::stop_requested(), again.stop_requested()};
}

// Its callback waits for the lock that the task holds.
void take_memory_under_a_lock(const std::string& gate_path, std::size_t bytes)
{
    std::mutex mutex;
    const std::lock_guard held(mutex);
    std::atomic<bool> is_called = false;
    const std::stop_callback waits(this_task::stop_token(), [&] {
        is_called = true;
        const std::lock_guard lock(mutex);
    });
    announce(gate_path);
    wait_until([&] { return is_called.load(); });
    const std::vector<char> memory(bytes, 'x');
    std::this_thread::sleep_for(long_time);
}

// As there is none for its thread's stack.
std::string ask_without_address_space()
{
    rlimit before{};
    ::getrlimit(RLIMIT_AS, &before);
    const rlimit little{1, before.rlim_max};
    ::setrlimit(RLIMIT_AS, &little);
    std::string said = "nothing";
    try {
        static_cast<void>(this_task::stop_token());
    } catch (const std::system_error& e) {
        ::setrlimit(RLIMIT_AS, &before);
        said = e.code() == std::errc::resource_unavailable_try_again ? e.what() : "another error";
    }
    ::setrlimit(RLIMIT_AS, &before);
    return said + (this_task::stop_token().stop_possible() ? "; then a token" : "; then none");
}

int threads_of_a_forked_child()
{
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(this_task::stop_token().stop_possible() ? static_cast<int>(count_threads()) : 100);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int abort_when_asked_to_stop(const std::string& gate_path)
{
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const std::stop_callback aborts(this_task::stop_token(), [] { std::abort(); });
    return hold_stubbornly(gate_path);
}

} // namespace

BOOST_AUTO_TEST_CASE(they_are_called_on_a_thread_of_their_own)
{
    processes side(1);
    for (int i = 0; i != 3; ++i) {
        const gate place;
        asio::cancellation_signal signal;
        const recording<std::vector<std::size_t>> seen;
        side.pool.async_run(task<threads_of_callback>(place.path()),
                            asio::bind_cancellation_slot(signal.slot(), seen.handler()));
        BOOST_REQUIRE(place.wait_for_begun());
        signal.emit(asio::cancellation_type::partial);
        const std::vector<std::size_t> expected{i == 0 ? 1U : 0U, 1U, 1U, 1U}; // started once, by who first needs it
        BOOST_TEST(seen.take() == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(one_that_waits_for_its_task_keeps_no_limit_from_acting, *unsanitized())
{
    constexpr std::size_t MiB = 1 << 20;
    processes side(1, {.limits = {.resident_memory = 128 * MiB}});
    const gate place;
    asio::cancellation_signal signal;
    const recording<void> seen;
    side.pool.async_run(task<take_memory_under_a_lock>(place.path(), 256 * MiB),
                        asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    BOOST_REQUIRE(place.wait_for_begun());
    signal.emit(asio::cancellation_type::partial);
    BOOST_TEST(failure_of(seen).code == errc::memory_limit);
}

BOOST_AUTO_TEST_CASE(without_a_thread_for_them_the_task_is_told, *unsanitized())
{
    processes side(1);
    const std::string said = get_soon(side.pool.async_run(task<ask_without_address_space>(), asio::use_future));
    BOOST_TEST_MESSAGE(said);
    BOOST_TEST(said.find("no thread for stop callbacks") != std::string::npos);
    BOOST_TEST(said.ends_with("; then a token"));
}

BOOST_AUTO_TEST_CASE(a_forked_child_has_no_thread_for_them)
{
    processes side(1);
    BOOST_TEST(get_soon(side.pool.async_run(task<threads_of_a_forked_child>(), asio::use_future)) == 1);
}

BOOST_AUTO_TEST_CASE(a_crash_in_one_is_reported_as_any_other, *unsanitized())
{
    processes side(1);
    const gate place;
    asio::cancellation_signal signal;
    const recording<int> seen;
    side.pool.async_run(task<abort_when_asked_to_stop>(place.path()),
                        asio::bind_cancellation_slot(signal.slot(), seen.handler()));
    BOOST_REQUIRE(place.wait_for_begun());
    signal.emit(asio::cancellation_type::partial);
    const failure f = failure_of(seen);
    BOOST_TEST(f.code == errc::worker_died);
    BOOST_TEST(f.report.signal.value_or(0) == SIGABRT);
    BOOST_TEST(f.report.stack_trace.find("abort") != std::string::npos, f.report.stack_trace);
}

BOOST_AUTO_TEST_SUITE_END()
