#include "tandem_get/get.hpp"

#include "tandem_get/cause.hpp"
#include "tandem_get/descriptors.hpp"
#include "tandem_get/item_source.hpp"
#include "tandem_get/reporter.hpp"
#include "tandem_get/session.hpp"
#include "tandem_get/text.hpp"

#include <tandem.hpp>
#include <tandem/http.hpp>

#include <memory>
#include <optional>
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

bool may_replace(http::existing_file existing)
{
    return existing == http::existing_file::replace || existing == http::existing_file::skip_if_same;
}

/// What --then does with a file, in a process, while others are still downloaded.
std::function<asio::awaitable<void>(http::list_outcome&)> work_on_files(const options& given, tandem::process_pool& cpu,
                                                                        reporter& told)
{
    const bool replace = may_replace(given.each.existing);
    return [task = given.then, replace, &cpu, &told](http::list_outcome& outcome) -> asio::awaitable<void> {
        const std::filesystem::path path = outcome.report.path.lexically_normal();
        const then_result result = co_await task->run(cpu, path.string(), replace);
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

std::string how_to_go_on(const options& given)
{
    return given.each.existing == http::existing_file::skip_if_same
               ? "the same command goes on where it stopped"
               : "the same command with --if-exists=skip goes on where it stopped";
}

/// What is said at the end, and the exit status.
int conclude(const options& given, session& here, const tally& counts, std::optional<std::uint64_t> files,
             double seconds)
{
    const std::string done = files ? grouped(counts.done) + " of " + in_files(*files) : in_files(counts.done);
    std::string failures = counts.failed > 0 ? ", " + grouped(counts.failed) + " failed" : "";
    if (here.signal() != 0) {
        if (!given.quiet) {
            here.out().say("interrupted: " + done + " complete" + failures + "; " + how_to_go_on(given));
        }
        return 128 + here.signal();
    }
    if (counts.disk_full) {
        here.out().say("the disk is full: " + done + " complete" + failures + "; make room, and " +
                       how_to_go_on(given));
        return 3;
    }
    if (here.failure()) {
        here.out().say("tandem-get: " + cause_of(here.failure()).message);
        failures += ", not all was tried";
    }
    if (!given.quiet) {
        const std::string skipped = counts.skipped > 0 ? ", " + grouped(counts.skipped) + " of them there already" : "";
        here.out().say(done + ", " + in_units(counts.bytes) + " in " + in_seconds(seconds) + skipped + failures);
    }
    return counts.failed > 0 || counts.results_lost || here.failure() ? 1 : 0;
}

} // namespace

int get(const options& given, session& here)
{
    const auto start = std::chrono::steady_clock::now();
    const auto told = std::make_shared<reporter>(
        here.out(), reporter::settings{.quiet = given.quiet,
                                       .json = given.json,
                                       .work = given.then ? std::string(given.then->name) : "",
                                       .give_up = [&here] { here.cancel(); }});
    item_source source(given.items, given.input, [&](const auto& where, const auto& line, const auto& cause) {
        told->wrong_line(where, line, cause);
    });
    here.on_cancel([&source] { source.stop(); });
    // For each download two files and their folder, and its connections; and what the program and its processes need.
    constexpr std::size_t others = 64;
    allow_descriptors(3 * given.parallel + given.connections.max_connections + others);
    make_folder(given.directory);
    const http::downloader downloads{here.context(), given.connections};
    std::optional<tandem::process_pool> cpu;
    if (given.then) {
        cpu.emplace(here.context().get_executor(), processes_of(given));
    }

    http::download_list list;
    list.next = [&source] { return source.next(); };
    list.folder = given.directory;
    list.parallel = given.parallel;
    list.each = given.each;
    if (cpu) {
        list.finish = work_on_files(given, *cpu, *told);
    }
    list.observer = told;

    const auto all = [&]() -> asio::awaitable<void> { co_await downloads.async_download_list(std::move(list)); };
    here.run(all(), [&](screen::size size) {
        told->flush();
        return layout(told->state(source.count()), size.width, size.height);
    });
    told->flush();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const int status = conclude(given, here, told->counts(), source.count(), elapsed.count());
    here.out().show();
    return status;
}
