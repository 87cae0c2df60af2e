#include "http/download/attempt.hpp"

#include "http/download/disk_work.hpp"
#include "http/download/resume.hpp"
#include "http/download/retry.hpp"
#include "http/download/segments.hpp"
#include "http/exchange/body.hpp"
#include "http/file/safe_name.hpp"
#include "http/syntax/content_coding.hpp"
#include "http/syntax/content_disposition.hpp"
#include "http/syntax/http_date.hpp"

#include <tandem/http/file_name.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace asio = boost::asio;
using boost::beast::http::field;

namespace tandem::http {
namespace {

std::chrono::sys_seconds now()
{
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// In pieces: a large file must not keep all else on this thread waiting.
asio::awaitable<void> sum_up(job& of)
{
    while (of.to->sum_up_some()) {
        co_await asio::post(of.by.get_executor(), asio::use_awaitable);
        of.by.check();
    }
}

/// What is missing of the file that there is a part of, if it can be gone on with.
std::optional<wanted_range> find_rest(job& of, const std::string& url)
{
    const resume_record* const record = of.to && of.may_use_ranges ? of.to->resumable(url) : nullptr;
    if (!record || record->total > of.options.max_body_size) {
        return std::nullopt;
    }
    if (of.to->size() == record->total) {
        // Only the name is missing. The last byte once more, for the server to say that it is still the same file.
        of.to->shorten(record->total - 1);
    }
    return wanted_range{of.to->size(), record->total - 1, record->total, record->validator, record->encoding};
}

file_facts facts_of(const answer& from, const std::string& url, bool dates)
{
    file_facts result;
    result.url = url;
    result.encoding = from.encoding().value_or(std::string());
    if (!from.decodes()) {
        result.validator = validator_of(from, dates);
        if (from.status() != 206) {
            result.total = from.content_length();
        } else if (const auto range = range_of(from)) {
            result.total = range->total;
        }
    }
    if (const auto date = from.field(field::last_modified)) {
        result.last_modified = parse_http_date(*date, now());
    }
    return result;
}

/// 206 is a part of it. Of the others, what comes is a note that it will be there, or nothing at all.
bool delivers_file(unsigned status)
{
    return status / 100 == 2 && status != 202 && status != 204 && status != 205 && status != 206;
}

/// The server means that it does not have it, or not now.
asio::awaitable<void> refuse(job& of)
{
    const failure cause = make_refusal(of.client, of.options.retry, of.last->asked->at.from, of.last->from);
    co_await skip_body(of.client, of.by, of.last->from);
    of.by.check();
    throw failure(cause);
}

bool is_same(const existing_copy& copy, const file_facts& facts)
{
    return facts.total == copy.size && facts.last_modified == copy.written;
}

/// Asks for the copy's last byte. A server with ranges tells the size and the time of the whole file with it, one
/// without sends the file itself. If-Modified-Since would not do: a 304 says nothing of the size.
void ask_about(question& what, const existing_copy& copy)
{
    const std::string last = std::to_string(copy.size - 1);
    what.extra.push_back({"Range", "bytes=" + last + '-' + last});
    what.asks_gzip = false; // the size of what is encoded on the way is not the file's
}

void begin_question(job& of, const std::string& url)
{
    of.last->asked.emplace(url, of.options);
    if (of.last->asked->asks_gzip) {
        // Of a file that is gzip itself, a server may say that it is encoded so.
        const std::string name = of.to ? of.to->target().filename().string() : file_name(url);
        of.last->asked->asks_gzip = !name_tells_coding(name, "gzip");
    }
    of.last->asked->heeds_pauses = true;
    of.last->asked->progress = of.options.progress.get();
}

/// Asks for the file at `source` and where that leads.
asio::awaitable<void> ask_source(job& of)
{
    of.last->so_far = {};
    begin_question(of, of.last->source);
    co_await follow(of.client, of.by, *of.last->asked, of.last->from, of.last->so_far);
}

/// True where the copy is the file. Else `from` is the answer to a request for the whole of it.
asio::awaitable<bool> compare_copy(job& of)
{
    const bool asks_gzip = of.last->asked->asks_gzip;
    ask_about(*of.last->asked, *of.copy);
    co_await follow(of.client, of.by, *of.last->asked, of.last->from, of.last->so_far);
    const unsigned status = of.last->from.status();
    if (status != 206 && status != 416) {
        of.last->from.asked_gzip = asks_gzip; // who encodes what was asked for as it is sends it to be decoded
        co_return false;
    }
    // What is to be decoded is not what is stored, even where both have one size.
    const bool same = status == 206 && !(asks_gzip && of.last->from.is_gzip()) &&
                      is_same(*of.copy, facts_of(of.last->from, of.last->key, of.options.resume_by_date));
    of.report.encoding = of.last->from.encoding();
    co_await skip_body(of.client, of.by, of.last->from);
    of.by.check();
    if (same) {
        co_return true;
    }
    of.report.received += of.last->from.received;
    of.last->from.reset();
    co_await ask_source(of); // where a redirect led may be for one request only
    co_return false;
}

/// Where only the answer tells the name.
void choose_target(job& of)
{
    if (of.to) {
        return;
    }
    const auto said = of.last->from.field(field::content_disposition);
    const auto name = said ? disposition_name(*said) : std::nullopt;
    const std::string safe = name ? safe_name(*name) : file_name(of.last->asked->at.text);
    of.last->from.asked_gzip = of.last->from.asked_gzip && !name_tells_coding(safe, "gzip");
    of.copy = look_at_existing(*of.folder, safe, of.options);
    of.to = std::make_shared<destination>(of.folder, safe, of.shared_options);
}

asio::awaitable<void> receive(job& of, const file_facts& facts)
{
    destination& to = *of.to;
    download_progress* const progress = of.options.progress.get();
    if (progress) {
        progress->total = facts.total.value_or(download_progress::unknown);
        progress->bytes = to.size();
        progress->now = download_progress::phase::receiving;
    }
    const sink into = [&](std::span<const char> bytes) {
        if (facts.total && bytes.size() > *facts.total - to.size()) {
            throw failure(errc::body_too_long, std::to_string(*facts.total) + " bytes were promised");
        }
        to.write(bytes);
        note_progress(of);
        if (progress) {
            progress->bytes = to.size();
        }
    };
    co_await read_body(of.client, of.by, of.options, of.last->from, into);
    of.by.check();
}

void check_size(const destination& to, const file_facts& facts)
{
    if (facts.total && to.size() != *facts.total) {
        throw failure(errc::truncated_body,
                      std::to_string(to.size()) + " of " + std::to_string(*facts.total) + " bytes received");
    }
}

/// Where the name does not tell it.
void warn_of_encoding(job& of)
{
    download_report& report = of.report;
    if (report.encoding && !name_tells_coding(report.path.filename().native(), *report.encoding)) {
        report.warnings.push_back("its bytes are stored as the server sent them, Content-Encoding: " +
                                  (report.encoding->empty() ? "\"\"" : *report.encoding));
    }
}

asio::awaitable<void> save(job& of, const std::optional<wanted_range>& rest, file_facts facts)
{
    destination& to = *of.to;
    of.last->resumed = rest.has_value();
    if (rest) {
        facts.validator = rest->validator;
        facts.total = rest->total;
        to.go_on(facts);
    } else {
        to.begin(facts);
    }
    of.report.resumed_at = std::min(to.found(), to.size());
    if (const unsigned count = segments_for(of, facts); count > 1) {
        co_await receive_in_segments(of, facts, count);
    } else {
        co_await receive(of, facts);
    }
    check_size(to, facts);
    if (of.options.expected) {
        co_await sum_up(of);
    }
    of.report.bytes = to.size();
    if (of.notes.under_way) {
        co_await wait_for_notes(of);
    }
    if (const std::optional<failure> cause = of.notes.take_failure()) {
        throw failure(*cause);
    }
    if (of.options.sync) {
        co_await run_disk_work(of, [](destination& complete) { complete.finish(); });
    } else {
        to.finish();
    }
    of.report.path = to.final_path();
    of.report.replaced = to.has_replaced();
    warn_of_encoding(of);
}

} // namespace

asio::awaitable<void> attempt(job& of, const std::string& url)
{
    of.last.emplace();
    of.last->source = url;
    of.by.check();
    begin_question(of, url);
    of.last->key = of.last->asked->at.text;
    of.report.encoding.reset();
    of.set_phase(download_progress::phase::waiting);
    std::optional<wanted_range> rest = find_rest(of, of.last->key);
    if (rest) {
        co_await sum_up(of);
    }
    bool same = false;
    if (!rest && of.copy && of.copy->size > 0 && of.may_use_ranges) {
        same = co_await compare_copy(of);
    } else {
        if (rest) {
            ask_for(*of.last->asked, *rest);
        }
        co_await follow(of.client, of.by, *of.last->asked, of.last->from, of.last->so_far);
    }

    const unsigned status = of.last->from.status();
    of.report.reused_connection = of.last->from.reused;
    if (same) {
        of.skip(of.to->target());
        warn_of_encoding(of);
        co_return;
    }
    if (rest && (status == 416 || status == 206)) {
        const auto wrong = status == 416 ? std::optional<std::string>("416 " + of.last->from.reason())
                                         : mismatch(of.last->from, *rest);
        if (wrong) {
            throw failure(errc::range_mismatch, *wrong, status);
        }
    } else if (!delivers_file(status)) {
        co_await refuse(of);
    } else {
        rest.reset();
    }
    check_body(of.options, of.last->from);
    choose_target(of);
    const file_facts facts = facts_of(of.last->from, of.last->key, of.options.resume_by_date);
    of.report.encoding = of.last->from.encoding();
    if (!rest && of.copy && is_same(*of.copy, facts)) {
        co_await skip_body(of.client, of.by, of.last->from);
        of.by.check();
        of.skip(of.to->target());
        warn_of_encoding(of);
        co_return;
    }
    co_await save(of, rest, facts);
}

} // namespace tandem::http
