#include <support/gate.hpp>
#include <support/waiting.hpp>

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <stdlib.h>
#include <system_error>

namespace test {

namespace fs = std::filesystem;

namespace {

std::size_t announced_at(const fs::path& folder)
{
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder))
        count += entry.path().filename().string().starts_with("begun.");
    return count;
}

} // namespace

gate::gate()
{
    std::string name = (fs::temp_directory_path() / "tandem_test_XXXXXX").string();
    if (!::mkdtemp(name.data()))
        throw std::system_error(errno, std::generic_category(), name);
    folder_ = name;
}

gate::~gate()
{
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void gate::open() const
{
    std::ofstream(folder_ / "open");
}

std::size_t gate::begun() const
{
    return announced_at(folder_);
}

bool gate::wait_for_begun(std::size_t count) const
{
    return eventually([&] { return begun() >= count; });
}

std::vector<int> gate::pids() const
{
    std::set<int> found;
    for (const auto& entry : fs::directory_iterator(folder_))
        if (const std::string name = entry.path().filename().string(); name.starts_with("begun."))
            found.insert(std::stoi(name.substr(6)));
    return {found.begin(), found.end()};
}

std::size_t announce(const std::string& gate_path)
{
    static std::atomic<int> count{0};
    std::ofstream(gate_path + "/begun." + std::to_string(::getpid()) + "." + std::to_string(++count));
    return announced_at(gate_path);
}

} // namespace test
