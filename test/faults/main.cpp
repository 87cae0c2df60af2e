// test_faults [--only TEXT] [--lanes N] [--list] [--here]: attacks every promise of the process pool.
//   --only TEXT   the cells whose name contains it (may be given again)
//   --lanes N     how many cells run at once; default 2, with a sanitizer 4
//   --list        the cells' names
//   --here        runs the cells in this very process
#include <faults/report.hpp>
#include <faults/runner.hpp>
#include <faults/suite.hpp>

#include <tandem/worker.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
    tandem::run_if_worker();
    using namespace faults;
    suite all;
    for (const auto add : {add_initializers, add_matrix, add_starts, add_frames, add_parents, add_races, add_recycling,
                           add_shutdowns, add_resources, add_hosts})
        add(all);

    std::vector<std::string> only;
    std::size_t lanes = sanitized ? 4 : 2; // they mostly wait, and longer
    bool list = false, here = false;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (option == "--runner")
            return serve_cells(all);
        if (option == "--list") {
            list = true;
        } else if (option == "--here") {
            here = true;
        } else if (option == "--only" && i + 1 < argc) {
            only.emplace_back(argv[++i]);
        } else if (option == "--lanes" && i + 1 < argc) {
            lanes = std::stoul(argv[++i]);
        } else {
            std::cerr << "test_faults [--only TEXT] [--lanes N] [--list] [--here]\n";
            return 2;
        }
    }

    std::vector<std::size_t> cells;
    for (std::size_t i = 0; i != all.size(); ++i)
        if (only.empty() || std::ranges::any_of(only, [&](const std::string& text) {
                return all[i].name().find(text) != std::string::npos;
            }))
            cells.push_back(i);

    if (list) {
        for (const std::size_t i : cells)
            std::cout << all[i].name() << '\n';
        return 0;
    }
    if (here)
        return std::ranges::all_of(cells, [&](std::size_t i) { return run_here(all[i]); }) ? 0 : 1;

    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::string> problems;
    const auto verdicts = supervise(all, cells, lanes, problems);
    return report(all, cells, verdicts, problems, std::chrono::steady_clock::now() - begin) ? 0 : 1;
}
