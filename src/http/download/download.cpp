#include "http/download/download.hpp"

#include "http/download/attempt.hpp"
#include "http/download/back_off.hpp"
#include "http/download/disk_work.hpp"
#include "http/download/retry.hpp"
#include "http/failure.hpp"
#include "http/file/existing.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace tandem::http {
namespace {

using phase = download_progress::phase;

/// So much more of the file, and the tries before are forgotten.
constexpr std::uint64_t worth_a_retry = 1024 * 1024;

/// One try, which may fail.
asio::awaitable<std::optional<failure>> try_once(job& of, const std::string& url)
{
    std::optional<failure> cause;
    of.report.url = url;
    try {
        co_await attempt(of, url);
    } catch (const failure& e) {
        cause = e;
    }
    const std::optional<failure> note_failure = co_await finish_notes(of);
    if (!cause && note_failure) {
        cause = note_failure;
    }
    if (of.from.parser) {
        of.report.received += of.from.received;
    }
    of.from.reset();
    if (of.asked) {
        of.report.url = of.asked->at.text;
    }
    of.report.status = of.so_far.status;
    of.report.redirects = of.so_far.redirects;
    forgive_step(of.by);
    co_return cause;
}

void count_retry(job& of)
{
    ++of.report.retries;
    if (of.options.progress) {
        of.options.progress->retries = of.report.retries;
    }
}

/// What an earlier try or download has left does not fit what the server says now.
bool is_contradiction(const job& of, const failure& cause)
{
    return of.may_use_ranges &&
           (cause.code() == errc::range_mismatch || (cause.code() == errc::checksum_mismatch && of.resumed));
}

/// The same, and once more without ranges if that shows that they cannot be trusted.
asio::awaitable<std::optional<failure>> try_and_heal(job& of, const std::string& url)
{
    std::optional<failure> cause = co_await try_once(of, url);
    if (cause && is_contradiction(of, *cause)) {
        of.may_use_ranges = false;
        if (of.to) {
            of.to->discard();
        }
        count_retry(of);
        cause = co_await try_once(of, url);
    }
    co_return cause;
}

failure with_tries(const failure& cause, unsigned tries)
{
    std::string detail = cause.detail();
    if (tries > 1) {
        detail += (detail.empty() ? "" : ", ") + ("after " + std::to_string(tries) + " tries");
    }
    return failure(cause.code(), std::move(detail), cause.status());
}

/// True where one of them delivered the file.
asio::awaitable<bool> try_mirrors(job& of)
{
    for (const std::string& mirror : of.options.mirrors) {
        count_retry(of);
        const std::optional<failure> cause = co_await try_and_heal(of, mirror);
        if (!cause) {
            co_return true;
        }
        if (is_own(*cause)) {
            throw with_tries(*cause, of.report.retries + 1);
        }
    }
    co_return false;
}

/// How long to wait before the `retry`th retry; nothing where the server asks for too long.
std::optional<milliseconds> delay(const job& of, unsigned retry, std::mt19937_64& random)
{
    const milliseconds own = back_off(of.options.retry, retry, random);
    if (of.retry_after && *of.retry_after > of.options.retry.max_retry_after) {
        return std::nullopt;
    }
    return std::max<milliseconds>(own, of.retry_after.value_or(std::chrono::seconds(0)));
}

asio::awaitable<void> pause(job& of, milliseconds how_long, bool whole_origin)
{
    const auto now = std::chrono::steady_clock::now();
    if (whole_origin) {
        // As long as the server asks for. What this one waits beyond that, for its own many failures, is not for all.
        const milliseconds for_all = of.retry_after ? milliseconds(*of.retry_after) : of.options.retry.first_delay;
        of.client.pauses.pause(of.asked->at.from, now + std::min(how_long, for_all), now);
    }
    of.set_phase(phase::pausing);
    co_await of.by.pause_until(now + how_long);
}

/// Until the file is there, or no further try makes sense.
asio::awaitable<void> try_all(job& of, const std::string& url)
{
    std::optional<std::mt19937_64> random;
    bool mirrors_left = !of.options.mirrors.empty();
    unsigned retry = 0;
    for (;;) {
        const std::uint64_t before = of.to ? of.to->size() : 0;
        const std::optional<failure> cause = co_await try_and_heal(of, url);
        if (!cause) {
            co_return;
        }
        const std::string url_that_failed = of.report.url;
        const unsigned status = of.report.status;
        const bool gained = of.to && of.to->size() >= before + worth_a_retry;
        retry = gained ? 1 : retry + 1;
        if (!random) {
            random.emplace(std::random_device{}());
        }
        const auto wait =
            may_pass(*cause) && retry <= of.options.retry.retries ? delay(of, retry, *random) : std::nullopt;
        const bool own = is_own(*cause);
        // What there is of it is worth more than another server.
        const bool worth_going_on = wait && of.to && of.to->resumable(of.key);
        if (!own && mirrors_left && !worth_going_on) {
            mirrors_left = false;
            if (co_await try_mirrors(of)) {
                co_return;
            }
            of.report.url = url_that_failed;
            of.report.status = status;
        }
        if (own || !wait) {
            throw with_tries(*cause, of.report.retries + 1);
        }
        co_await pause(of, *wait, asks_for_pause(*cause));
        count_retry(of);
    }
}

/// What is known of the target before anything is asked for. True where the file is there already.
asio::awaitable<bool> prepare(job& of)
{
    if (of.options.content_disposition) {
        of.folder = of.client.folders.open(of.target.string());
        co_return false;
    }
    if (!of.target.has_filename()) {
        throw failure(errc::target_is_not_a_file, of.target.string());
    }
    of.folder = of.client.folders.open(folder_of(of.target));
    const std::string name = of.target.filename().string();
    if (of.options.existing == existing_file::skip_if_same && of.options.expected) {
        of.copy = co_await find_with_sum(of.by, of.folder, name, *of.options.expected);
        if (of.copy) {
            of.skip(of.target);
            co_return true;
        }
    }
    of.copy = look_at_existing(*of.folder, name, of.options);
    of.to.emplace(of.folder, name, of.options);
    co_return false;
}

asio::awaitable<void> run(job& of)
{
    of.by.check();
    of.by.set_total_deadline(of.options.total_timeout);
    const std::string url = of.report.url;
    if (!co_await prepare(of)) {
        co_await try_all(of, url);
    }
}

} // namespace

asio::awaitable<outcome<download_report>> download(detail::client_state& client, transfer& by,
                                                   detail::download_request what)
{
    const auto start = std::chrono::steady_clock::now();
    outcome<download_report> result;
    download_report& report = result.value;
    report.url = std::move(what.url);
    {
        job of{client, by, what.options, report, std::move(what.target)};
        try {
            co_await run(of);
            report.times = by.times;
            report.elapsed = std::chrono::steady_clock::now() - start;
        } catch (...) {
            result.error = current_as_download_error(report.url, report.status);
            report = {};
        }
        co_await leave(of);
        of.set_phase(phase::ended);
    }
    co_return result;
}

namespace detail {

std::shared_ptr<operation> make_operation(std::shared_ptr<client_state> client, download_request what,
                                          completion_ptr<download_report> done)
{
    return make_spawned<download_report>(std::move(client), std::move(done),
                                         [what = std::move(what)](client_state& with, transfer& by) mutable {
                                             return download(with, by, std::move(what));
                                         });
}

} // namespace detail
} // namespace tandem::http
