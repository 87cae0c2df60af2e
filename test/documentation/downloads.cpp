// What the tutorial shows of tandem::http, against a server of its own.

#include "tandem_get/file_server.hpp"
#include "tandem_get/temporary_folder.hpp"

#include <tandem.hpp>
#include <tandem/http.hpp>
#include <tandem/http/then.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace http = tandem::http;
using namespace std::chrono_literals;

asio::awaitable<void> ask(const http::client& client, std::string url)
{
    const http::response answer = co_await client.async_get(url);
    std::cout << answer.status << ' ' << answer.reason << ", " << answer.body.size() << " bytes\n";
}

asio::awaitable<void> count_lines_of(const http::client& client, std::string url)
{
    std::ptrdiff_t lines = 0;
    http::request what{.url = url};
    what.options.max_body_size = UINT64_MAX; // nothing is held in memory
    what.sink = [&](const http::response&, std::string_view piece) -> asio::awaitable<void> {
        lines += std::count(piece.begin(), piece.end(), '\n');
        co_return; // then the next piece is read
    };
    const http::response answer = co_await client.async_request(what);
    const auto first = std::chrono::duration_cast<std::chrono::microseconds>(answer.times.first_byte);
    std::cout << lines << " lines, the first byte after " << first.count() << " microseconds\n";
}

asio::awaitable<void> download(const http::downloader& downloads, std::string url, fs::path target)
{
    http::download_options options;
    options.existing = http::existing_file::skip_if_same;
    options.idle_timeout = 20s;
    options.retry.retries = 3;
    try {
        const http::download_report report = co_await downloads.async_download(url, target, options);
        std::cout << report.path << ": " << report.bytes << " bytes, " << report.retries << " retries\n";
    } catch (const http::download_error& error) {
        std::cout << error.what() << '\n'; // names the URL and the cause
    }
}

std::size_t count_lines(const std::string& path)
{
    std::ifstream file(path);
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line);) {
        ++lines;
    }
    return lines;
}

asio::awaitable<void> download_and_count(const http::downloader& downloads, tandem::process_pool& cpu, std::string url,
                                         fs::path target)
{
    http::download_options defaults; // with a name, for gcc 12
    const std::size_t lines =
        co_await http::async_download_then(downloads, url, target, defaults, cpu, tandem::task<count_lines>);
    std::cout << target << ": " << lines << " lines\n";
}

asio::awaitable<void> download_all(const http::downloader& downloads, tandem::process_pool& cpu,
                                   std::vector<std::string> urls, fs::path folder)
{
    std::size_t taken = 0;
    std::size_t lines = 0;

    http::download_list list;
    list.folder = folder;
    list.parallel = 32;
    list.each.existing = http::existing_file::fail;
    list.next = [&]() -> asio::awaitable<std::optional<http::list_item>> {
        if (taken == urls.size()) {
            co_return std::nullopt;
        }
        co_return http::list_item{.url = urls[taken++]};
    };
    // Beside the further downloads: computing, so in a process.
    list.finish = [&](http::list_outcome& outcome) -> asio::awaitable<void> {
        const auto work = tandem::task<count_lines>(outcome.report.path.string());
        lines += co_await cpu.async_run(work);
    };
    const http::list_report report = co_await downloads.async_download_list(std::move(list));
    std::cout << report.succeeded << " files, " << report.failed << " failed, " << lines << " lines\n";
}

asio::awaitable<void> run(asio::io_context& context, tandem::process_pool& cpu, const file_server& server,
                          fs::path folder)
{
    http::client_options options;
    options.max_connections_per_host = 32;
    const http::client client{context, options};
    const http::downloader downloads{client}; // over the client's connections

    co_await ask(client, server.url("a.txt"));
    co_await count_lines_of(client, server.url("a.txt"));
    co_await download(downloads, server.url("a.txt"), folder / "copy.txt");
    co_await download(downloads, server.url("none.txt"), folder / "none.txt");
    co_await download_and_count(downloads, cpu, server.url("a.txt"), folder / "counted.txt");
    const std::vector<std::string> urls{server.url("a.txt"), server.url("b.txt")};
    co_await download_all(downloads, cpu, urls, folder);
}

int main()
{
    tandem::run_if_worker();
    const temporary_folder served;
    std::ofstream(served.path() / "a.txt") << "one\ntwo\n";
    std::ofstream(served.path() / "b.txt") << "three\n";
    const temporary_folder folder;

    tandem::thread_pool server_threads{1};
    const file_server server(server_threads.get_executor(), served.path());
    asio::io_context context; // one thread for the network
    tandem::process_pool cpu{context};
    std::exception_ptr failed;
    asio::co_spawn(context, run(context, cpu, server, folder.path()),
                   [&](std::exception_ptr error) { failed = error; });
    context.run();
    if (failed) {
        std::rethrow_exception(failed);
    }
    return count_lines((folder.path() / "copy.txt").string()) == 2 && fs::exists(folder.path() / "b.txt") ? 0 : 1;
}
