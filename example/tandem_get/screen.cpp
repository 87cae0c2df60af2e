#include "tandem_get/screen.hpp"

#include "tandem_get/text.hpp"
#include "tandem_get/writing.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace {

/// What the cursor is moved with, every terminal knows but those that say so: an editor's, a log's.
bool knows_escapes()
{
    const char* const kind = std::getenv("TERM");
    return kind && *kind != '\0' && std::string_view(kind) != "dumb";
}

} // namespace

screen::screen() : terminal_(::isatty(STDERR_FILENO) == 1 && knows_escapes()) {}

screen::size screen::dimensions() const
{
    winsize window{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0) {
        return {80, 24};
    }
    return {window.ws_col, window.ws_row};
}

void screen::say(const std::string& line)
{
    const std::string text = without_given_logins(line);
    std::string_view rest = text;
    for (std::size_t end = 0; end != std::string_view::npos;) {
        end = rest.find('\n');
        said_ += (rest.data() == text.data() ? "" : "    ") + printable(rest.substr(0, end)) + '\n';
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
}

void screen::print(const std::string& line)
{
    printed_ += line + '\n';
}

void screen::show(const std::vector<std::string>& lines)
{
    if (said_.empty() && printed_.empty() && lines.empty() && !drawn_) {
        return;
    }
    // The cursor was left at the beginning of the lines that were drawn. So they are cleared whatever the terminal made
    // of them when its size changed.
    std::string text = std::exchange(drawn_, false) ? "\r\x1b[J" : "";
    text += std::exchange(said_, {});
    if (!printed_.empty()) {
        write_whole(STDERR_FILENO, std::exchange(text, {}));
        const int error = write_whole(STDOUT_FILENO, std::exchange(printed_, {}));
        print_error_ = print_error_ == 0 ? error : print_error_;
    }
    for (const std::string& line : lines) {
        text += (drawn_ ? "\n" : "") + line;
        drawn_ = true;
    }
    if (drawn_) {
        text += '\r';
        if (lines.size() > 1) {
            text += "\x1b[" + std::to_string(lines.size() - 1) + 'A';
        }
    }
    write_whole(STDERR_FILENO, text); // at once, so that it does not flicker; where it fails, nobody is left to be told
}
