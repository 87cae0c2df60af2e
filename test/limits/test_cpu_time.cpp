// CPU time of one task. Everything is measured in CPU time, so that other programs' load changes nothing.
#include <limits/child.hpp>
#include <worker/limits.hpp>
#include <worker/task_cpu_limit.hpp>

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using tandem::worker::apply;
using tandem::worker::task_cpu_limit;
using test::in_child;

std::chrono::nanoseconds used()
{
    return task_cpu_limit::used();
}

task_cpu_limit::time_point now()
{
    return std::chrono::steady_clock::now();
}

void burn(std::chrono::nanoseconds time)
{
    for (const auto end = used() + time; used() < end;)
        for (volatile unsigned i = 0; i < 100'000;)
            i = i + 1;
}

[[noreturn]] void burn_for_ever()
{
    for (volatile unsigned i = 0;;)
        i = i + 1;
}

std::string soft_limit()
{
    ::rlimit value{};
    ::getrlimit(RLIMIT_CPU, &value);
    return value.rlim_cur == RLIM_INFINITY ? "none" : std::to_string(value.rlim_cur);
}

BOOST_AUTO_TEST_SUITE(cpu_time)

BOOST_AUTO_TEST_CASE(an_endless_task_is_ended)
{
    const auto end = in_child([]() -> std::string {
        task_cpu_limit limit(1s);
        limit.begin(now());
        burn_for_ever();
    });
    BOOST_TEST(end.signal == SIGXCPU);
    BOOST_TEST(end.said == "");
    BOOST_TEST(end.cpu_seconds > 0.5); // the limit counts timer ticks: the two clocks differ where other programs run
    BOOST_TEST(end.cpu_seconds < 2.5);
}

BOOST_AUTO_TEST_CASE(each_task_has_the_whole_time)
{
    const auto four_tasks = [](auto begin, auto end) {
        for (int i = 0; i != 4; ++i) {
            begin();
            burn(600ms);
            end();
        }
    };
    const auto naive = in_child([&]() -> std::string {
        const ::rlimit once{1, RLIM_INFINITY};
        ::setrlimit(RLIMIT_CPU, &once);
        four_tasks([] {}, [] {});
        return "all";
    });
    BOOST_TEST(naive.signal == SIGXCPU);

    const auto ended_between = in_child([&]() -> std::string {
        task_cpu_limit limit(1s);
        four_tasks([&] { limit.begin(now()); }, [&] { limit.end(); });
        return "all, then " + soft_limit();
    });
    BOOST_TEST(ended_between.signal == 0);
    BOOST_TEST(ended_between.said == "all, then none");

    const auto one_after_the_other = in_child([&]() -> std::string {
        task_cpu_limit limit(1s);
        four_tasks([&] { limit.begin(now()); }, [] {});
        burn_for_ever(); // in the last
    });
    BOOST_TEST(one_after_the_other.signal == SIGXCPU);
    BOOST_TEST(one_after_the_other.cpu_seconds > 1.5); // more than one limit; as above
    BOOST_TEST(one_after_the_other.cpu_seconds < 6);
}

BOOST_AUTO_TEST_CASE(a_part_of_a_second_is_rounded_up)
{
    BOOST_TEST(in_child([] {
                   const auto soft_after = [](std::chrono::nanoseconds limit) {
                       task_cpu_limit task(limit);
                       task.begin(now());
                       const std::string armed = soft_limit();
                       task.end();
                       return armed;
                   };
                   burn(10ms); // so that what was used is not zero
                   return soft_after(1ns) + ' ' + soft_after(900ms) + ' ' + soft_after(1s) + ' ' + soft_after(2500ms);
               }).said == "1 1 2 3");
}

BOOST_AUTO_TEST_CASE(without_a_limit_nothing_is_set)
{
    BOOST_TEST(in_child([] {
                   task_cpu_limit none(0s);
                   none.begin(now());
                   std::string armed = soft_limit();
                   none.end();
                   task_cpu_limit endless(std::chrono::nanoseconds::max());
                   endless.begin(now());
                   return armed + ", " + std::to_string(soft_limit().size()) + " digits";
               }).said == "none, 10 digits");
}

BOOST_AUTO_TEST_CASE(a_lower_limit_that_was_inherited_stays)
{
    BOOST_TEST(in_child([] {
                   burn(10ms); // so that what was used is not zero: two seconds from then end in the third
                   const ::rlimit lower{5, 7};
                   ::setrlimit(RLIMIT_CPU, &lower);
                   task_cpu_limit limit(6s);
                   limit.begin(now());
                   const std::string during = soft_limit();
                   limit.end();
                   task_cpu_limit less(2s);
                   less.begin(now());
                   const std::string during_less = soft_limit();
                   less.end();
                   return during + ' ' + during_less + ' ' + soft_limit();
               }).said == "5 3 5");
}

BOOST_AUTO_TEST_CASE(an_ignored_or_blocked_signal_does_not_lift_the_limit)
{
    const auto end = in_child([]() -> std::string {
        ::signal(SIGXCPU, SIG_IGN);
        sigset_t all;
        ::sigfillset(&all);
        ::sigdelset(&all, SIGALRM);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
        task_cpu_limit limit(1ns);
        limit.begin(now());
        burn_for_ever();
    });
    BOOST_TEST(end.signal == SIGXCPU);
}

// A process that uses `threads` processors for tasks of 1 us, in a time that is told: how often its clock is read, and the
// least and the most CPU time that a task would have had.
struct short_tasks
{
    static inline std::chrono::nanoseconds clock;
    static inline int reads;

    short_tasks(long threads, int count)
    {
        const auto made_up = [] {
            ++reads;
            return clock;
        };
        clock = 300ms;
        reads = 0;
        task_cpu_limit limit(500ms, made_up);
        task_cpu_limit::time_point time(1h);
        ::rlimit armed{};
        for (int i = 0; i != count; ++i) {
            limit.begin(time);
            if (i % 64 == 0 || clock % 1s < 5us || clock % 500ms < 5us) {
                ::getrlimit(RLIMIT_CPU, &armed);
                const auto left = std::chrono::seconds(armed.rlim_cur) - clock;
                least = std::min<std::chrono::nanoseconds>(least, left);
                most = std::max<std::chrono::nanoseconds>(most, left);
            }
            time += 1us;
            clock += threads * 1us;
        }
    }

    std::chrono::nanoseconds least = 1h, most{0};
};

BOOST_AUTO_TEST_CASE(of_small_tasks_few_read_the_clock_and_all_have_their_time)
{
    const auto cpus = ::sysconf(_SC_NPROCESSORS_CONF);
    for (const long threads : {1L, cpus})
        BOOST_TEST(in_child([threads] {
                       const int count = 3'000'000;
                       const short_tasks all(threads, count);
                       const bool is_seldom = short_tasks::reads < count / 1000;
                       return std::string(is_seldom ? "seldom" : "often: " + std::to_string(short_tasks::reads)) +
                              (all.least >= 500ms ? ", enough" : ", too little") +
                              (all.most <= 1500ms ? ", not too much" : ", too much");
                   }).said == "seldom, enough, not too much",
                   threads << " threads");
}

BOOST_AUTO_TEST_CASE(less_than_nothing_is_refused)
{
    BOOST_TEST(in_child([] {
                   apply({.cpu_time = -1ns});
                   return std::string("applied");
               }).said == "threw: CPU time -1 ns: Invalid argument");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
