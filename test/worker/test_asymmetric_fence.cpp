// Both sides of the fence: as the kernel grants it, and where a filter of system calls refuses it later.
#include <asymmetric_fence.hpp>

#include <support/preconditions.hpp>
#include <support/refused_call.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(asymmetric_fence)

namespace {

using fence = tandem::asymmetric_fence;

// Each round, one side stores a and loads b, the other one stores b and loads a. How often both missed the other's store.
class opposed_sides
{
public:
    int run(int rounds, std::chrono::milliseconds patience)
    {
        const auto end = std::chrono::steady_clock::now() + patience;
        std::thread light([this] { run_light(); });
        int missed = 0;
        for (int round = 1; round <= rounds && std::chrono::steady_clock::now() < end; ++round) {
            a_ = 0;
            b_ = 0;
            round_.store(round);
            while (begun_.load(std::memory_order_relaxed) != round) {
            }
            b_.store(1, std::memory_order_relaxed);
            fence::heavy();
            const bool missed_here = a_.load(std::memory_order_relaxed) == 0;
            while (done_.load() != round) {
            }
            missed += missed_here && light_missed_;
        }
        round_.store(-1);
        light.join();
        return missed;
    }

private:
    void run_light()
    {
        // Stores to memory that is in no cache: those behind them take long to leave the processor.
        std::vector<std::atomic<int>> far((std::size_t{64} << 20) / sizeof(int));
        std::size_t place = 0;
        for (int last = 0;;) {
            const int round = round_.load();
            if (round < 0)
                return;
            if (round == last)
                continue;
            last = round;
            begun_.store(round, std::memory_order_relaxed);
            for (int i = 0; i != 40; ++i) {
                place = (place * 1103515245 + 12345) % far.size();
                far[place].store(i, std::memory_order_relaxed);
            }
            a_.store(1, std::memory_order_relaxed);
            fence::light();
            light_missed_ = b_.load(std::memory_order_relaxed) == 0;
            done_.store(round);
        }
    }

    alignas(128) std::atomic<int> a_{0};
    alignas(128) std::atomic<int> b_{0};
    alignas(128) std::atomic<int> round_{0};
    alignas(128) std::atomic<int> begun_{0};
    alignas(128) std::atomic<int> done_{0};
    bool light_missed_ = false;
};

enum outcome
{
    right,
    not_granted, // by this kernel
    not_refused, // by the filter
    still_light,
    missed
};

outcome run_alone(bool is_refused)
{
    fence::prepare();
    if (!fence::is_light())
        return not_granted;
    if (is_refused && !test::refuse_call(SYS_membarrier, EPERM))
        return not_refused;
    const int count = opposed_sides().run(100'000, std::chrono::seconds(1));
    if (count != 0)
        return missed;
    return is_refused && fence::is_light() ? still_light : right;
}

// In a process of its own, as the kernel's answers are the process's.
outcome run_in_child(bool is_refused)
{
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(run_alone(is_refused));
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST_REQUIRE(WIFEXITED(status));
    return static_cast<outcome>(WEXITSTATUS(status));
}

bool has_membarrier()
{
    const long known = ::syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    return known > 0 && (known & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0;
}

const auto membarrier = test::precondition([] { return has_membarrier() && !test::thread_sanitized; },
                                           "the kernel has no membarrier here, or ThreadSanitizer a thread of its own");

} // namespace

BOOST_AUTO_TEST_CASE(one_side_sees_the_other, *membarrier)
{
    BOOST_TEST(run_in_child(false) == right);
}

BOOST_AUTO_TEST_CASE(both_sides_pay_where_the_kernel_refuses_it_later, *membarrier)
{
    BOOST_TEST(run_in_child(true) == right);
}

BOOST_AUTO_TEST_SUITE_END()
