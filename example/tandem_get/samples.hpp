#ifndef EXAMPLE_TANDEM_GET_SAMPLES_HPP
#define EXAMPLE_TANDEM_GET_SAMPLES_HPP

#include <cstddef>
#include <filesystem>
#include <vector>

/// Where the Boost headers are that this was compiled with: the folder that holds "boost/version.hpp".
std::filesystem::path boost_headers();

/// Up to `count` headers below `root`/boost, relative to `root`, always the same ones, spread over all of them.
std::vector<std::filesystem::path> sample_headers(const std::filesystem::path& root, std::size_t count);

#endif
