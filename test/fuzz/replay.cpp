// replay FILE_OR_DIRECTORY...: gives each file to the fuzz target once. For compilers without libFuzzer.
#include "target.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

void replay(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    tandem::fuzz::check(in.is_open(), "the file can be read");
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    std::fprintf(stderr, "%s\n", file.c_str()); // the last one shown is the one that fails
    // Exactly as large, so that a sanitizer sees a read beyond its end.
    const std::vector<std::uint8_t> input(content.begin(), content.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<fs::path> files;
    for (const fs::path argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        if (fs::is_directory(argument))
            files.insert(files.end(), fs::directory_iterator(argument), {});
        else
            files.push_back(argument);
    }
    std::ranges::sort(files);
    for (const fs::path& file : files)
        replay(file);
    std::printf("%zu inputs\n", files.size());
    return files.empty() ? 1 : 0;
}
