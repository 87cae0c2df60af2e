#include "tandem_get/scheme.hpp"

#include "tandem_get/text.hpp"

#include <tandem/http/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace http = tandem::http;

namespace {

bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::string_view after_scheme = "://";

/// Before "://"; empty where there is none.
std::string scheme_of(std::string_view url)
{
    const std::size_t end = url.find(after_scheme);
    std::string result(url.substr(0, end == url.npos ? 0 : end));
    const auto belongs = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; };
    if (!std::all_of(result.begin(), result.end(), belongs)) {
        return "";
    }
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

bool may_be_http(std::string_view url)
{
    const std::string scheme = scheme_of(url);
    if (scheme.empty()) {
        return lacks_scheme(url);
    }
    const std::string_view rest = url.substr(scheme.size() + after_scheme.size());
    return (scheme == "http" || scheme == "https") && rest.find_first_of("/?#") != 0 && !rest.empty();
}

/// There was neither a TLS connection, nor a certificate that was refused, nor an answer: it may be another protocol's
/// port, or nobody's.
bool is_no_https(const boost::system::error_code& code)
{
    if (code == asio::error::host_not_found || code == asio::error::host_not_found_try_again ||
        code == asio::error::operation_aborted) {
        return false; // nor by http; nor has it been tried
    }
    return code.category() != http::error_category() || code == http::errc::connect_timeout;
}

/// "host:port" of a URL without a scheme.
std::string authority_of(std::string_view url)
{
    std::string result(url.substr(0, url.find_first_of("/?#")));
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

/// Items that wait while their hosts are asked; behind them the source has to wait too.
constexpr std::size_t most_waiting = 256;

/// Hosts that are remembered.
constexpr std::size_t most_known = 10'000;

} // namespace

bool lacks_scheme(std::string_view url)
{
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    std::size_t end = 0;
    if (authority.starts_with('[')) {
        end = authority.find(']');
        if (end == std::string_view::npos) {
            return false;
        }
        ++end;
    } else {
        end = std::min(authority.find(':'), authority.size());
    }
    const std::string_view host = authority.substr(0, end);
    const std::string_view port = authority.substr(end);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    constexpr std::size_t longest_port = std::string_view(":65535").size();
    const bool port_is_one = port.size() > 1 && port.size() <= longest_port && port.front() == ':' && std::all_of(port.begin() + 1, port.end(), is_digit);
    if (host.empty() || !(port.empty() || port_is_one)) {
        return false;
    }
    if (host.front() == '[') {
        return true;
    }
    if (host == "http" || host == "https") {
        return false; // of which the colon is missing
    }
    // One word alone is more likely a mistake.
    return std::all_of(host.begin(), host.end(), is_host_character) &&
           (port_is_one || host == "localhost" || host.find('.') != std::string_view::npos || authority.size() < url.size());
}

bool may_be_url(std::string_view word)
{
    return !scheme_of(word).empty() || lacks_scheme(word);
}

void check_mirrors(const http::list_item& item)
{
    for (const std::string& mirror : item.mirrors) {
        if (!may_be_http(mirror)) {
            throw std::invalid_argument("mirror= takes an http or https URL, not '" + without_login(mirror) + "'");
        }
    }
}

scheme_finder::scheme_finder(item_source& source, const http::client& client, const http::download_options& limits,
                             const asio::any_io_executor& executor, tell is_http)
    : source_(source), client_(client), limits_(limits), is_http_(std::move(is_http)), changed_(executor)
{
    changed_.expires_at(asio::steady_timer::time_point::max());
}

asio::awaitable<std::optional<http::list_item>> scheme_finder::next()
{
    while (!stopped_) {
        if (!ready_.empty()) {
            http::list_item item = std::move(ready_.front());
            ready_.pop_front();
            co_return item;
        }
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        if (ended_ && waiting_ == 0) {
            break;
        }
        if (waiting_ == 0 && !pulling_) {
            co_await pull();
            continue;
        }
        if (!ended_ && !pulling_ && waiting_ < most_waiting) {
            pulling_ = true; // beside those who wait: a list may be slow
            asio::co_spawn(changed_.get_executor(), pull(), [this](std::exception_ptr error) {
                pulling_ = false;
                failure_ = error;
                changed_.cancel();
            });
        }
        boost::system::error_code woken;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return std::nullopt;
}

void scheme_finder::stop()
{
    stopped_ = true;
    source_.stop();
    for (auto& [name, one] : hosts_) {
        one.cancel.emit(asio::cancellation_type::terminal);
    }
    changed_.cancel();
}

asio::awaitable<void> scheme_finder::pull()
{
    std::optional<http::list_item> item = co_await source_.next();
    if (item) {
        take(std::move(*item));
    } else {
        ended_ = true;
    }
}

void scheme_finder::take(http::list_item item)
{
    for (std::string& mirror : item.mirrors) {
        if (lacks_scheme(mirror)) {
            mirror.insert(0, "https://");
        }
    }
    if (!lacks_scheme(item.url)) {
        ready_.push_back(std::move(item));
        return;
    }
    if (hosts_.size() >= most_known) {
        std::erase_if(hosts_, [](const auto& each) { return each.second.secure.has_value(); });
    }
    const auto [place, is_new] = hosts_.try_emplace(authority_of(item.url));
    host& its_host = place->second;
    if (limits_.https_only) {
        its_host.secure = true;
    } else if (is_new) {
        asio::co_spawn(changed_.get_executor(), answers_by_https("https://" + item.url),
                       asio::bind_cancellation_slot(its_host.cancel.slot(),
                                                    [this, &its_host](std::exception_ptr error, bool secure) {
                                                        its_host.secure = error || secure;
                                                        answered(its_host);
                                                    }));
    }
    its_host.waiting.push_back(std::move(item));
    ++waiting_;
    if (its_host.secure) {
        answered(its_host);
    }
}

/// What waited for it can go.
void scheme_finder::answered(host& one)
{
    const bool secure = *one.secure;
    waiting_ -= one.waiting.size();
    for (http::list_item& item : one.waiting) {
        item.url.insert(0, secure ? "https://" : "http://");
        if (!secure && !one.told && !stopped_) {
            is_http_(item.url);
            one.told = true;
        }
        ready_.push_back(std::move(item));
    }
    one.waiting.clear();
    changed_.cancel();
}

asio::awaitable<bool> scheme_finder::answers_by_https(std::string url) const
{
    http::request probe;
    probe.url = std::move(url);
    probe.method = "HEAD";
    probe.options.max_redirects = 0;
    probe.options.idle_timeout = limits_.idle_timeout;
    probe.options.total_timeout = limits_.total_timeout;
    bool result = true;
    try {
        co_await client_.async_request(std::move(probe), asio::use_awaitable);
    } catch (const http::download_error& error) {
        result = !is_no_https(error.code());
    }
    co_return result;
}
