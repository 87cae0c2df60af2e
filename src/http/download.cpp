#include "http/download.hpp"

#include "http/exchange.hpp"
#include "http/failure.hpp"
#include "http/part_file.hpp"
#include "http/url.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace tandem::http {
namespace {

bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Goes from redirect to redirect; `at` and `report` say how far it came, also when it throws.
asio::awaitable<void> follow(detail::client_state& client, transfer& by, const download_options& options, location& at,
                             download_report& report, response& answer)
{
    for (;;) {
        co_await request(*client.pool, by, client.options, options.idle_timeout, at, answer);
        report.status = answer.status();
        if (!is_redirect(report.status)) {
            co_return;
        }
        if (report.redirects == options.max_redirects) {
            throw failure(errc::too_many_redirects, std::to_string(report.redirects) + " followed", report.status);
        }
        const std::string to(answer.parser->get()[beast::http::field::location]);
        if (to.empty()) {
            throw failure(errc::bad_redirect, "there is no Location", report.status);
        }
        location next = redirect_url(at, to);
        co_await skip_body(by, answer);
        by.check();
        // The connection goes before another is waited for: two downloads must not hold what each other needs.
        answer.reset();
        at = std::move(next);
        report.url = at.text;
        ++report.redirects;
    }
}

/// Only 2xx delivers the file, and of these not 206: no part was asked for.
bool delivers(unsigned status)
{
    return status / 100 == 2 && status != 206;
}

void check_body(const response& answer, const download_options& options)
{
    const std::string encoding = answer.other_than("identity", beast::http::field::content_encoding);
    if (!encoding.empty()) {
        throw failure(errc::unexpected_encoding, "Content-Encoding: " + encoding, answer.status());
    }
    if (answer.parser->content_length().value_or(0) > options.max_body_size) {
        throw failure(errc::body_too_large, std::to_string(*answer.parser->content_length()) + " bytes are promised",
                      answer.status());
    }
}

asio::awaitable<void> save(transfer& by, const std::filesystem::path& target, const download_options& options,
                           response& answer, download_report& report)
{
    part_file file(target);
    const std::function<void(std::span<const char>)> sink = [&](std::span<const char> bytes) {
        report.bytes += bytes.size();
        if (report.bytes > options.max_body_size) {
            throw failure(errc::body_too_large, {}, report.status);
        }
        file.write(bytes);
    };
    co_await read_body(by, options.idle_timeout, answer, sink);
    by.check();
    file.commit(options.sync);
}

asio::awaitable<void> run(detail::client_state& client, transfer& by, const std::filesystem::path& target,
                          const download_options& options, download_report& report)
{
    by.check();
    if (options.total_timeout.count() > 0) {
        by.set_total_deadline(options.total_timeout);
    }
    location at = parse_url(report.url);
    report.url = at.text;
    response answer;
    co_await follow(client, by, options, at, report, answer);
    if (!delivers(report.status)) {
        const std::string reason(answer.parser->get().reason());
        co_await skip_body(by, answer);
        by.check();
        throw failure(errc::bad_status, std::to_string(report.status) + ' ' + printable_url(reason), report.status);
    }
    check_body(answer, options);
    report.reused_connection = answer.reused;
    co_await save(by, target, options, answer, report);
}

} // namespace

asio::awaitable<download_result> download(std::shared_ptr<detail::client_state> client, std::shared_ptr<transfer> by,
                                          std::string url, std::filesystem::path target, download_options options)
{
    const auto start = std::chrono::steady_clock::now();
    struct ending
    {
        transfer& of;
        ~ending() { of.end(); }
    } at_end{*by};
    download_result result;
    download_report& report = result.report;
    report.url = std::move(url);
    const auto fail = [&](const boost::system::error_code& code, unsigned status, const std::string& detail) {
        result.error = std::make_exception_ptr(download_error(code, printable_url(report.url), status, detail));
        report = {};
    };
    try {
        co_await run(*client, *by, target, options, report);
        report.elapsed = std::chrono::steady_clock::now() - start;
    } catch (const failure& cause) {
        fail(cause.code(), cause.status() != 0 ? cause.status() : report.status, cause.detail());
    } catch (const std::bad_alloc&) {
        result.error = std::current_exception();
        report = {};
    } catch (const boost::system::system_error& cause) {
        fail(cause.code(), report.status, {});
    } catch (const std::exception& cause) {
        // Nothing else is expected; should it come, it names the URL all the same.
        fail(make_error_code(boost::system::errc::io_error), report.status, cause.what());
    }
    co_return result;
}

} // namespace tandem::http
