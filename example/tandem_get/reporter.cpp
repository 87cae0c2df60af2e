#include "tandem_get/reporter.hpp"

#include "tandem_get/cause.hpp"
#include "tandem_get/text.hpp"
#include "tandem_get/writing.hpp"

#include <tandem/http/file_name.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace fs = std::filesystem;
namespace http = tandem::http;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_repeated = 10; // failures

double seconds_since(meter::time_point start)
{
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

/// `compares`: a file that is the same stays.
std::string line_of(const http::download_report& report, double seconds, bool compares)
{
    const std::string name = report.path.lexically_normal().string();
    if (report.skipped) {
        return name + ": there already, and the same";
    }
    std::string line = name + ": " + in_units(report.bytes) + " in " + in_seconds(seconds);
    if (seconds > 0) {
        line += ", " + in_units(static_cast<double>(report.received) / seconds) + "/s";
    }
    if (report.resumed_at > 0) {
        line += ", resumed at " + in_units(report.resumed_at);
    }
    if (report.replaced && compares) {
        line += ", replaced the one that was there";
    }
    if (report.retries > 0) {
        line += ", " + std::to_string(report.retries) + (report.retries == 1 ? " retry" : " retries");
    }
    return line;
}

/// "http://host:port" of a text that begins with a URL.
std::string_view origin_of(std::string_view text)
{
    constexpr std::string_view separator = "://";
    const std::size_t scheme = std::min(text.find(separator), text.size());
    return text.substr(0, text.find_first_of("/?#", std::min(scheme + separator.size(), text.size())));
}

} // namespace

reporter::reporter(screen& out, settings how) : out_(out), how_(std::move(how))
{
    if (!how_.work.empty() && how_.json != "-") {
        require_writable(STDOUT_FILENO, "the standard output");
    }
    if (how_.json) {
        json_.emplace(*how_.json);
    }
    speed_.restart(0, clock_type::now());
}

void reporter::worked(std::uint64_t number, std::string line, boost::json::value json)
{
    download& one = under_way_[number];
    one.line = std::move(line);
    one.json = std::move(json);
}

void reporter::wrong_line(const std::string& where, const std::string& line, const std::string& wrong)
{
    ++counts_.failed;
    const std::string shown = without_login(line);
    say_failure(where + ": " + shown + ": " + wrong);
    if (json_) {
        json_->write({.url = shown, .failed = cause{.message = where + ": " + wrong, .code = "invalid_line"}});
    }
}

void reporter::began(std::uint64_t number, const http::list_item& item,
                     const std::shared_ptr<const http::download_progress>& progress)
{
    ++counts_.begun;
    download& one = under_way_[number];
    one.url = item.url;
    one.name = item.name.string();
    one.progress = progress;
    one.start = clock_type::now();
}

void reporter::downloaded(const http::list_outcome& outcome)
{
    under_way_[outcome.number].worked_on = true;
}

void reporter::ended(const http::list_outcome& outcome)
{
    auto ended = under_way_.extract(outcome.number);
    download one = ended ? std::move(ended.mapped()) : download{.start = clock_type::now()};
    file_result result{.report = outcome.report,
                       .retries = one.progress ? one.progress->retries.load() : 0,
                       .seconds = seconds_since(one.start),
                       .then = std::move(one.json)};
    if (outcome.error || json_) { // else nobody is told
        result.url = without_login(outcome.item.url);
    }
    if (outcome.error) {
        cause why = cause_of(outcome.error);
        if (why.code == "login_required" && why.hint.starts_with("--user") && outcome.item.mirrors.empty() &&
            origin_of(why.url) != origin_of(result.url)) {
            why.hint = "--netrc"; // a redirect leads to another server, and --user is not for that one
        }
        why.message = name_proxy_source(std::move(why.message), why.url);
        if ((why.cancelled || why.disk_full) && is_lost(outcome.item, one)) {
            ++counts_.lost;
        }
        failed(result, outcome.report.path, why);
    } else {
        succeeded(outcome, one, result.seconds);
    }
    if (json_) {
        json_->write(result);
    }
}

/// Some of it had come, and the next download does not go on from that.
bool reporter::is_lost(const http::list_item& item, const download& one) const
{
    if (!one.progress || one.progress->bytes == 0) {
        return false;
    }
    fs::path part = how_.folder / (item.name.empty() ? fs::path(http::file_name(item.url)) : item.name);
    part += ".part";
    std::error_code error;
    return !fs::exists(part, error);
}

/// Behind what could not be reached: else the user may not know of any proxy.
std::string reporter::name_proxy_source(std::string message, const std::string& url) const
{
    constexpr std::string_view port = " port ";
    const std::string& source = url.starts_with("https:") ? how_.https_proxy_source : how_.http_proxy_source;
    const std::size_t named = std::min(message.find("connect to the proxy "), message.find("connection to the proxy "));
    if (source.empty() || named == message.npos) {
        return message;
    }
    const std::size_t number = message.find(port, named);
    if (number != message.npos) {
        const std::size_t end = message.find_first_not_of("0123456789", number + port.size());
        message.insert(std::min(end, message.size()), " (from " + source + ')');
    }
    return message;
}

void reporter::succeeded(const http::list_outcome& outcome, download& one, double seconds)
{
    ++counts_.done;
    counts_.skipped += outcome.report.skipped ? 1 : 0;
    counts_.bytes += outcome.report.bytes;
    received_ += outcome.report.received - std::min(one.counted, outcome.report.received);
    if (!how_.quiet) {
        out_.say(line_of(outcome.report, seconds, how_.compares));
    }
    for (const std::string& warning : outcome.report.warnings) {
        out_.say("warning: " + outcome.report.path.lexically_normal().string() + ": " + warning);
    }
    if (!one.line.empty() && how_.json != "-") { // they would stand between its lines
        out_.print(one.line);
    }
}

void reporter::failed(file_result& result, const fs::path& path, const cause& why)
{
    result.failed = why;
    if (why.cancelled) {
        return; // by us; whoever did it says so
    }
    ++counts_.failed;
    if (why.disk_full && !std::exchange(counts_.disk_full, true)) {
        how_.give_up();
    }
    std::string line;
    if (!why.names_url) {
        const std::string file = path.lexically_normal().string();
        const bool names_file = why.message.find(file) != std::string::npos; // also where there is none
        line += result.url + ": " + (names_file ? "" : file + ": ");
    }
    say_failure(line + why.message + (why.hint.empty() ? "" : " (" + why.hint + ")"));
}

void reporter::say_failure(const std::string& line)
{
    out_.say("failed: " + line);
    if (failures_.size() < most_repeated) {
        failures_.push_back(line);
    }
}

void reporter::repeat_failures()
{
    constexpr std::uint64_t screen_full = 20; // lines, one for each file that is there
    if (how_.quiet || failures_.empty() || counts_.done < screen_full) {
        return;
    }
    std::string text = failures_.size() < counts_.failed
                           ? "the first " + grouped(failures_.size()) + " of " + in_files(counts_.failed) + " that failed:"
                           : "what failed:";
    for (const std::string& each : failures_) {
        text += '\n' + each;
    }
    out_.say(text);
}

file_state reporter::look_at(download& one, meter::time_point now)
{
    if (!one.is_printable) {
        // Only now: most are over before they are looked at.
        one.name = printable(one.name.empty() ? http::file_name(one.url) : one.name);
        one.is_printable = true;
    }
    file_state result{.name = one.name};
    if (!one.progress) {
        return result;
    }
    result.phase = one.progress->now;
    result.bytes = one.progress->bytes;
    const std::uint64_t total = one.progress->total;
    result.total = total == http::download_progress::unknown ? std::nullopt : std::optional(total);
    result.retries = one.progress->retries;
    const bool receiving = result.phase == http::download_progress::phase::receiving;
    if (receiving && one.receiving) {
        const std::uint64_t grown = one.speed.update(result.bytes, now);
        one.counted += grown;
        received_ += grown;
    } else if (receiving) {
        one.speed.restart(result.bytes, now); // what an earlier download left counts for nothing
    }
    one.receiving = receiving;
    result.rate = one.speed.rate();
    return result;
}

screen_state reporter::state(std::optional<std::uint64_t> files)
{
    const meter::time_point now = clock_type::now();
    screen_state result{
        .done = counts_.done, .failed = counts_.failed, .files = files, .work = how_.work, .bytes = counts_.bytes};
    std::uint64_t left = 0;
    bool left_is_known = files && counts_.begun + counts_.failed >= *files;
    for (auto& [number, one] : under_way_) {
        file_state file = look_at(one, now);
        result.bytes += file.bytes;
        if (one.worked_on) {
            ++result.worked_on;
            continue;
        }
        left_is_known = left_is_known && file.total;
        left += file.total ? *file.total - std::min(*file.total, file.bytes) : 0;
        result.active.push_back(std::move(file));
    }
    speed_.update(received_, now);
    result.rate = speed_.rate();
    if (left_is_known && !result.active.empty() && result.rate >= 1) {
        result.seconds_left = static_cast<double>(left) / result.rate;
    }
    return result;
}

void reporter::flush()
{
    if (out_.print_error() != 0) {
        lose_results("standard output", out_.print_error());
    }
    if (const int error = json_ ? json_->flush() : 0; error != 0) {
        json_.reset();
        lose_results("--json " + *how_.json, error);
    }
}

void reporter::lose_results(const std::string& where, int error)
{
    if (std::exchange(counts_.results_lost, true)) {
        return;
    }
    counts_.disk_full = counts_.disk_full || error == ENOSPC || error == EDQUOT;
    out_.say("failed: cannot write results to " + where + ": " + std::generic_category().message(error));
    how_.give_up();
}
