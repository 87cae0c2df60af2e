// What memory is kept after large values, on both sides, and whether it grows with time.
#include "scenario.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

namespace {

using texts = std::vector<std::string>;
using table = std::map<int, std::string>;
using numbers = std::vector<double>;

// Bytes in RAM, shared memory included.
double resident(const std::string& process)
{
    double pages = 0, bytes = 0;
    std::ifstream("/proc/" + process + "/statm") >> pages >> bytes;
    return bytes * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// What the C library keeps of this process's own values is not the pool's. Workers give theirs back when they have been idle.
void settle()
{
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

double resident_there()
{
    return resident("self");
}

template <class T>
T echo(T value)
{
    return value;
}

int fail(const texts& all)
{
    std::string what;
    for (const std::string& each : all)
        what += each;
    throw std::runtime_error(what);
}

const std::string a_text = "a text that has some characters, a hundred of them at about, so that it needs memory of its own";

template <class Call>
void burst(started_pool& p, const arguments& a, const Call& call)
{
    for (long i = 0; i != a.count; ++i)
        p.pool.async_run(call, [](const std::exception_ptr&, const auto&) {});
    p.run();
}

// Bytes by which either side has grown after `count` values of `size` bytes, there and back.
double kept_memory(const arguments& a)
{
    started_pool p(1);
    double there = 0;
    const auto ask = [&] {
        p.pool.async_run(task<resident_there>(), [&](const std::exception_ptr& error, double bytes) {
            check(error);
            there = bytes;
        });
        p.run();
        return there;
    };
    ask();
    const double before_here = resident("self"), before_there = ask();
    if (a.option == "texts")
        burst(p, a, task<echo<texts>>(texts(a.size / a_text.size(), a_text)));
    else if (a.option == "table") {
        table all;
        for (int i = 0; i != static_cast<int>(a.size / a_text.size()); ++i)
            all.emplace_hint(all.end(), i, a_text);
        burst(p, a, task<echo<table>>(std::move(all)));
    } else if (a.option == "numbers")
        burst(p, a, task<echo<numbers>>(numbers(a.size / sizeof(double), 1.5)));
    else if (a.option == "exception")
        burst(p, a, task<fail>(texts(a.size / a_text.size(), a_text)));
    else
        throw std::invalid_argument("no such values: " + a.option);
    settle();
    const double grown_there = ask() - before_there, grown_here = resident("self") - before_here;
    std::cerr << "grown by " << grown_here / 1e6 << " MB here, " << grown_there / 1e6 << " MB there\n";
    return std::max(grown_here, grown_there);
}

// Of this process and its children.
double resident_of_all()
{
    double sum = resident("self");
    std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    for (std::string child; children >> child;)
        sum += resident(child);
    return sum;
}

numbers some(std::size_t count)
{
    return numbers(count, 1.5);
}

texts some_texts(std::size_t count)
{
    return texts(count, a_text);
}

// Results of all sizes, that are taken, cancelled, or wanted by nobody.
class mixture
{
public:
    mixture(std::size_t workers, long outstanding) : outstanding_(outstanding), pool_(workers) {}

    void run_for(std::chrono::milliseconds time)
    {
        is_on_ = true;
        for (long i = 0; i != outstanding_; ++i)
            next();
        pool_.context.restart();
        pool_.context.run_for(time);
        is_on_ = false;
    }

    void finish() { pool_.run(); }

private:
    void next()
    {
        if (!is_on_)
            return;
        // As many of each order of magnitude.
        const auto size = static_cast<std::size_t>(std::exp2(std::uniform_real_distribution<>(4, 24)(random_)));
        auto signal = std::make_shared<asio::cancellation_signal>();
        const auto done = [this, signal](const std::exception_ptr&, const auto&) { next(); };
        const auto run = [&](const auto& call) {
            switch (random_() % 4) {
            case 0:
                pool_.pool.async_run(call, done);
                break;
            case 1:
                pool_.pool.async_run(call, asio::detached);
                asio::post(pool_.context, [this] { next(); });
                break;
            case 2:
                pool_.pool.async_run(call, asio::bind_cancellation_slot(signal->slot(), done));
                signal->emit(asio::cancellation_type::total);
                break;
            default:
                pool_.pool.async_run(call, asio::bind_cancellation_slot(signal->slot(), done));
                asio::post(pool_.context, [signal] {
                    signal->emit(asio::cancellation_type::partial);
                });
            }
        };
        if (random_() % 2 == 0)
            run(task<some>(size / sizeof(double)));
        else
            run(task<some_texts>(size / a_text.size()));
    }

    std::mt19937 random_{1};
    long outstanding_;
    bool is_on_ = false;
    started_pool pool_;
};

// The slope of the line through the points that has the least squares.
double slope(const std::vector<std::pair<double, double>>& points)
{
    const auto count = static_cast<double>(points.size());
    double mean_x = 0, mean_y = 0, above = 0, below = 0;
    for (const auto& [x, y] : points) {
        mean_x += x / count;
        mean_y += y / count;
    }
    for (const auto& [x, y] : points) {
        above += (x - mean_x) * (y - mean_y);
        below += (x - mean_x) * (x - mean_x);
    }
    return above / below;
}

// Bytes a minute by which the memory of all processes grows, in the second half of `count` seconds. Looked at each second when
// nothing is under way: what is, is hundreds of megabytes at one time and few at another.
double memory_slope(const arguments& a)
{
    std::vector<std::pair<double, double>> points; // of the second half
    mixture lasting(a.workers, a.outstanding);
    const auto begin = clock_type::now();
    for (double now = 0; now < static_cast<double>(a.count);) {
        lasting.run_for(std::chrono::milliseconds(700));
        lasting.finish();
        mixture(a.workers, a.outstanding).run_for(std::chrono::milliseconds(50)); // destroyed with results under way
        settle();
        now = since(begin);
        const double bytes = resident_of_all();
        std::cerr << now << " s: " << bytes / 1e6 << " MB\n";
        if (now >= static_cast<double>(a.count) / 2)
            points.emplace_back(now, bytes);
    }
    return 60 * slope(points);
}

const scenario of_memory[] = {{"kept-memory", kept_memory}, {"memory-slope", memory_slope}};

} // namespace

} // namespace bench
