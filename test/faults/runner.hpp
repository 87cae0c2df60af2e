// Who runs the cells: processes that are given one cell after the other, and that are replaced where one hangs or
// crashes.
#ifndef TANDEM_TEST_FAULTS_RUNNER_HPP
#define TANDEM_TEST_FAULTS_RUNNER_HPP

#include <faults/suite.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace faults {

struct verdict
{
    enum class kind
    {
        passed,
        failed,
        skipped
    };
    kind what = kind::failed;
    std::string text; ///< what was wrong, or why it was skipped
    std::chrono::milliseconds time{0};
};

/// In a runner: reads the numbers of cells from stdin, runs them, writes what came of them to stdout.
int serve_cells(const suite& all);

/// Runs one cell in this very process, for a debugger. Whether it passed.
bool run_here(const cell& c);

/// Runs these cells in `lanes` runners at once. `cells`: positions in `all`. A runner's own end is a verdict too, in
/// `problems`: sanitizers speak there.
std::vector<verdict> supervise(const suite& all, const std::vector<std::size_t>& cells, std::size_t lanes,
                               std::vector<std::string>& problems);

/// The processes that come from this one's runner and are still there, but for the runner; each described.
std::vector<std::string> left_behind();

/// All that a file holds; empty where it cannot be read, as of a process that ends meanwhile.
std::string file_text(const std::filesystem::path& path);

/// How many children this process has, zombies not counted.
std::size_t live_children();

} // namespace faults

#endif
