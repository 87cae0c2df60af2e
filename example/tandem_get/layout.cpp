#include "tandem_get/layout.hpp"

#include "tandem_get/text.hpp"

#include <algorithm>

using phase = tandem::http::download_progress::phase;

namespace {

// The columns beside a file's name, two spaces before each. A narrow terminal has the first ones only.
constexpr std::size_t gap = 2;
constexpr std::size_t how_far_width = 8;
constexpr std::size_t bytes_width = 10;
constexpr std::size_t rate_width = 12;
constexpr std::size_t left_width = 8;
constexpr std::size_t least_name_width = 12;

std::string how_far(const file_state& file)
{
    switch (file.phase) {
    case phase::waiting:
        return "waiting";
    case phase::pausing:
        return "retry " + std::to_string(file.retries + 1);
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
    return in_time(static_cast<double>(*file.total - file.bytes) / file.rate);
}

std::string line_of(const file_state& file, std::size_t width)
{
    std::string columns_beside;
    const auto add = [&](const std::string& text, std::size_t column) {
        if (width >= least_name_width + columns_beside.size() + gap + column) {
            columns_beside += std::string(gap, ' ') + right_aligned(text, column);
        }
    };
    const bool receiving = file.phase == phase::receiving;
    add(how_far(file), how_far_width);
    add(file.bytes > 0 ? in_units(file.bytes) : "", bytes_width);
    add(receiving ? in_units(file.rate) + "/s" : "", rate_width);
    add(time_left(file), left_width);
    const std::size_t for_name = width - std::min(width, columns_beside.size());
    return cut(padded(shortened(file.name, for_name), for_name) + columns_beside, width);
}

std::string line_of_all(const screen_state& state)
{
    std::string text = state.files ? grouped(state.done) + " of " + in_files(*state.files) : in_files(state.done);
    if (state.failed > 0) {
        text += ", " + grouped(state.failed) + " failed";
    }
    text += ", " + in_units(state.bytes) + ", " + in_units(state.rate) + "/s";
    if (state.seconds_left) {
        text += ", " + in_time(*state.seconds_left) + " left";
    }
    if (state.worked_on > 0) {
        text += ", " + grouped(state.worked_on) + " in " + state.work;
    }
    return text;
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
        lines.push_back(cut("... and " + grouped(state.active.size() - shown) + " more", line));
    }
    lines.push_back(cut(line_of_all(state), line));
    return lines;
}
