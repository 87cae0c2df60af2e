#include "http/syntax/lower_case.hpp"
#include "http/syntax/printable.hpp"

#include <tandem/http/download_list.hpp>
#include <tandem/http/printable_url.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tandem::http {
namespace {

constexpr std::string_view separators = " \t\r";

/// Takes what stands before the next space; empty at the end.
std::string_view take_word(std::string_view& line)
{
    line.remove_prefix(std::min(line.find_first_not_of(separators), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(separators));
    line.remove_prefix(word.size());
    return word;
}

/// Whether `word` begins with `key`, in letters of either case.
bool has_key(std::string_view word, std::string_view key)
{
    return lower_case(word.substr(0, key.size())) == key;
}

std::filesystem::path checked_name(std::string_view text)
{
    const std::filesystem::path name(text);
    if (!name.has_filename() || name.is_absolute() || name.filename() == "." ||
        std::find(name.begin(), name.end(), "..") != name.end()) {
        throw std::invalid_argument("out= takes the name of a file below the folder, without \"..\"");
    }
    if (has_deceptive(text)) {
        throw std::invalid_argument("out= takes a name without characters that control a terminal, turn the text's "
                                    "direction, or are not seen");
    }
    return name;
}

} // namespace

std::optional<list_item> list_item::parse(std::string_view line)
{
    list_item item;
    item.url = take_word(line);
    if (item.url.empty() || item.url.front() == '#') {
        return std::nullopt;
    }
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
        constexpr std::string_view out = "out=";
        constexpr std::string_view mirror = "mirror=";
        if (has_key(word, out)) {
            if (!item.name.empty()) {
                throw std::invalid_argument("a second out=");
            }
            item.name = checked_name(word.substr(out.size()));
        } else if (has_key(word, mirror)) {
            if (word.size() == mirror.size()) {
                throw std::invalid_argument("mirror= takes an http or https URL");
            }
            item.mirrors.emplace_back(word.substr(mirror.size()));
        } else {
            std::optional<checksum> expected;
            try {
                expected = checksum::parse(word);
            } catch (const std::invalid_argument& e) {
                // Behind a blank in a URL may stand the rest of its password.
                const bool secret =
                    word.find('@') != word.npos || line.find('@') != line.npos || printable_url(item.url) != item.url;
                const std::string_view name = word.substr(0, word.find('=') + 1); // its value may be anything
                const std::string what =
                    secret ? "what stands behind the URL" : '"' + printable_url(name.empty() ? word : name) + '"';
                throw std::invalid_argument(what + " is neither out= nor mirror=, and " + e.what());
            }
            if (item.expected) {
                throw std::invalid_argument("a second checksum");
            }
            item.expected = std::move(expected);
        }
    }
    return item;
}

} // namespace tandem::http
