#include "http/download/download.hpp"

#include "http/download/attempt.hpp"
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

/// Why a try failed, and at what. What is tried next changes none of it.
struct failed_try
{
    failure cause;
    std::string url;     ///< where it came to
    unsigned redirects;  ///< that led there
    unsigned status = 0; ///< of the last answer
};

/// What a try leaves behind. Nothing where it has not failed.
std::optional<failed_try> end_try(job& of, std::optional<failure> cause)
{
    if (const std::optional<failure> failed = of.notes.take_failure(); failed && !cause) {
        cause = failed;
    }
    if (of.last->from.parser) {
        of.report.received += of.last->from.received;
    }
    of.last->from.reset();
    if (of.last->asked) {
        of.report.url = of.last->asked->at.text;
    }
    of.report.status = of.last->so_far.status;
    of.report.redirects = of.last->so_far.redirects;
    forgive_step(of.by);
    return cause ? std::optional(failed_try{*cause, of.report.url, of.report.redirects, of.report.status})
                 : std::nullopt;
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
           (cause.code() == errc::range_mismatch || (cause.code() == errc::checksum_mismatch && of.last->resumed));
}

/// One try, which may fail. Another one without ranges if that shows that they cannot be trusted, without segments where
/// those are refused.
asio::awaitable<std::optional<failed_try>> try_and_heal(job& of, const std::string& url)
{
    for (;;) {
        std::optional<failure> cause;
        of.given_url = of.report.url = url;
        of.report.redirects = 0;
        try {
            co_await attempt(of, url);
        } catch (const failure& e) {
            cause = e;
        }
        if (of.notes.under_way) {
            co_await wait_for_notes(of);
        }
        std::optional<failed_try> failed = end_try(of, std::move(cause));
        if (failed && is_contradiction(of, failed->cause)) {
            of.may_use_ranges = false;
            if (of.to) {
                of.to->discard();
            }
        } else if (failed && of.last->segment_refused && of.may_use_segments) {
            of.may_use_segments = false;
        } else {
            co_return failed;
        }
        count_retry(of);
    }
}

failure with_tries(const failure& cause, const job& of)
{
    std::string detail = cause.detail();
    if (of.report.retries > 0) {
        detail += (detail.empty() ? "" : ", ") + ("after " + std::to_string(of.report.retries + 1) + " tries");
    }
    if (of.mirror_tries > 0) {
        detail += ", " + std::to_string(of.mirror_tries) + (of.mirror_tries == 1 ? " of a mirror" : " of mirrors");
    }
    return failure(cause.code(), std::move(detail), cause.status());
}

/// True where one of them delivered the file.
asio::awaitable<bool> try_mirrors(job& of)
{
    for (const std::string& mirror : of.options.mirrors) {
        count_retry(of);
        ++of.mirror_tries;
        const std::optional<failed_try> failed = co_await try_and_heal(of, mirror);
        if (!failed) {
            co_return true;
        }
        if (is_own(failed->cause)) {
            throw with_tries(failed->cause, of);
        }
    }
    co_return false;
}

asio::awaitable<void> pause(job& of, const failure& cause, milliseconds how_long)
{
    const auto now = std::chrono::steady_clock::now();
    if (const refusing_server* const refused = asks_for_pause(cause)) {
        // As long as the server asks for. What this one waits beyond that, for its own many failures, is not for all.
        const milliseconds for_all =
            refused->retry_after ? milliseconds(*refused->retry_after) : of.options.retry.first_delay;
        of.client.pauses.pause(refused->at, now + std::min(how_long, for_all), now);
    }
    of.set_phase(phase::pausing);
    co_await of.by.pause_until(now + how_long);
}

/// Until the file is there, or no further try makes sense.
asio::awaitable<void> try_all(job& of, const std::string& url)
{
    std::optional<std::minstd_rand> random;
    bool mirrors_left = !of.options.mirrors.empty();
    for (;;) {
        const std::uint64_t before = of.to ? of.to->size() : 0;
        const std::optional<failed_try> failed = co_await try_and_heal(of, url);
        if (!failed) {
            co_return;
        }
        const failure& cause = failed->cause;
        const std::uint64_t gained = of.to ? of.to->size() - std::min(of.to->size(), before) : 0;
        const unsigned retry = of.failures.add(gained);
        if (!random) {
            random.emplace(std::random_device{}());
        }
        const auto wait = delay_before_retry(of.options.retry, cause, retry, *random);
        const bool own = is_own(cause);
        // What there is of it is worth more than another server.
        const bool worth_going_on = wait && of.to && of.to->resumable(of.last->key);
        if (!own && mirrors_left && !worth_going_on) {
            mirrors_left = false;
            if (co_await try_mirrors(of)) {
                co_return;
            }
            of.given_url = url;
            of.report.url = failed->url;
            of.report.redirects = failed->redirects;
            of.report.status = failed->status;
        }
        if (own || !wait) {
            throw with_tries(cause, of);
        }
        co_await pause(of, cause, *wait);
        count_retry(of);
    }
}

std::shared_ptr<const open_folder> open_folder_of(const job& of)
{
    if (of.options.content_disposition) {
        return of.client.folders.open(of.target.string());
    }
    if (!of.target.has_filename()) {
        throw failure(errc::target_is_not_a_file, of.target.string());
    }
    return of.client.folders.open(folder_of(of.target));
}

asio::awaitable<void> run(job& of)
{
    of.by.check();
    of.by.set_total_deadline(of.options.total_timeout);
    const std::string url = of.report.url;
    of.folder = open_folder_of(of);
    if (!of.options.content_disposition) {
        const std::string name = of.target.filename().string();
        if (of.options.existing == existing_file::skip_if_same && of.options.expected) {
            of.copy = co_await find_with_sum(of.by, of.folder, name, *of.options.expected);
            if (of.copy) {
                of.skip(of.target);
                co_return;
            }
        }
        of.copy = look_at_existing(*of.folder, name, of.options);
        of.to = std::make_shared<destination>(of.folder, name, of.shared_options);
    }
    co_await try_all(of, url);
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
        job of{client, by, *what.options, what.options, report, std::move(what.target)};
        try {
            co_await run(of);
            report.times = by.times;
            report.elapsed = std::chrono::steady_clock::now() - start;
        } catch (...) {
            result.error = current_as_download_error(report.url, report.status,
                                                     report.redirects > 0 ? of.given_url : std::string());
            report = {};
        }
        if (of.notes.under_way) {
            co_await wait_for_notes(of); // whatever the end was: they use the job
        }
        if (of.to && of.options.sync) {
            co_await run_disk_work(of, [](destination& file) { file.leave(); });
        }
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
