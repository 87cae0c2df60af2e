#include "http/download/retry.hpp"

#include "http/download/back_off.hpp"
#include "http/exchange/basic_auth.hpp"
#include "http/syntax/http_date.hpp"
#include "http/syntax/retry_after.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

bool status_may_pass(unsigned status)
{
    switch (status) {
    case 202:
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

bool status_asks_for_pause(unsigned status)
{
    return status == 429 || status == 503;
}

std::optional<std::chrono::seconds> retry_after(const answer& from)
{
    const auto wish = from.field(boost::beast::http::field::retry_after);
    if (!wish) {
        return std::nullopt;
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto date = from.field(boost::beast::http::field::date);
    const auto server_now = date ? parse_http_date(*date, now) : std::nullopt;
    return parse_retry_after(*wish, server_now.value_or(now));
}

std::chrono::seconds retry_after(const failure& cause)
{
    const std::optional<refusing_server>& refused = cause.refused_by();
    return refused ? refused->retry_after.value_or(std::chrono::seconds(0)) : std::chrono::seconds(0);
}

bool is_one_of(const boost::system::error_code& code, std::initializer_list<boost::system::error_code> those)
{
    return std::find(those.begin(), those.end(), code) != those.end();
}

} // namespace

bool may_pass(const failure& cause)
{
    const boost::system::error_code& code = cause.code();
    if (code == errc::bad_status || code == errc::proxy_refused) {
        return status_may_pass(cause.status());
    }
    return is_one_of(code, {errc::connection_closed, errc::truncated_body, errc::connect_timeout, errc::idle_timeout,
                            errc::too_slow, asio::error::connection_refused, asio::error::connection_reset,
                            asio::error::connection_aborted, asio::error::broken_pipe, asio::error::eof,
                            asio::error::network_unreachable, asio::error::network_down, asio::error::network_reset,
                            asio::error::host_unreachable, asio::error::timed_out,
                            asio::error::host_not_found_try_again, asio::ssl::error::stream_truncated});
}

bool asks_for_too_long(const retry_options& options, const failure& cause)
{
    return may_pass(cause) && retry_after(cause) > options.max_retry_after;
}

std::optional<std::chrono::milliseconds> delay_before_retry(const retry_options& options, const failure& cause,
                                                            unsigned retry, std::minstd_rand& random)
{
    if (!may_pass(cause) || retry > options.retries || asks_for_too_long(options, cause)) {
        return std::nullopt;
    }
    return std::max<std::chrono::milliseconds>(back_off(options, retry, random), retry_after(cause));
}

const refusing_server* asks_for_pause(const failure& cause)
{
    return cause.refused_by() && status_asks_for_pause(cause.status()) ? &*cause.refused_by() : nullptr;
}

failure make_refusal(detail::client_state& client, const retry_options& options, const origin& at, const answer& from)
{
    const unsigned status = from.status();
    const std::optional<std::chrono::seconds> wait = retry_after(from);
    if (wait && *wait <= options.max_retry_after && status_asks_for_pause(status)) {
        const auto now = std::chrono::steady_clock::now();
        client.pauses.pause(at, now + *wait, now);
    }
    std::string text = std::to_string(status) + ' ' + from.reason();
    if (status == 401) {
        text += describe_other_login(from.parser->get(), boost::beast::http::field::www_authenticate, "the server");
    }
    if (wait) {
        text += ", to be tried again after " + std::to_string(wait->count()) + " s";
    }
    return failure::refused(status == 401 || status == 407 ? errc::login_required : errc::bad_status, std::move(text),
                            status, {at, wait});
}

bool is_own(const failure& cause)
{
    return cause.is_local() ||
           is_one_of(cause.code(), {errc::invalid_option, errc::target_is_not_a_file, errc::target_in_use,
                                    errc::target_exists, errc::target_written_meanwhile, errc::folder_changed,
                                    errc::naming_unsupported, errc::part_changed, errc::total_timeout,
                                    asio::error::operation_aborted, asio::error::no_descriptors,
                                    asio::error::no_memory, asio::error::no_buffer_space,
                                    {ENFILE, boost::system::system_category()}});
}

void forgive_step(transfer& by)
{
    for (const errc reason : {errc::connect_timeout, errc::idle_timeout, errc::too_slow}) {
        by.forgive(reason);
    }
    by.clear_step_deadline();
}

} // namespace tandem::http
