#include "tandem_get/text.hpp"

#include <tandem/http/file_name.hpp>
#include <tandem/http/printable_url.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <cwchar>
#include <iterator>
#include <vector>

#include <locale.h>
#include <wchar.h>

namespace {

/// The calling thread's characters are UTF-8 while it lives, whatever the user's locale is.
class utf8_locale
{
public:
    utf8_locale() : before_(::uselocale(utf8())) {}
    utf8_locale(const utf8_locale&) = delete;
    utf8_locale& operator=(const utf8_locale&) = delete;
    ~utf8_locale() { ::uselocale(before_); }

private:
    static locale_t utf8()
    {
        static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return locale; // null where the system has none: then the locale stays as it is
    }

    locale_t before_;
};

struct character
{
    std::string_view bytes;
    std::size_t columns;
    char32_t code;  ///< of a valid one
    bool valid;     ///< UTF-8
    bool printable; ///< and neither a control character nor a deceptive one
};

/// Calls `use` with each character until it returns false.
template <class Use>
void for_each_character(std::string_view text, const Use& use)
{
    const utf8_locale locale;
    while (!text.empty()) {
        std::mbstate_t state{};
        wchar_t decoded = 0;
        const std::size_t length = std::mbrtowc(&decoded, text.data(), text.size(), &state);
        character one{text.substr(0, 1), 1, 0, false, false};
        if (length == 0) {
            one.valid = true; // a NUL
        } else if (length <= text.size()) {
            const int width = ::wcwidth(decoded);
            const auto code = static_cast<char32_t>(decoded);
            const bool shown = width >= 0 && !tandem::http::is_deceptive(code);
            one = {text.substr(0, length), shown ? static_cast<std::size_t>(width) : 1, code, true, shown};
        }
        if (!use(one)) {
            return;
        }
        text.remove_prefix(one.bytes.size());
    }
}

/// The end that fits into `width` columns.
std::string_view end_of(std::string_view text, std::size_t width)
{
    std::size_t left = columns(text);
    std::string_view result = text;
    for_each_character(text, [&](const character& one) {
        if (left <= width) {
            return false;
        }
        left -= one.columns;
        result.remove_prefix(one.bytes.size());
        return true;
    });
    return result;
}

/// What remember_logins() has found; none is empty.
std::vector<std::string>& given_logins()
{
    static std::vector<std::string> result;
    return result;
}

} // namespace

std::size_t columns(std::string_view text)
{
    std::size_t result = 0;
    for_each_character(text, [&](const character& one) {
        result += one.columns;
        return true;
    });
    return result;
}

std::string printable(std::string_view text)
{
    std::string result;
    for_each_character(text, [&](const character& one) {
        result += one.printable ? one.bytes : "?";
        return true;
    });
    return result;
}

std::string_view item_option(std::string_view word)
{
    constexpr std::string_view keys[] = {"sha256=", "sha512=", "sha1=", "md5=", "out=", "mirror="};
    const auto is_same = [](char given, char small) { return (given >= 'A' && given <= 'Z' ? given + 32 : given) == small; };
    const auto* const found = std::find_if(std::begin(keys), std::end(keys), [&](std::string_view key) {
        return word.size() >= key.size() && std::equal(key.begin(), key.end(), word.begin(),
                                                       [&](char small, char given) { return is_same(given, small); });
    });
    return found == std::end(keys) ? std::string_view() : *found;
}

std::string without_login(std::string_view line)
{
    constexpr std::string_view blanks = " \t";
    std::vector<std::string_view> words;
    for (std::string_view rest = line; !rest.empty();) {
        const std::size_t size = std::min(rest.find_first_of(blanks), rest.size());
        words.push_back(rest.substr(0, size));
        rest.remove_prefix(std::min(size + 1, rest.size()));
    }
    static constexpr std::string_view mirror = "mirror=";
    const auto is_option = [](std::string_view word) { return word.empty() || !item_option(word).empty(); };
    // A word that does not belong there may be the rest of a password with a blank in it.
    const bool divided = std::any_of(words.begin() + (words.empty() ? 0 : 1), words.end(), [&](std::string_view word) {
        return !is_option(word) && word.find('@') != word.npos;
    });
    if (divided) {
        return "..." + tandem::http::printable_url(line.substr(line.rfind('@') + 1));
    }
    // What is said to be a checksum, and is none, may be anything.
    const auto shown_option = [](std::string_view word) {
        const std::size_t value = word.find('=') + 1;
        const bool checksum = value != 0 && !word.starts_with("out=");
        const bool digits = word.find_first_not_of("0123456789abcdefABCDEF", value) == word.npos;
        return std::string(word.substr(0, checksum && !digits ? value : word.npos)) + (checksum && !digits ? "..." : "");
    };
    std::string result;
    for (const std::string_view word : words) {
        if (result.ends_with("...")) {
            break; // all behind it may be the password
        }
        const std::size_t url = item_option(word) == mirror ? mirror.size() : 0;
        result += word.data() == line.data() ? "" : " ";
        result += word.substr(0, url);
        result += url == 0 && is_option(word) ? shown_option(word) : tandem::http::printable_url(word.substr(url));
    }
    return result;
}

void remember_logins(int argc, char** argv)
{
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        if (word.starts_with("--")) {
            word.remove_prefix(std::min(word.find('='), word.size() - 1) + 1);
        } else if (word.starts_with('-')) {
            word.remove_prefix(std::min<std::size_t>(word.size(), 2)); // "-pVALUE"
        }
        const std::string shown = without_login(word);
        const std::size_t at = word.rfind('@');
        // Not what only looks like a login: "icon@2x.png".
        const bool is_login = word.find("://") != word.npos || (at != word.npos && word.find(':') < at);
        if (shown == word || !is_login) {
            continue;
        }
        const auto begin = static_cast<std::size_t>(
            std::mismatch(word.begin(), word.end(), shown.begin(), shown.end()).first - word.begin());
        std::size_t size = word.npos;
        if (shown.size() < word.size() && shown.find("...") == shown.npos) {
            size = word.size() - shown.size();
        } else if (at != word.npos && at >= begin) {
            size = at + 1 - begin;
        }
        given_logins().emplace_back(word.substr(begin, size));
    }
}

std::string without_given_logins(std::string text)
{
    for (const std::string& login : given_logins()) {
        for (std::size_t at = 0; (at = text.find(login, at)) != std::string::npos;) {
            text.erase(at, login.size());
        }
    }
    return text;
}

void hide_logins(int argc, char** argv)
{
    const auto overwrite = [](char* text, const std::string& shown) {
        const std::size_t size = std::strlen(text);
        std::fill_n(std::copy_n(shown.begin(), std::min(size, shown.size()), text), size - std::min(size, shown.size()),
                    '\0');
    };
    const auto hidden = [](std::string_view option, std::string_view value) {
        if (option == "--user" || option == "--header") {
            return std::string(value.substr(0, value.find(':')));
        }
        return without_login(value);
    };
    std::string_view before;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const std::size_t equals = word.starts_with("--") ? word.find('=') : word.npos;
        const std::string shown =
            equals == word.npos ? hidden(before, word)
                                : word.substr(0, equals + 1) + hidden(word.substr(0, equals), word.substr(equals + 1));
        before = equals == word.npos && word == "--user"     ? "--user"
                 : equals == word.npos && word == "--header" ? "--header"
                                                             : "";
        if (shown != word) {
            overwrite(argv[i], shown);
        }
    }
}

std::string valid_utf8(std::string_view text)
{
    std::string result;
    for_each_character(text, [&](const character& one) {
        result += one.valid ? one.bytes : "\xef\xbf\xbd";
        return true;
    });
    return result;
}

std::string escape_deceptive(std::string_view json)
{
    std::string result;
    const auto append_unit = [&result](std::uint32_t unit) {
        char text[16];
        std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(unit));
        result += text;
    };
    for_each_character(json, [&](const character& one) {
        constexpr char32_t one_unit = 0x10000;
        if (!one.valid || !tandem::http::is_deceptive(one.code)) {
            result += one.bytes;
        } else if (one.code < one_unit) {
            append_unit(one.code);
        } else {
            append_unit(0xd800 + ((one.code - one_unit) >> 10));
            append_unit(0xdc00 + ((one.code - one_unit) & 0x3ff));
        }
        return true;
    });
    return result;
}

std::string cut(std::string_view text, std::size_t width)
{
    std::size_t used = 0;
    std::size_t length = 0;
    for_each_character(text, [&](const character& one) {
        used += one.columns;
        if (used > width) {
            return false;
        }
        length += one.bytes.size();
        return true;
    });
    return std::string(text.substr(0, length));
}

std::string shortened(std::string_view text, std::size_t width)
{
    constexpr std::string_view left_out = "...";
    if (columns(text) <= width) {
        return std::string(text);
    }
    if (width <= left_out.size() + 1) {
        return cut(text, width);
    }
    const std::size_t kept = width - left_out.size();
    return cut(text, kept - kept / 2).append(left_out).append(end_of(text, kept / 2));
}

std::string padded(std::string text, std::size_t width)
{
    const std::size_t used = columns(text);
    text.append(used < width ? width - used : 0, ' ');
    return text;
}

std::string right_aligned(const std::string& text, std::size_t width)
{
    const std::size_t used = columns(text);
    return std::string(used < width ? width - used : 0, ' ') + text;
}

std::string grouped(std::uint64_t count)
{
    std::string result = std::to_string(count);
    for (std::size_t end = result.size(); end > 3; end -= 3) {
        result.insert(end - 3, 1, ',');
    }
    return result;
}

std::string in_files(std::uint64_t count)
{
    return grouped(count) + (count == 1 ? " file" : " files");
}

std::string in_units(double bytes)
{
    const char* unit = "B";
    for (const char* next : {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
        if (bytes < 999.95) { // not 1024: four digits before the point, also by rounding, would not fit into a column
            break;
        }
        bytes /= 1024;
        unit = next;
    }
    char text[32];
    std::snprintf(text, sizeof text, unit[1] == '\0' ? "%.0f %s" : "%.1f %s", bytes, unit);
    return text;
}

std::string in_units(std::uint64_t bytes)
{
    return in_units(static_cast<double>(bytes));
}

std::string in_seconds(double seconds)
{
    constexpr double many = 99.9;
    if (seconds > many) {
        return in_time(seconds);
    }
    char text[32];
    std::snprintf(text, sizeof text, seconds < 1 ? "%.0f ms" : "%.1f s", seconds < 1 ? seconds * 1000 : seconds);
    return text;
}

std::string in_time(double seconds)
{
    constexpr double longest = 1e12;
    const auto all = static_cast<std::uint64_t>(std::clamp(seconds + 0.5, 0.0, longest));
    const std::uint64_t hours = all / 3600;
    const unsigned minutes = static_cast<unsigned>(all / 60 % 60);
    char text[32];
    if (hours >= 100) {
        return grouped(hours / 24) + " days";
    }
    if (hours > 0) {
        std::snprintf(text, sizeof text, "%u:%02u:%02u", static_cast<unsigned>(hours), minutes,
                      static_cast<unsigned>(all % 60));
    } else {
        std::snprintf(text, sizeof text, "%u:%02u", minutes, static_cast<unsigned>(all % 60));
    }
    return text;
}
