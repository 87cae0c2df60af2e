#include "tandem_get/samples.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

// Given by the build; without it the usual folders are tried.
#ifndef EXAMPLE_BOOST_INCLUDE
#define EXAMPLE_BOOST_INCLUDE "/usr/include"
#endif

namespace fs = std::filesystem;

fs::path boost_headers()
{
    for (const char* folder : {EXAMPLE_BOOST_INCLUDE, "/usr/include", "/usr/local/include"}) {
        if (fs::is_regular_file(fs::path(folder) / "boost" / "version.hpp")) {
            return folder;
        }
    }
    throw std::runtime_error("the Boost headers are not installed here; give URLs to download instead");
}

std::vector<fs::path> sample_headers(const fs::path& root, std::size_t count)
{
    std::vector<fs::path> all;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / "boost")) {
        if (entry.is_regular_file() && entry.path().extension() == ".hpp") {
            all.push_back(entry.path().lexically_relative(root));
        }
    }
    std::sort(all.begin(), all.end());
    if (all.size() <= count) {
        return all;
    }
    std::vector<fs::path> result;
    for (std::size_t i = 0; i < count; ++i) {
        result.push_back(all[i * all.size() / count]);
    }
    return result;
}
