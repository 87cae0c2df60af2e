#include "tandem_get/get.hpp"

#include "tandem_get/cause.hpp"
#include "tandem_get/descriptors.hpp"
#include "tandem_get/item_source.hpp"
#include "tandem_get/reporter.hpp"
#include "tandem_get/scheme.hpp"
#include "tandem_get/session.hpp"
#include "tandem_get/streamed_file.hpp"
#include "tandem_get/text.hpp"

#include <tandem.hpp>
#include <tandem/http.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace asio = boost::asio;
namespace http = tandem::http;

namespace {

tandem::process_pool_options processes_of(const options& given)
{
    tandem::process_pool_options result;
    result.workers = given.workers;
    result.output = tandem::worker_output::discard(); // an error's report has the end of it
    return result;
}

/// Of the files that --then makes. What was skipped has been worked on before.
file_rule rule_for(const http::download_report& report, http::existing_file existing, std::int64_t start)
{
    file_rule result;
    result.keep = report.skipped && existing == http::existing_file::skip_if_same;
    result.replace = existing == http::existing_file::replace;
    result.not_written_since = start;
    return result;
}

/// What --then does with a file, in a process, while others are still downloaded.
std::function<asio::awaitable<void>(http::list_outcome&)> work_on_files(const options& given, tandem::process_pool& cpu,
                                                                        reporter& told)
{
    const http::existing_file existing = given.each.existing;
    const std::int64_t start = next_file_time(given.directory);
    return [task = given.then, existing, start, &cpu, &told](http::list_outcome& outcome) -> asio::awaitable<void> {
        const std::filesystem::path path = outcome.report.path.lexically_normal();
        const file_rule rule = rule_for(outcome.report, existing, start);
        const then_result result = co_await task->run(cpu, path.string(), rule);
        told.worked(outcome.number, task->line(path, result), task->json(result));
    };
}

void make_folder(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw std::system_error(error, "cannot make the folder " + folder.string());
    }
}

std::string how_to_go_on(const options& given, const tally& counts)
{
    if (given.stream) {
        return "nothing was written to " + given.stream->name();
    }
    const std::string command = given.each.existing == http::existing_file::skip_if_same
                                    ? "the same command"
                                    : "the same command with --if-exists=skip";
    return counts.lost == 0 ? command + " goes on where it stopped"
                            : command + " downloads what is missing, and " + in_files(counts.lost) +
                                  " from the beginning: nothing was kept";
}

/// What is said at the end, and the exit status.
int conclude(const options& given, session& here, reporter& told, std::optional<std::uint64_t> files, double seconds)
{
    const tally& counts = told.counts();
    const std::string done = files ? grouped(counts.done) + " of " + in_files(*files) : in_files(counts.done);
    std::string failures = counts.failed > 0 ? ", " + grouped(counts.failed) + " failed" : "";
    if (here.signal() != 0) {
        if (!given.quiet) {
            here.out().say("interrupted: " + done + " complete" + failures + "; " + how_to_go_on(given, counts));
        }
        return 128 + here.signal();
    }
    if (counts.disk_full) {
        const std::string advice =
            given.stream ? "make room, also in the folder TMPDIR" : "make room, and " + how_to_go_on(given, counts);
        here.out().say("the disk is full: " + done + " complete" + failures + "; " + advice);
        return 3;
    }
    if (here.failure()) {
        here.out().say("tandem-get: " + cause_of(here.failure()).message);
        failures += ", not all was tried";
    }
    told.repeat_failures();
    if (!given.quiet) {
        const std::string skipped = counts.skipped > 0 ? ", " + grouped(counts.skipped) + " of them there already" : "";
        here.out().say(done + ", " + in_units(counts.bytes) + " in " + in_seconds(seconds) + skipped + failures);
    }
    return counts.failed > 0 || counts.results_lost || here.failure() ? 1 : 0;
}

/// With fewer downloads at once where there are not so many, or the system does not allow so many open files.
options within_limits(options given)
{
    // For each download two files and their folder, and its connections; and what the program and its processes need.
    constexpr std::size_t others = 64;
    const std::size_t most = given.input ? given.parallel : std::min(given.parallel, given.items.size());
    const std::size_t connections = given.connections.max_connections / given.parallel;
    given.parallel = allow_descriptors(others, 3 + connections, most);
    given.connections.max_connections = connections * given.parallel;
    given.connections.max_connections_per_host =
        std::min(given.connections.max_connections_per_host, given.connections.max_connections);
    return given;
}

} // namespace

http::downloader make_downloader(session& here, const options& given)
{
    try {
        return http::downloader{here.context(), given.connections};
    } catch (const std::invalid_argument& wrong) {
        throw std::invalid_argument(in_option_names(wrong.what()));
    }
}

int get(const options& chosen, session& here)
{
    const options given = within_limits(chosen);
    const auto start = std::chrono::steady_clock::now();
    // What may be wrong with the command line comes first: then nothing has been done, nor a file been emptied.
    std::shared_ptr<reporter> told;
    item_source source(given.items, given.input, [&](const auto& where, const auto& line, const auto& cause) {
        told->wrong_line(where, line, cause);
    });
    const http::downloader downloads = make_downloader(here, given);
    scheme_finder items(source, downloads.client(), given.each, here.context().get_executor(),
                        [&](const std::string& url) {
                            if (!given.quiet) {
                                here.out().say(url + ": it does not answer by https, so it is asked by http");
                            }
                        });
    here.on_cancel([&items] { items.stop(); });
    if (!given.stream) {
        make_folder(given.directory);
    }
    told = std::make_shared<reporter>(here.out(),
                                      reporter::settings{.quiet = given.quiet,
                                                         .json = given.json,
                                                         .folder = given.directory,
                                                         .http_proxy_source = given.http_proxy_source,
                                                         .https_proxy_source = given.https_proxy_source,
                                                         .compares = given.each.existing ==
                                                                     http::existing_file::skip_if_same,
                                                         .work = given.then ? std::string(given.then->name) : "",
                                                         .give_up = [&here] { here.cancel(); }});
    here.heed_signals(); // whatever is waited for to be opened is open
    std::optional<streamed_file> streamed;
    if (given.stream) {
        streamed.emplace(*given.stream);
    }
    std::optional<tandem::process_pool> cpu;
    if (given.then) {
        cpu.emplace(here.context().get_executor(), processes_of(given));
    }

    http::download_list list;
    list.next = [&items] { return items.next(); };
    list.folder = streamed ? streamed->folder() : given.directory;
    list.parallel = given.parallel;
    list.each = given.each;
    if (cpu) {
        list.finish = work_on_files(given, *cpu, *told);
    } else if (streamed) {
        list.finish = [&streamed](http::list_outcome& outcome) -> asio::awaitable<void> {
            streamed->take(outcome);
            co_return;
        };
    }
    list.observer = told;

    const auto all = [&]() -> asio::awaitable<void> {
        try {
            co_await downloads.async_download_list(std::move(list));
        } catch (...) {
            items.stop(); // a list may be slow
            throw;
        }
    };
    here.run(all(), [&](screen::size size) {
        told->flush();
        return layout(told->state(source.count()), size.width, size.height);
    });
    told->flush();
    if (streamed && here.signal() == 0) {
        if (const int error = streamed->deliver(); error != 0) {
            told->lose_results(given.stream->name(), error);
        }
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const int status = conclude(given, here, *told, source.count(), elapsed.count());
    here.out().show();
    return status;
}
