#include "tandem_get/compare.hpp"

#include "tandem_get/examine.hpp"
#include "tandem_get/text.hpp"

#include <chrono>
#include <cstdio>
#include <stop_token>

namespace asio = boost::asio;

namespace {

/// Of some work: how many seconds it took.
asio::awaitable<double> timed(asio::awaitable<void> work)
{
    const auto start = std::chrono::steady_clock::now();
    co_await std::move(work);
    co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

asio::awaitable<void> examine_one_by_one(tandem::thread_pool& thread, const std::vector<std::string>& files)
{
    const auto all = [&files](std::stop_token stop) {
        for (const std::string& file : files) {
            if (!stop.stop_requested()) {
                examine(file);
            }
        }
    };
    co_await thread.async_run(all);
}

/// The same for both pools: the task model is one.
template <class Pool>
asio::awaitable<void> examine_all(Pool& pool, const std::vector<std::string>& files)
{
    co_await tandem::async_map(pool, tandem::task<examine>, files);
}

} // namespace

void print_heading()
{
    std::printf("%-34s%7s%12s%11s%14s%10s\n", "", "files", "bytes", "time", "rate", "speed-up");
}

void print_row(const std::string& what, std::size_t files, std::uint64_t bytes, double seconds, double speed_up)
{
    const double size = static_cast<double>(bytes);
    std::printf("%-34s%7s%12s%9.3f s%12s/s", what.c_str(), grouped(files).c_str(), in_units(size).c_str(), seconds,
                in_units(size / seconds).c_str());
    if (speed_up > 0) {
        std::printf("%10.2f", speed_up);
    }
    std::printf("\n");
    std::fflush(stdout);
}

asio::awaitable<void> compare_pools(tandem::process_pool& cpu, std::vector<std::string> files, std::uint64_t bytes)
{
    tandem::thread_pool threads(cpu.size());
    const double serial = co_await timed(examine_one_by_one(threads, files));
    print_row("SHA-256 and gzip, one by one", files.size(), bytes, serial, 1);
    const double on_threads = co_await timed(examine_all(threads, files));
    print_row("the same on " + std::to_string(threads.size()) + " threads", files.size(), bytes, on_threads,
              serial / on_threads);
    const double in_processes = co_await timed(examine_all(cpu, files));
    print_row("the same in " + std::to_string(cpu.size()) + " processes", files.size(), bytes, in_processes,
              serial / in_processes);
}
