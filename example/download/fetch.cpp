#include "download/fetch.hpp"

#include "download/examine.hpp"
#include "download/progress.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>

namespace asio = boost::asio;
namespace http = tandem::http;

namespace {

struct outcome
{
    bool complete = false;
    bool reused = false;
    bool verified = false;
    findings found{};
};

/// What the coroutines share: each takes the next job until there is none.
struct shared
{
    tandem::thread_pool& io;
    tandem::process_pool& cpu;
    const http::client& client;
    const std::vector<job>& jobs;
    const interruption& interrupted;
    std::vector<outcome> outcomes;
    progress shown;
    std::atomic<std::size_t> next = 0;
};

asio::awaitable<void> fetch(shared& with, const job& what, outcome& result)
{
    // Waiting is done on the threads,
    const http::download_report report = co_await with.client.async_download(what.url, what.target);
    result.reused = report.reused_connection;

    // computing in the processes.
    result.found = co_await with.cpu.async_run(tandem::task<examine>(what.target.string()));
    if (result.found.bytes != report.bytes) {
        throw std::runtime_error("the file on disk has not the size that was downloaded");
    }
    if (!what.original.empty()) {
        const std::string expected = co_await with.io.async_run([&what] { return sha256(what.original.string()); });
        if (result.found.sha256 != expected) {
            throw std::runtime_error("its SHA-256 is not that of " + what.original.string());
        }
        result.verified = true;
    }
    result.complete = true;
}

asio::awaitable<void> take_jobs(shared& with)
{
    for (std::size_t i = with.next++; i < with.jobs.size(); i = with.next++) {
        const job& what = with.jobs[i];
        outcome& result = with.outcomes[i];
        try {
            co_await fetch(with, what, result);
            with.shown.done(result.found.bytes);
        } catch (const std::exception& error) {
            if (with.interrupted.signal() != 0) {
                co_return;
            }
            const bool names_url = dynamic_cast<const http::download_error*>(&error) != nullptr;
            with.shown.failed(names_url ? error.what() : what.url + ": " + error.what());
        }
    }
}

/// One that takes jobs: a coroutine is cancelled on its own strand.
struct taker
{
    asio::strand<tandem::thread_pool::executor_type> strand;
    std::shared_ptr<asio::cancellation_signal> cancel = std::make_shared<asio::cancellation_signal>();
    std::future<void> done{};
};

} // namespace

totals fetch_all(tandem::thread_pool& io, tandem::process_pool& cpu, const http::client& client,
                 const std::vector<job>& jobs, std::size_t parallel, interruption& interrupted)
{
    const auto start = std::chrono::steady_clock::now();
    shared with{io, cpu, client, jobs, interrupted, std::vector<outcome>(jobs.size()), progress(jobs.size())};
    std::vector<taker> takers;
    for (std::size_t i = 0; i < std::min(parallel, jobs.size()); ++i) {
        taker& one = takers.emplace_back(taker{asio::make_strand(io.get_executor())});
        one.done = asio::co_spawn(one.strand, take_jobs(with),
                                  asio::bind_cancellation_slot(one.cancel->slot(), asio::use_future));
    }
    {
        const interruption::scope on_signal(interrupted, [&takers] {
            for (const taker& one : takers) {
                asio::post(one.strand, [cancel = one.cancel] { cancel->emit(asio::cancellation_type::terminal); });
            }
        });
        for (taker& one : takers) {
            one.done.get();
        }
    }
    with.shown.end();

    totals result;
    result.elapsed = std::chrono::steady_clock::now() - start;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const outcome& one = with.outcomes[i];
        if (!one.complete) {
            ++result.failed;
            continue;
        }
        result.files.push_back(jobs[i].target.string());
        result.verified += one.verified;
        result.reused += one.reused;
        result.bytes += one.found.bytes;
        result.gzip_bytes += one.found.gzip_bytes;
    }
    return result;
}
