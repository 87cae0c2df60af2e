#include "download/options.hpp"

#include <boost/program_options.hpp>

#include <iostream>
#include <stdexcept>

namespace po = boost::program_options;

std::optional<options> read_options(int argc, char** argv)
{
    options result;
    std::string output;
    std::string cacert;
    int parallel = static_cast<int>(result.parallel);
    int workers = 0;
    po::options_description shown("Options");
    shown.add_options()("output,o", po::value(&output)->value_name("FOLDER"),
                        "where the files go; default: \"downloads\", or a temporary folder without URLs")(
        "parallel,p", po::value(&parallel)->value_name("N")->default_value(parallel), "downloads at once")(
        "workers,w", po::value(&workers)->value_name("N"),
        "threads, and processes, for the work on the files; default: as many as cores may be used")(
        "cacert", po::value(&cacert)->value_name("FILE"),
        "PEM certificates to trust in place of the system's")("help,h", "show this");
    po::options_description all;
    all.add(shown).add_options()("url", po::value(&result.urls));
    po::positional_options_description positional;
    positional.add("url", -1);

    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help")) {
        std::cout
            << "download [OPTIONS] [URL...]\n\n"
               "Downloads the URLs (http, https), many at once, and computes SHA-256 and gzip of each file in\n"
               "processes of its own. Without URLs it serves the installed Boost headers to itself and downloads\n"
               "1,000 of them. A file of the same name from before is replaced.\n\n"
            << shown;
        return std::nullopt;
    }
    if (parallel < 1 || parallel > 10'000) {
        throw std::invalid_argument("--parallel must be between 1 and 10000");
    }
    if (workers < 0 || workers > 1'000) {
        throw std::invalid_argument("--workers must be between 1 and 1000, or 0 for as many as cores may be used");
    }
    result.output = !output.empty() ? output : result.urls.empty() ? "" : "downloads";
    result.parallel = static_cast<std::size_t>(parallel);
    result.workers = static_cast<std::size_t>(workers);
    result.cacert = cacert;
    return result;
}
