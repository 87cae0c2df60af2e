// bench_tandem SCENARIO [WORKERS [OUTSTANDING [COUNT [SIZE [OPTION]]]]]: prints one number, whose unit is the scenario's.
#include "scenario.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>
#include <vector>

namespace bench {

namespace {

std::map<std::string, double (*)(const arguments&)>& scenarios()
{
    static std::map<std::string, double (*)(const arguments&)> all;
    return all;
}

} // namespace

scenario::scenario(const char* name, double (*run)(const arguments&))
{
    scenarios()[name] = run;
}

int nothing(int x)
{
    return x;
}

int spin(int microseconds)
{
    const auto cpu_time = [] {
        timespec now{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
    };
    for (const double end = cpu_time() + microseconds; cpu_time() < end;) {
    }
    return microseconds;
}

namespace {

std::uint64_t private_memory()
{
    std::ifstream in("/proc/self/smaps_rollup");
    std::uint64_t sum = 0;
    for (std::string word; in >> word;)
        if (word == "Private_Clean:" || word == "Private_Dirty:") {
            std::uint64_t kib = 0;
            in >> kib;
            sum += kib * 1024;
        }
    return sum;
}

// Of no-ops.
double stream(started_pool& p, long outstanding, long count)
{
    return stream(p, outstanding, count, [&p](auto handler) { p.pool.async_run(task<nothing>(1), std::move(handler)); });
}

// Of a task, of both sides; with what the pool's start and end take.
double cpu_time(const arguments& a)
{
    {
        started_pool p(a.workers);
        stream(p, a.outstanding, a.count);
    }
    return (cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN)) / static_cast<double>(a.count);
}

// Of a task among many, of the pool's process alone.
double own_cpu_time(const arguments& a)
{
    started_pool p(a.workers);
    stream(p, a.outstanding, std::max(a.count / 10, 1L));
    const double before = cpu_seconds(RUSAGE_SELF);
    stream(p, a.outstanding, a.count);
    return (cpu_seconds(RUSAGE_SELF) - before) / static_cast<double>(a.count);
}

// The same of a call that comes alone, to a pool that has had nothing to do for a moment.
double own_cpu_time_alone(const arguments& a)
{
    started_pool p(a.workers);
    const auto call = [&](long count) {
        for (long i = 0; i != count; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            stream(p, 1, 1);
        }
    };
    call(std::max(a.count / 10, 1L));
    const double before = cpu_seconds(RUSAGE_SELF);
    call(a.count);
    return (cpu_seconds(RUSAGE_SELF) - before) / static_cast<double>(a.count);
}

double small_tasks(const arguments& a)
{
    started_pool p(a.workers);
    stream(p, a.outstanding, std::max(a.count / 10, 1L));
    return stream(p, a.outstanding, a.count);
}

double map(const arguments& a)
{
    started_pool p(a.workers);
    double seconds = 0;
    for (int i = 0; i != 2; ++i) { // the first one to get warm
        std::vector<int> items(static_cast<std::size_t>(a.count), 7), results;
        const auto begin = clock_type::now();
        tandem::async_map(p.pool, task<nothing>, std::move(items),
                          [&](const std::exception_ptr& error, std::vector<int> r) {
                              check(error);
                              results = std::move(r);
                          });
        p.run();
        seconds = since(begin);
        if (results.size() != static_cast<std::size_t>(a.count))
            throw std::runtime_error("results are missing");
    }
    return seconds / static_cast<double>(a.count);
}

// How many times as fast as one after the other.
double computing(const arguments& a)
{
    constexpr int each = 10'000;
    started_pool p(a.workers);
    const auto begin = clock_type::now();
    for (long i = 0; i != a.count; ++i)
        p.pool.async_run(task<spin>(each), [](const std::exception_ptr& error, int) { check(error); });
    p.run();
    const double parallel = since(begin);
    const auto serial = clock_type::now();
    for (long i = 0; i != a.count; ++i)
        spin(each);
    return since(serial) / parallel;
}

// A thousand of 1 ms behind one of 500 ms: over the best possible time.
double mixed(const arguments& a)
{
    started_pool p(a.workers);
    for (int i = 0; i != 20; ++i) // their cost becomes known
        p.pool.async_run(task<spin>(1000), [](const std::exception_ptr& error, int) { check(error); });
    p.run();
    const auto begin = clock_type::now();
    p.pool.async_run(task<spin>(500'000), [](const std::exception_ptr& error, int) { check(error); });
    for (int i = 0; i != 1000; ++i)
        p.pool.async_run(task<spin>(1000), [](const std::exception_ptr& error, int) { check(error); });
    p.run();
    return since(begin) / (1.5 / static_cast<double>(a.workers));
}

double first_result(const arguments& a)
{
    // Filling so much memory empties the caches, so it is done in either case; it is given back where none is to be
    // resident.
    std::vector<char> resident(std::size_t{4} << 30, 'x');
    if (a.count == 0)
        std::vector<char>().swap(resident);
    const auto begin = clock_type::now();
    asio::io_context context{1};
    process_pool pool(context, {.workers = a.workers});
    pool.async_run(task<nothing>(1), [](const std::exception_ptr& error, int) { check(error); });
    context.run();
    return since(begin) + (resident.empty() || resident.back() == 'x' ? 0 : 1);
}

double bytes_of_queued_task(const arguments& a)
{
    started_pool p(a.workers);
    const auto before = ::mallinfo2();
    for (long i = 0; i != a.count; ++i)
        p.pool.async_run(task<nothing>(1), [](const std::exception_ptr&, int) {});
    const auto after = ::mallinfo2();
    return static_cast<double>(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
           static_cast<double>(a.count);
}

double memory_of_worker(const arguments& a)
{
    started_pool p(a.workers);
    stream(p, 100, a.count);
    double bytes = 0;
    p.pool.async_run(task<private_memory>(), [&](const std::exception_ptr& error, std::uint64_t b) {
        check(error);
        bytes = static_cast<double>(b);
    });
    p.run();
    return bytes;
}

const scenario of_tasks[] = {{"small", small_tasks},
                        {"cpu", cpu_time},
                        {"own-cpu", own_cpu_time},
                        {"own-cpu-alone", own_cpu_time_alone},
                        {"map", map},
                        {"computing", computing},
                        {"mixed", mixed},
                        {"first", first_result},
                        {"queued", bytes_of_queued_task},
                        {"worker", memory_of_worker}};

} // namespace

} // namespace bench

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    const auto& scenarios = bench::scenarios();
    const auto it = argc > 1 ? scenarios.find(argv[1]) : scenarios.end();
    if (it == scenarios.end()) {
        std::cerr << "bench_tandem SCENARIO [WORKERS [OUTSTANDING [COUNT [SIZE [OPTION]]]]], with SCENARIO one of";
        for (const auto& [name, run] : scenarios)
            std::cerr << ' ' << name;
        std::cerr << '\n';
        return 2;
    }
    bench::arguments a;
    if (argc > 2)
        a.workers = std::strtoul(argv[2], nullptr, 10);
    if (argc > 3)
        a.outstanding = std::strtol(argv[3], nullptr, 10);
    if (argc > 4)
        a.count = std::strtol(argv[4], nullptr, 10);
    if (argc > 5)
        a.size = std::strtoul(argv[5], nullptr, 10);
    if (argc > 6)
        a.option = argv[6];
    std::cout << it->second(a) << std::endl;
    std::_Exit(0); // what is queued is not waited for
}
