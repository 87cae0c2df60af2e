#ifndef EXAMPLE_DOWNLOAD_OPTIONS_HPP
#define EXAMPLE_DOWNLOAD_OPTIONS_HPP

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

struct options
{
    std::filesystem::path output{}; ///< empty: a temporary folder
    std::size_t parallel = 32;
    std::size_t workers = 0; ///< 0: as many as cores may be used
    std::filesystem::path cacert{};
    std::vector<std::string> urls{};
};

/// Nothing where help was asked for, and shown. Throws std::exception for a wrong command line.
std::optional<options> read_options(int argc, char** argv);

#endif
