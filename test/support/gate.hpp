// A place that a test and the work it gave away both reach, on a thread or in a process: a folder of their own.
#ifndef TANDEM_TEST_SUPPORT_GATE_HPP
#define TANDEM_TEST_SUPPORT_GATE_HPP

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace test {

class gate
{
public:
    gate();
    ~gate();
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;

    /// The folder, to be given to tasks.
    std::string path() const { return folder_.string(); }

    /// Lets all `hold` tasks return.
    void open() const;

    /// How many tasks announced themselves, ever.
    std::size_t begun() const;
    /// Waits for so many; false after a long time.
    bool wait_for_begun(std::size_t count = 1) const;
    /// The processes that they ran in, each once.
    std::vector<int> pids() const;

private:
    std::filesystem::path folder_;
};

/// In a task: announces it. How many have done so, it included.
std::size_t announce(const std::string& gate_path);

} // namespace test

#endif
