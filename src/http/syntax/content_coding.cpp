#include "http/syntax/content_coding.hpp"

#include "http/syntax/lower_case.hpp"

#include <algorithm>
#include <string>

namespace tandem::http {
namespace {

/// Endings of names whose files hold a coding's bytes.
struct coding_ending
{
    std::string_view coding;
    std::string_view ending;
};

constexpr coding_ending coding_endings[] = {
    {"gzip", ".gz"},    {"gzip", ".tgz"},     {"gzip", ".gzip"}, {"gzip", ".taz"},
    {"gzip", ".svgz"},  {"br", ".br"},        {"zstd", ".zst"},  {"zstd", ".tzst"},
    {"compress", ".z"}, {"compress", ".taz"}, {"bzip2", ".bz2"}, {"bzip2", ".tbz2"},
    {"bzip2", ".tbz"},  {"xz", ".xz"},        {"xz", ".txz"},    {"lzma", ".lzma"},
};

} // namespace

std::vector<std::string_view> listed_codings(std::string_view field)
{
    constexpr std::string_view blanks = " \t";
    std::vector<std::string_view> result;
    while (!field.empty()) {
        std::string_view one = field.substr(0, field.find(','));
        field.remove_prefix(std::min(one.size() + 1, field.size()));
        one.remove_prefix(std::min(one.find_first_not_of(blanks), one.size()));
        one = one.substr(0, one.find_last_not_of(blanks) + 1);
        if (!one.empty() && lower_case(one) != "identity") {
            result.push_back(one);
        }
    }
    return result;
}

bool is_gzip_coding(std::string_view coding)
{
    const std::string name = lower_case(coding);
    return name == "gzip" || name == "x-gzip";
}

bool name_tells_coding(std::string_view name, std::string_view field)
{
    const std::vector<std::string_view> codings = listed_codings(field);
    if (codings.size() != 1) {
        return false;
    }
    std::string coding = lower_case(codings.front());
    if (coding.starts_with("x-")) {
        coding.erase(0, 2);
    }
    const std::string low = lower_case(name);
    return std::any_of(std::begin(coding_endings), std::end(coding_endings), [&](const coding_ending& one) {
        return one.coding == coding && low.size() > one.ending.size() && low.ends_with(one.ending);
    });
}

} // namespace tandem::http
