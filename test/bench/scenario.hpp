// What the scenarios of bench_tandem have in common. Each is a function that returns one number.
#ifndef TANDEM_BENCH_SCENARIO_HPP
#define TANDEM_BENCH_SCENARIO_HPP

#include <tandem.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>

namespace bench {

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::task;
using clock_type = std::chrono::steady_clock;

/// Of the command line.
struct arguments
{
    std::size_t workers = 1;
    long outstanding = 1;
    long count = 1;
    std::size_t size = 0;
    std::string option;
};

/// One that main() finds by its name.
struct scenario
{
    scenario(const char* name, double (*run)(const arguments&));
};

inline double since(clock_type::time_point begin)
{
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

inline void check(const std::exception_ptr& error)
{
    if (error)
        std::rethrow_exception(error);
}

inline double cpu_seconds(int who)
{
    ::rusage usage{};
    ::getrusage(who, &usage);
    double sum = 0;
    for (const auto& t : {usage.ru_utime, usage.ru_stime})
        sum += static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    return sum;
}

int nothing(int x);

int spin(int microseconds); ///< of processor time

struct started_pool
{
    asio::io_context context{1};
    process_pool pool;

    explicit started_pool(const tandem::process_pool_options& options) : pool(context, options)
    {
        pool.async_start([](const std::exception_ptr& error) { check(error); });
        context.run();
    }
    explicit started_pool(std::size_t workers) : started_pool(tandem::process_pool_options{.workers = workers}) {}

    void run()
    {
        context.restart();
        context.run();
    }
};

/// Seconds of each call. `submit(handler)` begins one; each completion begins the next.
template <class Submit>
double stream(started_pool& p, long outstanding, long count, Submit submit)
{
    std::function<void()> next = [&] {
        if (count-- > 0)
            submit([&](const std::exception_ptr& error, const auto&...) {
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

} // namespace bench

#endif
