// Many calls at once: of arguments of medium size, of short tasks, with options; one by one, and as a map.
#include "scenario.hpp"

#include <sys/resource.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

namespace {

using namespace std::chrono_literals;

// What the kernel counts of this process.
double counted(const char* file, const std::string& name)
{
    std::ifstream in(file);
    for (std::string word; in >> word;)
        if (word == name) {
            double value = 0;
            in >> value;
            return value;
        }
    throw std::runtime_error(std::string("no ") + name + " in " + file);
}

int size_of(const std::vector<char>& bytes)
{
    return static_cast<int>(bytes.size());
}

// COUNT arguments of SIZE bytes. Seconds; or as many times the data as bytes were written, or as memory grew.
double medium_arguments(const arguments& a)
{
    started_pool p(a.workers);
    const auto call = [&](auto handler) { p.pool.async_run(task<size_of>(std::vector<char>(a.size, 'x')), std::move(handler)); };
    stream(p, 1, 4, call); // their cost is known
    const auto data = static_cast<double>(a.size) * static_cast<double>(a.count);
    const double written = counted("/proc/self/io", "wchar:");
    const double resident = counted("/proc/self/status", "VmRSS:");
    const double seconds = stream(p, a.outstanding == 0 ? a.count : a.outstanding, a.count, call) * static_cast<double>(a.count);
    if (a.option == "written")
        return (counted("/proc/self/io", "wchar:") - written) / data;
    if (a.option == "resident")
        return (counted("/proc/self/status", "VmHWM:") - resident) * 1024 / data;
    return seconds;
}

// Of the best that as many processors as there are workers could do. SIZE is in microseconds of processor time.
double short_tasks(const arguments& a)
{
    started_pool p(a.workers);
    const int each = static_cast<int>(a.size);
    const auto run = [&](long count) {
        if (a.option != "map")
            return stream(p, a.outstanding, count,
                          [&](auto handler) { p.pool.async_run(task<spin>(each), std::move(handler)); });
        const auto begin = clock_type::now();
        tandem::async_map(p.pool, task<spin>, std::vector<int>(static_cast<std::size_t>(count), each),
                          [](const std::exception_ptr& error, const std::vector<int>&) { check(error); });
        p.run();
        return since(begin) / static_cast<double>(count);
    };
    run(a.count / 10);
    const double parallel = run(a.count);
    const auto begin = clock_type::now();
    const long serial = a.count / 10 + 1;
    for (long i = 0; i != serial; ++i)
        spin(each);
    return since(begin) / static_cast<double>(serial) / static_cast<double>(a.workers) / parallel;
}

// Seconds of a no-op with an option, one by one or as a map ("map-" before it).
double with_option(const arguments& a)
{
    const bool is_map = a.option.starts_with("map-");
    const std::string option = is_map ? a.option.substr(4) : a.option;
    tandem::process_pool_options pool{.workers = a.workers};
    tandem::run_options run;
    if (option == "run_timeout")
        run.run_timeout = 10s;
    else if (option == "queue_timeout")
        run.queue_timeout = 100s;
    else if (option == "retries")
        run.retries = 2;
    else if (option == "retire.tasks")
        pool.retire.tasks = 1'000'000'000;
    else if (option == "limits.cpu_time")
        pool.limits.cpu_time = 100s;
    else if (option != "none")
        throw std::runtime_error("no option: " + option);
    started_pool p(pool);
    const auto once = [&](long count) {
        if (!is_map)
            return stream(p, a.outstanding, count,
                          [&](auto handler) { p.pool.async_run(task<nothing>(1), run, std::move(handler)); });
        const auto begin = clock_type::now();
        tandem::async_map(p.pool, task<nothing>, std::vector<int>(static_cast<std::size_t>(count), 7), {.run = run},
                          [](const std::exception_ptr& error, const std::vector<int>&) { check(error); });
        p.run();
        return since(begin) / static_cast<double>(count);
    };
    once(a.count / 10);
    return once(a.count);
}

const scenario of_bursts[] = {{"medium", medium_arguments}, {"short", short_tasks}, {"option", with_option}};

} // namespace

} // namespace bench
