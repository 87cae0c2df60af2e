#include "tandem_get/demo.hpp"

#include "tandem_get/cause.hpp"
#include "tandem_get/compare.hpp"
#include "tandem_get/digest.hpp"
#include "tandem_get/examine.hpp"
#include "tandem_get/file_server.hpp"
#include "tandem_get/get.hpp"
#include "tandem_get/item_source.hpp"
#include "tandem_get/reporter.hpp"
#include "tandem_get/samples.hpp"
#include "tandem_get/session.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/text.hpp"

#include <tandem.hpp>
#include <tandem/http.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace http = tandem::http;

namespace {

/// The files to be downloaded, and what is known of them once they are.
struct sample
{
    fs::path root{};
    std::vector<fs::path> originals{}; ///< below the root, in the order of the list
    std::vector<std::string> files{};  ///< that are there
    std::uint64_t bytes = 0;
    std::uint64_t gzip_bytes = 0;
    std::size_t reused = 0; ///< that came over a kept connection
};

/// Works on a file that is there, while others are still downloaded.
asio::awaitable<void> check(tandem::thread_pool& io, tandem::process_pool& cpu, sample& all,
                            const http::list_outcome& outcome)
{
    const std::string file = outcome.report.path.string();
    const std::string original = (all.root / all.originals[outcome.number]).string();

    // Computing is done in the processes,
    const auto work = tandem::task<examine>(file);
    const findings found = co_await cpu.async_run(work);

    // reading the original is waiting, so on a thread.
    const auto expect = [&original] { return digest_of("sha256", original); };
    const std::string expected = co_await io.async_run(expect);
    if (found.bytes != outcome.report.bytes) {
        throw std::runtime_error("the file on disk has not the size that was downloaded");
    }
    if (found.sha256 != expected) {
        throw std::runtime_error("its SHA-256 is not that of " + original);
    }
    all.files.push_back(file);
    all.bytes += found.bytes;
    all.gzip_bytes += found.gzip_bytes;
    all.reused += outcome.report.reused_connection ? 1 : 0;
}

std::vector<http::list_item> served_items(const file_server& server, const std::vector<fs::path>& originals)
{
    std::vector<http::list_item> result;
    for (const fs::path& original : originals) {
        result.push_back({.url = server.url(original)});
    }
    return result;
}

/// Downloads all, and compares the pools over what came.
asio::awaitable<void> download_and_compare(const http::downloader& downloads, http::download_list list,
                                           tandem::process_pool& cpu, screen& out, const sample& all)
{
    const http::list_report report = co_await downloads.async_download_list(std::move(list));
    out.show();
    if (report.failed > 0) {
        co_return;
    }
    std::printf("%s verified by SHA-256\n", in_files(all.files.size()).c_str());
    std::printf("kept connections served %zu of them; gzip makes %s into %s\n\n", all.reused,
                in_units(all.bytes).c_str(), in_units(all.gzip_bytes).c_str());
    print_heading();
    print_row("downloaded, and examined meanwhile", all.files.size(), all.bytes,
              std::chrono::duration<double>(report.elapsed).count(), 0);
    co_await compare_pools(cpu, all.files, all.bytes);
}

int conclude(session& here, const tally& counts, std::size_t files)
{
    int status = 0;
    if (here.signal() != 0) {
        here.out().say("interrupted: " + grouped(counts.done) + " of " + in_files(files) + " complete");
        status = 128 + here.signal();
    } else if (here.failure()) {
        here.out().say("tandem-get: " + cause_of(here.failure()).message);
        status = 1;
    } else if (counts.failed > 0) {
        here.out().say(grouped(counts.failed) + " of " + in_files(files) + " failed");
        status = counts.disk_full ? 3 : 1;
    }
    here.out().show();
    return status;
}

} // namespace

int demo(const options& given, session& here)
{
    here.heed_signals(); // its folder must not stay
    tandem::thread_pool io;
    tandem::process_pool_options processes;
    processes.workers = given.workers;
    tandem::process_pool cpu{here.context().get_executor(), processes};

    const temporary_folder folder;
    sample all{.root = boost_headers()};
    all.originals = sample_headers(all.root, 1000);
    const file_server server(io.get_executor(), all.root);
    item_source source(served_items(server, all.originals), std::nullopt, nullptr);
    const auto told = std::make_shared<reporter>(
        here.out(), reporter::settings{.quiet = true, .json = given.json, .work = "SHA-256 and gzip"});
    std::printf("serving %s on loopback\n", (all.root / "boost").c_str());
    std::printf("downloading %s to %s, at most %zu at once\n", in_files(all.originals.size()).c_str(),
                folder.path().c_str(), given.parallel);
    std::fflush(stdout);

    http::download_list list;
    list.next = [&source] { return source.next(); };
    list.folder = folder.path();
    list.parallel = given.parallel;
    list.each = given.each;
    list.each.existing = http::existing_file::rename; // many headers have the same name
    list.finish = [&](http::list_outcome& outcome) { return check(io, cpu, all, outcome); };
    list.observer = told;
    const http::downloader downloads = make_downloader(here, given);
    here.run(download_and_compare(downloads, std::move(list), cpu, here.out(), all), [&](screen::size size) {
        told->flush();
        const bool downloading = told->counts().done + told->counts().failed < all.originals.size();
        return downloading ? layout(told->state(source.count()), size.width, size.height) : std::vector<std::string>();
    });
    return conclude(here, told->counts(), all.originals.size());
}
