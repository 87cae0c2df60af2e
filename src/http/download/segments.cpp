#include "http/download/segments.hpp"

#include "http/download/disk_work.hpp"
#include "http/download/file_pace.hpp"
#include "http/download/range_board.hpp"
#include "http/download/resume.hpp"
#include "http/download/retry.hpp"
#include "http/exchange/body.hpp"
#include "http/syntax/entity_tag.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using boost::beast::http::field;

namespace tandem::http {
namespace {

/// How often a connection comes back for more: what one leaves undone by being slow, others do.
constexpr std::uint64_t ranges_for_each = 8;

/// Thrown by a sink that has what it wants.
struct enough
{
};

/// What the connections of one file share: all on the download's strand. It outlives each of them.
struct crew
{
    crew(job& for_job, const file_facts& facts, unsigned count)
        : of(for_job), total(*facts.total), tag(facts.validator), encoding(facts.encoding),
          board(for_job.to->size(), total,
                std::max(for_job.options.min_segment_size, (total - for_job.to->size()) / (count * ranges_for_each))),
          first(board), pace(std::make_shared<file_pace>(for_job.by.get_executor(), for_job.options)),
          each_connection(for_job.options), changed(for_job.by.get_executor())
    {
        each_connection.min_rate = 0; // it is the file's
        changed.expires_at(asio::steady_timer::time_point::max());
    }

    void write(range_board::range& to, std::span<const char> bytes)
    {
        if (fatal) {
            throw failure(*fatal);
        }
        const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), to.end - to.next));
        of.to->write_segment(to.next, bytes.first(wanted));
        to.next += wanted;
        gained += wanted;
        pace->add(wanted);
        of.to->set_size(board.good());
        note_progress(of);
        if (of.options.progress) {
            of.options.progress->bytes += wanted;
        }
    }

    /// Of a try that began when `rounds` was `began`. Those that ran side by side with one that failed before, and fail
    /// too, count as one try of the file. Returns the number of the retry that is next.
    unsigned count_failure(unsigned began)
    {
        if (began == rounds) {
            ++rounds;
            of.failures.add(std::exchange(gained, 0));
        }
        return of.failures.count();
    }

    bool may_ask() const { return board.has_any() && !fatal && !refused; }

    job& of;
    const std::uint64_t total;
    const std::string tag;
    const std::string encoding;
    range_board board;
    range_board::loan first;                          ///< what the first answer delivers
    const std::shared_ptr<file_pace> pace;
    transfer_options each_connection;
    unsigned rounds = 0;                              ///< of failures that were counted
    std::uint64_t gained = 0;                         ///< bytes since the last of them
    asio::steady_timer changed;                       ///< cancelled when a helper ends
    std::vector<std::shared_ptr<transfer>> helpers{}; ///< that run
    bool asks_source = false; ///< where a redirect led was refused: the URL that the user gave is asked, each time
    std::optional<failure> fatal{};   ///< that none can make up for
    std::optional<failure> refused{}; ///< by a server that asks for too long a wait: it is asked no more
    std::optional<failure> left{};    ///< why a helper gave up; of several, one that may pass
    std::exception_ptr error{};       ///< what else a helper ended with
};

/// Fetches what is missing of a range.
asio::awaitable<void> fetch(crew& with, transfer& by, range_board::range& to, answer& from)
{
    const wanted_range part{to.next, to.end - 1, with.total, with.tag, with.encoding};
    question what = *with.of.last->asked;
    if (with.asks_source) {
        what = question(with.of.last->source, with.of.options);
        what.heeds_pauses = true;
    }
    what.extra.clear();
    what.progress = nullptr; // the file's first bytes may be coming
    ask_for(what, part);
    trail so_far;
    co_await follow(with.of.client, by, what, from, so_far);
    const unsigned status = from.status();
    if (status != 206 && status / 100 != 2 && status != 416) {
        throw make_refusal(with.of.client, with.of.options.retry, what.at.from, from);
    }
    if (const auto wrong = status == 206 ? mismatch(from, part) : std::to_string(status) + ' ' + from.reason()) {
        throw failure(errc::range_mismatch, *wrong, status);
    }
    const sink into = [&](std::span<const char> bytes) {
        if (bytes.size() > to.end - to.next) {
            throw failure(errc::body_too_long, {}, status);
        }
        with.write(to, bytes);
    };
    {
        const file_pace::reading at_work(*with.pace, by);
        co_await read_body(with.of.client, by, with.each_connection, from, into);
    }
    by.check();
    if (to.next != to.end) {
        throw failure(errc::truncated_body, {}, status);
    }
}

/// Whether another address may be answered where this one was not: a signature can be for a while, or for one request.
bool is_refusal(const failure& cause)
{
    return (cause.code() == errc::bad_status || cause.code() == errc::login_required) && cause.status() / 100 == 4;
}

void stop_helpers(crew& with)
{
    for (const std::shared_ptr<transfer>& each : with.helpers) {
        each->stop(asio::error::operation_aborted);
    }
}

/// A helper can do no more, and where nobody else can, others that wait must not hold up the end.
void give_up(crew& with, const failure& cause)
{
    if (cause.code() == errc::range_mismatch || is_own(cause)) {
        with.fatal = with.fatal ? with.fatal : cause;
        stop_helpers(with);
    } else if (asks_for_too_long(with.of.options.retry, cause)) {
        with.refused = cause;
        stop_helpers(with);
    } else if (!with.left || may_pass(cause)) {
        with.left = cause;
    }
}

struct fetched
{
    std::uint64_t gained = 0; ///< bytes
    std::optional<failure> cause{};
};

/// Fetches a range, or a part of one.
asio::awaitable<fetched> fetch_next(crew& with, transfer& by)
{
    fetched result;
    const range_board::loan range(with.board);
    const std::uint64_t before = range->next;
    answer from;
    try {
        co_await fetch(with, by, *range, from);
    } catch (const failure& e) {
        result.cause = e;
    }
    with.of.report.received += from.received;
    result.gained = range->next - before;
    co_return result;
}

/// Fetches range after range, and gives up when it cannot: then there is one helper less.
/// Its parameters are held by itself: what ends with it when the context does may still need them.
asio::awaitable<void> help(std::shared_ptr<crew> held, std::shared_ptr<transfer> its, std::chrono::milliseconds pause)
{
    crew& with = *held;
    transfer& by = *its;
    std::minstd_rand random{std::random_device{}()};
    if (pause.count() > 0) {
        co_await by.pause_until(transfer::clock::now() + pause);
    }
    failed_tries failures; // of its own: where others bring the file on, it still asks less and less often
    std::uint64_t gained = 0;
    while (with.may_ask()) {
        const unsigned began = with.rounds;
        const bool was_derived = !with.asks_source && with.of.last->redirected();
        const fetched result = co_await fetch_next(with, by);
        const std::optional<failure>& cause = result.cause;
        gained += result.gained;
        if (!cause) {
            continue;
        }
        forgive_step(by);
        if (was_derived && !by.stopped()) {
            with.asks_source = true;
            if (is_refusal(*cause) && !may_pass(*cause)) {
                continue;
            }
        }
        if (by.stopped()) {
            break;
        }
        const unsigned own = failures.add(std::exchange(gained, 0));
        const unsigned retry = std::max(own, with.count_failure(began));
        const auto wait = delay_before_retry(with.of.options.retry, *cause, retry, random);
        if (!wait) {
            give_up(with, *cause);
            break;
        }
        co_await by.pause_until(transfer::clock::now() + *wait);
    }
}

void start_helper(const std::shared_ptr<crew>& with, std::chrono::milliseconds pause = {})
{
    auto by = std::make_shared<transfer>(with->of.by.get_executor());
    with->helpers.push_back(by);
    try {
        asio::co_spawn(by->get_executor(), help(with, by, pause), [with, by](std::exception_ptr error) {
            // What it could not do, others do, or the download fails.
            if (error && !with->error) {
                with->error = std::move(error);
            }
            by->end();
            std::erase(with->helpers, by);
            with->changed.cancel();
        });
    } catch (...) {
        std::erase(with->helpers, by);
        throw;
    }
}

/// Until one helper less runs.
asio::awaitable<void> wait_for_helper(crew& with)
{
    boost::system::error_code woken;
    co_await with.changed.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

/// The beginning of the first answer. A connection that fails is made up for: returns how long to wait before another one
/// is made in its place; nothing where the file's tries are used up.
asio::awaitable<std::optional<std::chrono::milliseconds>> read_first(crew& with)
{
    job& of = with.of;
    range_board::range& range = *with.first;
    const unsigned began = with.rounds;
    const sink into = [&with, &range](std::span<const char> bytes) {
        with.write(range, bytes);
        if (range.next == range.end && range.end != with.total) {
            throw enough();
        }
    };
    std::optional<failure> cause;
    try {
        const file_pace::reading at_work(*with.pace, of.by);
        co_await read_body(of.client, of.by, with.each_connection, of.last->from, into);
    } catch (const enough&) {
    } catch (const failure& e) {
        cause = e;
    }
    of.report.received += of.last->from.received;
    of.last->from.reset();
    with.first.give_back();
    if (cause && !may_pass(*cause)) {
        throw failure(*cause);
    }
    forgive_step(of.by);
    of.by.check();
    if (!cause) {
        co_return std::chrono::milliseconds(0);
    }
    std::minstd_rand random{std::random_device{}()};
    const unsigned retry = with.count_failure(began);
    const auto wait = delay_before_retry(of.options.retry, *cause, retry, random);
    if (!wait) {
        give_up(with, *cause);
    }
    co_return wait;
}

asio::awaitable<void> fetch_all(const std::shared_ptr<crew>& with)
{
    if (const auto wait = co_await read_first(*with)) {
        start_helper(with, *wait);
    }
    {
        transfer::interrupt_scope scope(with->of.by, [with] { stop_helpers(*with); });
        while (!with->helpers.empty()) {
            co_await wait_for_helper(*with);
        }
    }
    with->of.by.check();
    if (with->fatal) {
        throw failure(*with->fatal);
    }
    if (with->board.has_any()) {
        if (with->refused) {
            throw failure(*with->refused);
        }
        if (with->error) {
            std::rethrow_exception(with->error);
        }
        if (with->left) {
            with->of.last->segment_refused = !may_pass(*with->left);
            throw failure(*with->left);
        }
    }
}

} // namespace

unsigned segments_for(const job& of, const file_facts& facts)
{
    if (of.options.segments <= 1 || !of.may_use_ranges || !of.may_use_segments || !is_strong_tag(facts.validator) ||
        !facts.total ||
        (of.last->from.status() != 206 &&
         !boost::beast::iequals(of.last->from.field(field::accept_ranges).value_or(std::string_view()), "bytes"))) {
        return 1;
    }
    const std::uint64_t each = std::max<std::uint64_t>(of.options.min_segment_size, destination::small);
    const std::uint64_t fit = (*facts.total - of.to->size()) / each;
    return static_cast<unsigned>(std::clamp<std::uint64_t>(fit, 1, of.options.segments));
}

asio::awaitable<void> receive_in_segments(job& of, const file_facts& facts, unsigned count)
{
    of.to->begin_segments();
    if (of.options.progress) {
        of.options.progress->total = *facts.total;
        of.options.progress->bytes = of.to->size();
        of.options.progress->now = download_progress::phase::receiving;
    }
    const auto with = std::make_shared<crew>(of, facts, count);
    std::exception_ptr error;
    try {
        for (unsigned i = 1; i < count; ++i) {
            start_helper(with);
        }
        co_await fetch_all(with);
    } catch (...) {
        error = std::current_exception();
    }
    stop_helpers(*with);
    while (!with->helpers.empty()) {
        co_await wait_for_helper(*with);
    }
    of.to->set_size(with->board.good());
    if (error) {
        std::rethrow_exception(error);
    }
}

} // namespace tandem::http
