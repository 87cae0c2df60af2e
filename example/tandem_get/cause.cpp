#include "tandem_get/cause.hpp"

#include <tandem/error.hpp>
#include <tandem/http/error.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <string.h>
#include <unistd.h>

namespace http = tandem::http;

namespace {

/// Of an error of HTTP's: its name, what of the command line helps, and the sentence in place of the library's, where
/// that names members of the library's.
struct explanation
{
    std::string_view name;
    std::string_view hint;
    std::string_view sentence = {};
};

explanation explain(http::errc code)
{
    switch (code) {
    case http::errc::invalid_url:
        return {"invalid_url", ""};
    case http::errc::unsupported_scheme:
        return {"unsupported_scheme", "",
                "only http and https can be downloaded, and with --https-only https alone"};
    case http::errc::too_many_redirects:
        return {"too_many_redirects", "", "too many redirects, probably a loop; raise --max-redirects if it is none"};
    case http::errc::insecure_redirect:
        return {"insecure_redirect", ""};
    case http::errc::bad_redirect:
        return {"bad_redirect", ""};
    case http::errc::bad_status:
        return {"bad_status", ""};
    case http::errc::malformed_response:
        return {"malformed_response", ""};
    case http::errc::header_too_large:
        return {"header_too_large", "", "the header of the server's answer is over 64 KiB"};
    case http::errc::unexpected_encoding:
        return {"unexpected_encoding", ""};
    case http::errc::truncated_body:
        return {"truncated_body", "--retries"};
    case http::errc::body_too_long:
        return {"body_too_long", ""};
    case http::errc::body_too_large:
        return {"body_too_large", "", "the file is over --max-size"};
    case http::errc::connection_closed:
        return {"connection_closed", "--retries"};
    case http::errc::connect_timeout:
        return {"connect_timeout", "", "no connection within --connect-timeout"};
    case http::errc::idle_timeout:
        return {"idle_timeout", "", "nothing was received within --idle-timeout; try again, or allow more"};
    case http::errc::total_timeout:
        return {"total_timeout", "", "not complete within --max-time"};
    case http::errc::certificate_refused:
        return {"certificate_refused", ""};
    case http::errc::target_is_not_a_file:
        return {"target_is_not_a_file", ""};
    case http::errc::target_in_use:
        return {"target_in_use", "out=NAME after the URL"};
    case http::errc::target_exists:
        return {"target_exists", "--if-exists=rename, --if-exists=replace or --if-exists=skip"};
    case http::errc::target_written_meanwhile:
        return {"target_written_meanwhile", "out=NAME after the URL, or --if-exists=rename"};
    case http::errc::folder_changed:
        return {"folder_changed", ""};
    case http::errc::part_changed:
        return {"part_changed", ""};
    case http::errc::naming_unsupported:
        return {"naming_unsupported", "--if-exists=replace"};
    case http::errc::range_mismatch:
        return {"range_mismatch", "--no-resume"};
    case http::errc::too_slow:
        return {"too_slow", "", "slower than --min-rate; try again, or allow less"};
    case http::errc::undecodable_body:
        return {"undecodable_body", ""};
    case http::errc::decoded_too_large:
        return {"decoded_too_large", "",
                "decoding makes so much of the body that it is taken for an attack; do without --compressed"};
    case http::errc::checksum_mismatch:
        return {"checksum_mismatch", ""};
    case http::errc::proxy_refused:
        return {"proxy_refused", "--proxy or --no-proxy"};
    case http::errc::invalid_option:
        return {"invalid_option", ""};
    case http::errc::source_not_repeatable: // of a request's body: not of a download's
        return {"source_not_repeatable", ""};
    case http::errc::source_size_mismatch:
        return {"source_size_mismatch", "", "the body's source gave another number of bytes than it said"};
    case http::errc::login_required:
        return {"login_required", "--user or --netrc"};
    }
    return {"error", ""};
}

/// The library's names for what an option of the command line, or a variable, says.
constexpr std::pair<std::string_view, std::string_view> option_names[] = {
    {"http::client_options: proxy: ", ""},
    {"http::client_options: ", ""},
    {"proxy_options::https", "--proxy or https_proxy"},
    {"proxy_options::http", "--proxy or http_proxy"},
    {"https_only", "--https-only"},
    {"ca_file", "--cacert"},
    {"netrc_file", "--netrc-file"},
    {"connect_timeout", "--connect-timeout"},
    {"idle_timeout", "--idle-timeout"},
    {"total_timeout", "--max-time"},
    {"min_rate_period", "--min-rate-time"},
    {"min_rate", "--min-rate"},
    {"max_rate", "--rate"},
    {"max_body_size", "--max-size"},
    {"max_redirects", "--max-redirects"},
    {"unix_socket", "--unix-socket"},
};

/// Whether what the library says beside the code's sentence is its own, and nothing that a server has sent.
bool has_own_detail(const boost::system::error_code& code)
{
    return code == http::errc::invalid_option || code == http::errc::unsupported_scheme ||
           code == http::errc::invalid_url;
}

void replace_end(std::string& text, std::string_view old_end, std::string_view new_end)
{
    if (text.ends_with(old_end)) {
        text.replace(text.size() - old_end.size(), old_end.size(), new_end);
    }
}

constexpr std::string_view other_login = "; only Basic is supported";
constexpr std::string_view obstacle = "move it elsewhere";

/// Whether the code's sentence, and what mostly helps, would contradict what is beside it.
bool says_all(const boost::system::error_code& code, std::string_view text)
{
    return (code == http::errc::login_required && text.find(other_login) != text.npos) ||
           (code == http::errc::target_exists && text.find(obstacle) != text.npos);
}

constexpr std::string_view by_proxy = ": the proxy ";

/// Whether the library says it of a proxy's words before there is any HTTP.
bool is_of_socks(std::string_view detail)
{
    return detail.starts_with(by_proxy) && (detail.ends_with(" does not speak SOCKS 5: ") ||
                                            detail.ends_with(" gives an address of an unknown type: "));
}

std::string in_own_words(const http::download_error& failed)
{
    std::string text = failed.what();
    std::string sentence = failed.code().message();
    const std::string way = failed.given_url() == failed.url() ? "" : failed.given_url() + ": redirected to ";
    std::string detail = text.substr(std::min(way.size() + failed.url().size(), text.size()));
    detail.resize(detail.size() - std::min(sentence.size(), detail.size()));
    if (has_own_detail(failed.code())) {
        detail = in_option_names(detail);
    }
    if (failed.code() == http::errc::certificate_refused) {
        replace_end(detail, "; give its authority as ca_file if you trust it: ",
                    "; give its authority by --cacert if you trust it: ");
    }
    if (failed.code().category() == http::error_category()) {
        const std::string_view own = explain(static_cast<http::errc>(failed.code().value())).sentence;
        sentence = own.empty() ? sentence : std::string(own);
    }
    if (failed.code() == http::errc::malformed_response && is_of_socks(detail)) {
        sentence = "the proxy's answer is not valid SOCKS 5";
    }
    if (failed.code() == http::errc::too_many_redirects && detail == ": 0 followed: ") {
        return way + failed.url() + ": the server redirects, and --max-redirects 0 has that not followed";
    }
    if (says_all(failed.code(), detail)) {
        return way + failed.url() + detail.substr(0, detail.size() - std::string_view(": ").size());
    }
    return way + failed.url() + detail + sentence;
}

const char* name_of(tandem::errc code)
{
    switch (code) {
    case tandem::errc::worker_died:
        return "worker_died";
    case tandem::errc::start_failed:
        return "start_failed";
    case tandem::errc::not_a_worker:
        return "not_a_worker";
    case tandem::errc::version_mismatch:
        return "version_mismatch";
    case tandem::errc::unknown_task:
        return "unknown_task";
    case tandem::errc::encode_failed:
        return "encode_failed";
    case tandem::errc::decode_failed:
        return "decode_failed";
    case tandem::errc::message_too_large:
        return "message_too_large";
    case tandem::errc::pool_closed:
        return "pool_closed";
    case tandem::errc::run_timeout:
        return "run_timeout";
    case tandem::errc::queue_timeout:
        return "queue_timeout";
    case tandem::errc::duplicate_task:
        return "duplicate_task";
    case tandem::errc::worker_without_main:
        return "worker_without_main";
    case tandem::errc::nesting_too_deep:
        return "nesting_too_deep";
    case tandem::errc::initializer_failed:
        return "initializer_failed";
    case tandem::errc::memory_limit:
        return "memory_limit";
    case tandem::errc::cpu_limit:
        return "cpu_limit";
    case tandem::errc::shutdown_timeout:
        return "shutdown_timeout";
    }
    return "error";
}

/// Of a task whose process ended: what the user can do something with. (The error's own text names the function.)
std::string describe_death(const tandem::task_report& report)
{
    std::string text = "its task crashed";
    if (report.signal) {
        const char* name = ::sigdescr_np(*report.signal);
        text += ": signal " + std::to_string(*report.signal) + (name ? " (" + std::string(name) + ")" : "");
    } else if (report.exit_code) {
        text += ": its process ended with exit code " + std::to_string(*report.exit_code);
    }
    return text + (report.stderr_tail.empty() ? "" : "\n" + report.stderr_tail);
}

/// Of any other failure of a task.
std::string describe_failure(const tandem::task_error& failed)
{
    std::string text = failed.what();
    const auto drop = [&text](const std::string& what, std::size_t position) {
        if (!what.empty() && text.compare(std::min(position, text.size()), what.size(), what) == 0) {
            text.erase(position, what.size());
        }
    };
    drop("task " + failed.report().task + ": ", 0);
    drop("\"\": ", 0); // the program, where its own name cannot be told
    const std::string code = failed.code().what().substr(failed.code().message().size()); // " [tandem:2]"
    drop(code, text.size() - std::min(code.size(), text.size()));
    return "its task failed: " + text;
}

/// Without the code's number, "[system:2]".
std::string in_words(const boost::system::system_error& failed)
{
    std::string text = failed.what();
    const std::string code = failed.code().what();
    if (text.ends_with(code)) {
        text.replace(text.size() - code.size(), code.size(), failed.code().message());
    }
    return text;
}

void name_code(const boost::system::error_code& code, cause& result)
{
    const std::error_code standard = code;
    result.disk_full = standard == std::errc::no_space_on_device ||
                       (standard.default_error_condition().category() == std::generic_category() &&
                        standard.default_error_condition().value() == EDQUOT);
    result.cancelled = code == boost::asio::error::operation_aborted;
    if (code.category() == http::error_category()) {
        const explanation words = explain(static_cast<http::errc>(code.value()));
        result.code = words.name;
        result.hint = words.hint;
    } else if (code.category() == tandem::tandem_category()) {
        result.code = name_of(static_cast<tandem::errc>(code.value()));
    } else if (code == boost::asio::error::host_not_found || code == boost::asio::error::host_not_found_try_again) {
        result.code = "host_not_found";
    } else if (const char* name = standard.default_error_condition().category() == std::generic_category()
                                      ? ::strerrorname_np(standard.default_error_condition().value())
                                      : nullptr) {
        result.code = name;
    } else {
        result.code = std::string(code.category().name()) + ':' + std::to_string(code.value());
    }
}

} // namespace

std::string in_option_names(std::string text)
{
    for (const auto& [name, option] : option_names) {
        for (std::size_t i = 0; (i = text.find(name, i)) != std::string::npos; i += option.size()) {
            text.replace(i, name.size(), option);
        }
    }
    return text;
}

cause cause_of(const std::exception_ptr& error)
{
    cause result{.code = "error"};
    try {
        std::rethrow_exception(error);
    } catch (const http::download_error& failed) {
        result.message = in_own_words(failed);
        result.status = failed.status();
        result.names_url = true;
        result.url = failed.url();
        name_code(failed.code(), result);
        if (failed.code() == http::errc::unexpected_encoding &&
            result.message.find("Content-Encoding") != std::string::npos) {
            result.hint = "--encoded=keep stores it as it is"; // a transfer coding is not to be kept
        }
        if (says_all(failed.code(), result.message)) {
            result.hint.clear();
        } else if (failed.code() == http::errc::login_required && failed.status() != 401) { // --user is for servers
            const std::string scheme = failed.status() == 407 ? "http" : "socks5h";
            const bool proxy = result.message.find(by_proxy) != std::string::npos;
            result.hint = proxy ? "--proxy " + scheme + "://NAME:PASSWORD@HOST:PORT" : "";
        }
    } catch (const tandem::task_error& failed) {
        const bool died = failed.code() == tandem::errc::worker_died;
        result.message = died ? describe_death(failed.report()) : describe_failure(failed);
        name_code(failed.code(), result);
        if (failed.code() == tandem::errc::start_failed && ::access("/proc/self/exe", R_OK) != 0) {
            result.hint = "--then needs /proc to be mounted";
        }
    } catch (const boost::system::system_error& failed) {
        result.message = in_words(failed);
        name_code(failed.code(), result);
    } catch (const std::system_error& failed) {
        result.message = failed.what();
        name_code(boost::system::error_code(failed.code()), result);
    } catch (const std::exception& failed) {
        result.message = failed.what();
    } catch (...) {
        result.message = "an unknown exception";
    }
    return result;
}
