// bench_tandem SCENARIO [WORKERS [OUTSTANDING [COUNT]]]: prints one number, whose unit is the scenario's.
#include <tandem.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::task;
using clock_type = std::chrono::steady_clock;

namespace {

struct arguments
{
    std::size_t workers = 1;
    long outstanding = 1;
    long count = 1;
};

double since(clock_type::time_point begin)
{
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

int nothing(int x)
{
    return x;
}

double first_of(const std::vector<double>& values)
{
    return values.at(0);
}

double first_of_view(std::span<const double> values)
{
    return values[0];
}

// Made once: what making it takes is not the question.
const std::vector<double>& many(std::size_t count)
{
    static const std::vector<double> kept(count, 1.5);
    return kept;
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

void check(const std::exception_ptr& error)
{
    if (error)
        std::rethrow_exception(error);
}

struct started_pool
{
    asio::io_context context{1};
    process_pool pool;

    explicit started_pool(std::size_t workers) : pool(context, {.workers = workers})
    {
        pool.async_start([](const std::exception_ptr& error) { check(error); });
        context.run();
    }

    void run()
    {
        context.restart();
        context.run();
    }
};

// Each completion submits the next one.
double stream(started_pool& p, long outstanding, long count)
{
    std::function<void()> next = [&] {
        if (count-- > 0)
            p.pool.async_run(task<nothing>(1), [&](const std::exception_ptr& error, int) {
                check(error);
                next();
            });
    };
    const long all = count;
    const auto begin = clock_type::now();
    for (long i = 0; i != outstanding; ++i)
        next();
    p.run();
    return since(begin) / static_cast<double>(all);
}

double cpu_seconds(int who)
{
    ::rusage usage{};
    ::getrusage(who, &usage);
    double sum = 0;
    for (const auto& t : {usage.ru_utime, usage.ru_stime})
        sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    return sum;
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

// Each piece of work begins the next one.
template <class Submit>
double on_threads(const arguments& a, Submit submit)
{
    struct chain
    {
        tandem::thread_pool& pool;
        Submit& submit;
        std::atomic<long> left;
        std::atomic<long> under_way;
        std::promise<void> done;

        void next()
        {
            if (left.fetch_sub(1, std::memory_order_relaxed) > 0)
                submit(pool, [this] { next(); });
            else if (under_way.fetch_sub(1) == 1)
                done.set_value();
        }
    };
    tandem::thread_pool pool(a.workers);
    chain all{pool, submit, a.count, a.outstanding, {}};
    const auto begin = clock_type::now();
    for (long i = 0; i != a.outstanding; ++i)
        all.next();
    all.done.get_future().wait();
    const double seconds = since(begin);
    pool.join();
    return seconds / static_cast<double>(a.count);
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

double post_on_threads(const arguments& a)
{
    return on_threads(a, [](tandem::thread_pool& pool, auto next) { asio::post(pool.get_executor(), next); });
}

double run_on_threads(const arguments& a)
{
    return on_threads(a, [](tandem::thread_pool& pool, auto next) {
        pool.async_run([] {}, [next](const std::exception_ptr&) { next(); });
    });
}

double map_on_threads(const arguments& a)
{
    tandem::thread_pool pool(a.workers);
    double best = 1;
    for (int i = 0; i != 5; ++i) {
        std::vector<int> items(static_cast<std::size_t>(a.count), 7);
        const auto begin = clock_type::now();
        const auto results = tandem::async_map(
                                 pool, [](int x) { return x * 2 + 1; }, std::move(items), asio::use_future)
                                 .get();
        best = std::min(best, since(begin));
        if (results.size() != static_cast<std::size_t>(a.count) || results.back() != 15)
            throw std::runtime_error("results are missing");
    }
    return best / static_cast<double>(a.count);
}

constexpr std::size_t large_count = 1024 * 1024; // doubles, 8 MiB

// Bytes a second, one value after the other.
template <class Task>
double large(const arguments& a, const Task& call)
{
    started_pool p(a.workers);
    clock_type::time_point begin;
    for (long i = -4; i != a.count; ++i) { // the first ones to get warm
        if (i == 0)
            begin = clock_type::now();
        p.pool.async_run(call, [](const std::exception_ptr& error, const auto&) { check(error); });
        p.run();
    }
    return static_cast<double>(a.count * large_count * sizeof(double)) / since(begin);
}

double large_argument(const arguments& a)
{
    return large(a, task<first_of>(std::vector<double>(large_count, 1.5)));
}

double large_view(const arguments& a)
{
    return large(a, task<first_of_view>(std::vector<double>(large_count, 1.5)));
}

double large_result(const arguments& a)
{
    return large(a, task<many>(large_count));
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

} // namespace

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    const std::map<std::string, double (*)(const arguments&)> scenarios{{"small", small_tasks},
                                                                        {"cpu", cpu_time},
                                                                        {"own-cpu", own_cpu_time},
                                                                        {"own-cpu-alone", own_cpu_time_alone},
                                                                        {"map", map},
                                                                        {"computing", computing},
                                                                        {"mixed", mixed},
                                                                        {"first", first_result},
                                                                        {"queued", bytes_of_queued_task},
                                                                        {"worker", memory_of_worker},
                                                                        {"argument", large_argument},
                                                                        {"view", large_view},
                                                                        {"result", large_result},
                                                                        {"thread-post", post_on_threads},
                                                                        {"thread-run", run_on_threads},
                                                                        {"thread-map", map_on_threads}};
    const auto it = argc > 1 ? scenarios.find(argv[1]) : scenarios.end();
    if (it == scenarios.end()) {
        std::cerr << "bench_tandem SCENARIO [WORKERS [OUTSTANDING [COUNT]]], with SCENARIO one of";
        for (const auto& [name, run] : scenarios)
            std::cerr << ' ' << name;
        std::cerr << '\n';
        return 2;
    }
    arguments a;
    if (argc > 2)
        a.workers = std::strtoul(argv[2], nullptr, 10);
    if (argc > 3)
        a.outstanding = std::strtol(argv[3], nullptr, 10);
    if (argc > 4)
        a.count = std::strtol(argv[4], nullptr, 10);
    std::cout << it->second(a) << std::endl;
    std::_Exit(0); // what is queued is not waited for
}
