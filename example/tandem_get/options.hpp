#ifndef EXAMPLE_TANDEM_GET_OPTIONS_HPP
#define EXAMPLE_TANDEM_GET_OPTIONS_HPP

#include "tandem_get/output_stream.hpp"
#include "tandem_get/then_task.hpp"

#include <tandem/http/download_list.hpp>
#include <tandem/http/options.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What the command line says.
struct options
{
    std::vector<tandem::http::list_item> items{};
    std::optional<std::string> input{}; ///< a list; "-" is the standard input
    std::filesystem::path directory = ".";
    std::optional<output_stream> stream{}; ///< that the only URL's file is written into; nothing: it is a file of its own
    std::size_t parallel = 16;
    tandem::http::client_options connections{};
    std::string http_proxy_source{}; ///< what names the proxy for http URLs: "--proxy", a variable; empty: there is none
    std::string https_proxy_source{};
    tandem::http::download_options each{};
    const then_task* then = nullptr; ///< null: none
    std::size_t workers = 0;         ///< 0: as many as cores may be used
    std::optional<std::string> json{};
    bool quiet = false;
    bool demo = false;
};

/// Nothing where help or the version was asked for, and shown. Throws std::exception for a wrong command line.
std::optional<options> read_options(int argc, char** argv);

/// Of the words behind the options: URLs, each followed by its own options such as "sha256=...", as on a list's line.
/// Throws `std::invalid_argument` for any other, and shows none of it where it stands `near_secrets`.
std::vector<tandem::http::list_item> items_of(const std::vector<std::string>& words, bool near_secrets = false);

#endif
