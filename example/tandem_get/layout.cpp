#include "tandem_get/layout.hpp"

#include "tandem_get/text.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

using phase = tandem::http::download_progress::phase;

namespace {

// The columns beside a file's name, spaces before each. What stands in one is never wider, and so never cut.
constexpr std::size_t how_far_width = 8;
constexpr std::size_t bytes_width = 10;
constexpr std::size_t rate_width = 12;
constexpr std::size_t left_width = 8;

std::string how_far(const file_state& file)
{
    switch (file.phase) {
    case phase::waiting:
        return "waiting";
    case phase::pausing:
        return file.retries < 99 ? "retry " + std::to_string(file.retries + 1) : "retrying";
    case phase::receiving:
    case phase::ended:
        break;
    }
    if (!file.total) {
        return "";
    }
    const double part = *file.total == 0 ? 1 : static_cast<double>(file.bytes) / static_cast<double>(*file.total);
    return std::to_string(static_cast<unsigned>(std::min(part, 1.0) * 100)) + " %";
}

std::string time_left(const file_state& file)
{
    if (file.phase != phase::receiving || !file.total || file.rate < 1 || *file.total < file.bytes) {
        return "";
    }
    const std::string left = in_time(static_cast<double>(*file.total - file.bytes) / file.rate);
    return left.size() <= left_width ? left : ""; // more than 999 days: nobody knows
}

struct column
{
    std::string text;
    std::size_t width;
};

/// Beside a name, of which at least `name_width` columns must be left; nothing where they do not leave them.
std::optional<std::string> beside_name(const std::vector<const column*>& columns_shown, std::size_t gap,
                                       std::size_t name_width, std::size_t width)
{
    std::string result;
    for (const column* each : columns_shown) {
        result += std::string(gap, ' ') + right_aligned(each->text, each->width);
    }
    return width >= name_width + result.size() ? std::optional(result) : std::nullopt;
}

/// As much as there is room for: a narrow terminal keeps how far it is, how fast, and how long it takes, the longest.
std::string beside_name(const file_state& file, std::size_t width)
{
    constexpr std::size_t wide_gap = 2;
    constexpr std::size_t narrow_gap = 1;
    constexpr std::size_t name = 12;
    constexpr std::size_t short_name = 7; // "a...iso"
    const column far{how_far(file), how_far_width};
    const column bytes{file.bytes > 0 ? in_units(file.bytes) : "", bytes_width};
    const column rate{file.phase == phase::receiving ? in_units(file.rate) + "/s" : "", rate_width};
    const column left{time_left(file), left_width};
    struct choice
    {
        std::vector<const column*> columns;
        std::size_t gap;
        std::size_t name_width;
    };
    for (const choice& one : {choice{{&far, &bytes, &rate, &left}, wide_gap, name},
                              choice{{&far, &rate, &left}, wide_gap, name},
                              choice{{&far, &rate, &left}, narrow_gap, short_name},
                              choice{{&far, &rate}, narrow_gap, short_name},
                              choice{{&far}, narrow_gap, short_name}}) {
        if (auto result = beside_name(one.columns, one.gap, one.name_width, width)) {
            return *result;
        }
    }
    return "";
}

std::string line_of(const file_state& file, std::size_t width)
{
    const std::string columns_beside = beside_name(file, width);
    const std::size_t for_name = width - columns_beside.size();
    return padded(shortened(file.name, for_name), for_name) + columns_beside;
}

/// Of texts in the order of a line, those that have room in it: the most important ones first.
std::string line_of_parts(const std::vector<std::pair<std::string, int>>& parts, std::size_t width)
{
    constexpr std::string_view between = ", ";
    std::vector<bool> shown(parts.size(), false);
    std::size_t used = 0;
    for (int importance = 0; importance != static_cast<int>(parts.size()); ++importance) {
        for (std::size_t i = 0; i != parts.size(); ++i) {
            const std::string& text = parts[i].first;
            const std::size_t needed = columns(text) + (used > 0 ? between.size() : 0);
            if (parts[i].second == importance && !text.empty() && used + needed <= width) {
                shown[i] = true;
                used += needed;
            }
        }
    }
    std::string result;
    for (std::size_t i = 0; i != parts.size(); ++i) {
        if (shown[i]) {
            result += (result.empty() ? "" : std::string(between)) + parts[i].first;
        }
    }
    return result;
}

std::string line_of_all(const screen_state& state, std::size_t width)
{
    std::string files = state.files ? grouped(state.done) + " of " + in_files(*state.files) : in_files(state.done);
    const std::string rate = in_units(state.rate) + "/s";
    const std::string left = state.seconds_left ? in_time(*state.seconds_left) + " left" : "";
    constexpr std::size_t separators = 4;
    if (state.files && files.size() + rate.size() + left.size() + separators > width) {
        files = grouped(state.done) + '/' + grouped(*state.files);
    }
    return line_of_parts({{files, 0},
                          {state.failed > 0 ? grouped(state.failed) + " failed" : "", 3},
                          {in_units(state.bytes), 4},
                          {rate, 1},
                          {left, 2},
                          {state.worked_on > 0 ? grouped(state.worked_on) + " in " + state.work : "", 5}},
                         width);
}

} // namespace

std::vector<std::string> layout(const screen_state& state, std::size_t width, std::size_t height)
{
    const std::size_t room = std::max<std::size_t>(height, 2) - 1; // lines
    const std::size_t line = std::max<std::size_t>(width, 2) - 1;  // columns
    std::size_t shown = std::min(state.active.size(), room - 1);
    const bool all_shown = shown == state.active.size();
    if (!all_shown && shown > 0) {
        --shown; // for the line that says how many are not
    }

    std::vector<std::string> lines;
    for (std::size_t i = 0; i < shown; ++i) {
        lines.push_back(line_of(state.active[i], line));
    }
    if (!all_shown && room > 1) {
        lines.push_back(line_of_parts({{"... and " + grouped(state.active.size() - shown) + " more", 0}}, line));
    }
    lines.push_back(line_of_all(state, line));
    return lines;
}
