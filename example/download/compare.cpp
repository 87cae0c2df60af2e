#include "download/compare.hpp"

#include "download/examine.hpp"
#include "download/progress.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <cstdio>
#include <future>
#include <memory>

namespace asio = boost::asio;

namespace {

template <class Work>
double seconds_of(const Work& work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The same for both pools: the task model is one.
template <class Pool>
void examine_all(Pool& pool, const std::vector<std::string>& files, interruption& interrupted)
{
    // A signal is emitted where the handler runs that it is for.
    const asio::any_io_executor strand = asio::make_strand(pool.get_executor());
    const auto cancel = std::make_shared<asio::cancellation_signal>();
    std::future<std::vector<findings>> all =
        tandem::async_map(pool, tandem::task<examine>, files,
                          asio::bind_cancellation_slot(cancel->slot(), asio::bind_executor(strand, asio::use_future)));
    const interruption::scope on_signal(
        interrupted, [&] { asio::post(strand, [cancel] { cancel->emit(asio::cancellation_type::terminal); }); });
    all.get();
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

void compare_pools(tandem::process_pool& cpu, const std::vector<std::string>& files, std::uint64_t bytes,
                   interruption& interrupted)
{
    tandem::thread_pool threads(cpu.size());
    const double serial = seconds_of([&] {
        for (const std::string& file : files) {
            if (interrupted.signal() == 0) {
                examine(file);
            }
        }
    });
    if (interrupted.signal() != 0) {
        return;
    }
    print_row("SHA-256 and gzip, one by one", files.size(), bytes, serial, 1);
    const double on_threads = seconds_of([&] { examine_all(threads, files, interrupted); });
    print_row("the same on " + std::to_string(threads.size()) + " threads", files.size(), bytes, on_threads,
              serial / on_threads);
    const double in_processes = seconds_of([&] { examine_all(cpu, files, interrupted); });
    print_row("the same in " + std::to_string(cpu.size()) + " processes", files.size(), bytes, in_processes,
              serial / in_processes);
}
