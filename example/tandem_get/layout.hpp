#ifndef EXAMPLE_TANDEM_GET_LAYOUT_HPP
#define EXAMPLE_TANDEM_GET_LAYOUT_HPP

#include <tandem/http/progress.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// One file that is being downloaded.
struct file_state
{
    std::string name{}; ///< printable
    tandem::http::download_progress::phase phase = tandem::http::download_progress::phase::waiting;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> total{}; ///< bytes; nothing where it is not known
    double rate = 0;                      ///< bytes a second
    unsigned retries = 0;
};

/// What there is to be shown.
struct screen_state
{
    std::vector<file_state> active{};
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::optional<std::uint64_t> files{}; ///< in all; nothing where the list is still being read
    std::uint64_t worked_on = 0;          ///< downloaded, and being worked on
    std::string work{};                   ///< the name of that work
    std::uint64_t bytes = 0;              ///< of all files, as far as they are there
    double rate = 0;                      ///< bytes a second, of all
    std::optional<double> seconds_left{}; ///< nothing where it is not known
};

/// The lines of the screen's lower part for a terminal of this size: one for each active file, as far as there is room,
/// and one for all. None is as wide as the terminal, so that none wraps; there are fewer than the terminal has, and at
/// least one. What has no room is left out as a whole: of a number there is never a part.
std::vector<std::string> layout(const screen_state& state, std::size_t width, std::size_t height);

#endif
