// One computation cut into parts, run three ways: one part after the other, on threads, in processes. Prints how long
// each way took, and fails where the results are not the same.
//
//   cpu_bound [--sum N] [--primes N] [--parts N] [--workers N]
#include <tandem.hpp>

#include <boost/asio/use_future.hpp>
#include <boost/program_options.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace po = boost::program_options;

// --- what is computed

/// The numbers from `first` up to, but not with, `last`.
struct range
{
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

std::uint64_t sum(range numbers)
{
    std::uint64_t total = 0;
    for (std::uint64_t n = numbers.first; n < numbers.last; ++n) {
        total += n;
        asm volatile("" : "+r"(total)); // else the compiler puts Gauss's formula in the loop's place
    }
    return total;
}

bool is_prime(std::uint64_t n)
{
    if (n < 2 || (n > 2 && n % 2 == 0))
        return false;
    for (std::uint64_t d = 3; d * d <= n; d += 2)
        if (n % d == 0)
            return false;
    return true;
}

std::uint64_t count_primes(range numbers)
{
    std::uint64_t count = 0;
    for (std::uint64_t n = numbers.first; n < numbers.last; ++n)
        count += is_prime(n) ? 1 : 0;
    return count;
}

/// 0 up to, but not with, `end`, in `parts` ranges of the same length, give or take one.
std::vector<range> split(std::uint64_t end, std::uint64_t parts)
{
    const std::uint64_t length = end / parts;
    const std::uint64_t longer = end % parts;
    std::vector<range> result;
    std::uint64_t first = 0;
    for (std::uint64_t i = 0; i < parts; ++i) {
        const std::uint64_t last = first + length + (i < longer ? 1 : 0);
        result.push_back({first, last});
        first = last;
    }
    return result;
}

// --- the three ways

struct outcome
{
    std::uint64_t result = 0;
    double seconds = 0;
};

template <class Work>
outcome timed(const std::string& what, const Work& work)
{
    std::cerr << what << " ..." << std::endl;
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::uint64_t> results = work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    return {std::accumulate(results.begin(), results.end(), std::uint64_t{0}), elapsed.count()};
}

template <auto Function>
std::vector<std::uint64_t> serially(const std::vector<range>& parts)
{
    std::vector<std::uint64_t> results;
    for (const range& part : parts)
        results.push_back(Function(part));
    return results;
}

/// The same line for both pools.
template <auto Function, class Pool>
std::vector<std::uint64_t> on(Pool& pool, const std::vector<range>& parts)
{
    return tandem::async_map(pool, tandem::task<Function>, parts, asio::use_future).get();
}

void print_row(const std::string& way, const outcome& one, const outcome& serial)
{
    std::printf("  %-22s%12.3f s%11.2f\n", way.c_str(), one.seconds, serial.seconds / one.seconds);
}

/// Whether all three gave the same.
template <auto Function>
bool compare(const std::string& title, const std::vector<range>& parts, tandem::thread_pool& io,
             tandem::process_pool& cpu)
{
    const outcome serial = timed(title + ", serially", [&] { return serially<Function>(parts); });
    const outcome threads = timed(title + ", on threads", [&] { return on<Function>(io, parts); });
    const outcome processes = timed(title + ", in processes", [&] { return on<Function>(cpu, parts); });

    std::printf("%s: %llu\n", title.c_str(), static_cast<unsigned long long>(serial.result));
    std::printf("  %-22s%14s%11s\n", "", "time", "speed-up");
    print_row("serially", serial, serial);
    print_row("on " + std::to_string(io.size()) + " threads", threads, serial);
    print_row("in " + std::to_string(cpu.size()) + " processes", processes, serial);
    std::fflush(stdout);
    if (threads.result == serial.result && processes.result == serial.result)
        return true;
    std::cerr << title << ": the results differ: threads " << threads.result << ", processes " << processes.result
              << '\n';
    return false;
}

// --- what the user asks for

struct options
{
    std::int64_t sum = 2'000'000'000;
    std::int64_t primes = 6'000'000;
    std::int64_t parts = 200;
    std::int64_t workers = 0;
};

void check(const std::string& name, std::int64_t value, std::int64_t least, std::int64_t most)
{
    if (value < least || value > most)
        throw std::invalid_argument("--" + name + " is between " + std::to_string(least) + " and " +
                                    std::to_string(most));
}

/// Nothing where only help was asked for.
std::optional<options> read_options(int argc, char** argv)
{
    options result;
    po::options_description shown("Options");
    shown.add_options()("sum", po::value(&result.sum)->value_name("N")->default_value(result.sum),
                        "add up the numbers below N")(
        "primes", po::value(&result.primes)->value_name("N")->default_value(result.primes),
        "count the primes below N")(
        "parts", po::value(&result.parts)->value_name("N")->default_value(result.parts),
        "parts that each computation is cut into")(
        "workers", po::value(&result.workers)->value_name("N")->default_value(result.workers),
        "threads, and processes; 0 for as many as cores may be used")("help,h", "show this");

    po::variables_map given;
    constexpr int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(argc, argv).options(shown).style(style).run(), given);
    po::notify(given);
    if (given.count("help")) {
        std::cout << "cpu_bound [OPTIONS]\n\n"
                     "Runs two CPU-bound computations serially, on threads and in processes, and compares the times.\n\n"
                  << shown;
        return std::nullopt;
    }
    check("sum", result.sum, 0, 1'000'000'000'000'000);
    check("primes", result.primes, 0, 1'000'000'000'000);
    check("parts", result.parts, 1, 1'000'000);
    check("workers", result.workers, 0, 1'000);
    return result;
}

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    try {
        const std::optional<options> given = read_options(argc, argv);
        if (!given)
            return 0;
        const auto workers = static_cast<std::size_t>(given->workers);
        const auto parts = static_cast<std::uint64_t>(given->parts);
        tandem::thread_pool io{workers};
        tandem::process_pool cpu{io, {.workers = workers}};

        std::cerr << "starting " << cpu.size() << " worker processes ..." << std::endl;
        cpu.async_start(asio::use_future).get(); // so that the table does not count it

        const auto below_sum = split(static_cast<std::uint64_t>(given->sum), parts);
        const auto below_primes = split(static_cast<std::uint64_t>(given->primes), parts);
        const bool same_sum = compare<sum>("sum of the numbers below " + std::to_string(given->sum), below_sum, io, cpu);
        const bool same_primes =
            compare<count_primes>("primes below " + std::to_string(given->primes), below_primes, io, cpu);
        return same_sum && same_primes ? 0 : 1;
    } catch (const std::exception& error) {
        std::cerr << "cpu_bound: " << error.what() << '\n';
        return 2;
    }
}
