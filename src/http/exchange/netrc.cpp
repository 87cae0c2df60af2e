#include "http/exchange/netrc.hpp"

#include "http/file/descriptor.hpp"

#include <boost/system/system_error.hpp>
#include <boost/url/grammar/ci_string.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace tandem::http {
namespace {

constexpr std::size_t max_netrc_size = 1024 * 1024;
constexpr std::string_view netrc_blanks = " \t\r\n";

/// Takes the next token, a quoted one without its quotes; nothing at the end.
std::optional<std::string> take_token(std::string_view& text)
{
    text.remove_prefix(std::min(text.find_first_not_of(netrc_blanks), text.size()));
    if (text.empty()) {
        return std::nullopt;
    }
    std::string token;
    if (text.front() != '"') {
        token = text.substr(0, text.find_first_of(netrc_blanks));
        text.remove_prefix(token.size());
        return token;
    }
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
        }
        token += text[i];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
    return token;
}

void skip_line(std::string_view& text)
{
    text.remove_prefix(std::min(text.find('\n'), text.size()));
}

/// A macro ends with an empty line.
void skip_macro(std::string_view& text)
{
    do {
        skip_line(text);
        text.remove_prefix(text.empty() ? 0 : 1);
    } while (!text.empty() && text.front() != '\n' && !text.starts_with("\r\n"));
}

} // namespace

netrc netrc::read(const std::filesystem::path& file)
{
    // Not only a regular file: a shell's <(...) is a pipe.
    const descriptor from(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    boost::system::error_code error;
    if (from.get() < 0) {
        error.assign(errno, boost::system::system_category());
    }
    const std::string text = error ? std::string() : read_all(from, max_netrc_size, error);
    if (error) {
        throw boost::system::system_error(error.value(), error.category(), "cannot read logins from " + file.string());
    }
    return parse(text);
}

netrc netrc::parse(std::string_view text)
{
    netrc result;
    while (const std::optional<std::string> keyword = take_token(text)) {
        // A password may begin with it, a keyword does not.
        if (keyword->starts_with('#')) {
            skip_line(text);
        } else if (*keyword == "machine") {
            std::optional<std::string> host = take_token(text);
            if (!host) {
                break; // without a name it would be the default
            }
            result.entries_.push_back({std::move(host), {}, {}});
        } else if (*keyword == "default") {
            result.entries_.emplace_back();
        } else if (*keyword == "macdef") {
            skip_macro(text);
        } else if (*keyword == "login" || *keyword == "password" || *keyword == "account") {
            std::optional<std::string> value = take_token(text);
            if (result.entries_.empty()) {
                continue;
            }
            if (*keyword == "login") {
                result.entries_.back().user = std::move(value);
            } else if (*keyword == "password") {
                result.entries_.back().password = std::move(value);
            }
        }
    }
    return result;
}

std::optional<credentials> netrc::find(std::string_view host, const std::optional<std::string>& user,
                                       bool may_be_default) const
{
    const entry* found = nullptr;
    for (const entry& each : entries_) {
        if (user && each.user.value_or(*user) != *user) {
            continue;
        }
        if (each.host && boost::urls::grammar::ci_is_equal(*each.host, host)) {
            found = &each;
            break;
        }
        if (!each.host && !found && may_be_default) {
            found = &each;
        }
    }
    if (!found || (!found->user && !found->password)) {
        return std::nullopt;
    }
    return credentials{user.value_or(found->user.value_or(std::string())), found->password.value_or(std::string())};
}

} // namespace tandem::http
