// Cells: each attacks the pool once, and says what did not hold. A part of the suite adds its cells to a list; a cell
// runs in a process of its own kind (see runner.hpp), so that one which hangs or crashes fails alone.
#ifndef TANDEM_TEST_FAULTS_SUITE_HPP
#define TANDEM_TEST_FAULTS_SUITE_HPP

#include <support/sanitizer.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace faults {

struct cell
{
    std::string group;
    std::string row;
    std::string column; ///< empty in groups that are lists
    std::function<void()> run;

    std::string name() const { return group + '/' + row + (column.empty() ? "" : '/' + column); }
};

using suite = std::vector<cell>;

void add_matrix(suite& all);
void add_initializers(suite& all);
void add_starts(suite& all);
void add_frames(suite& all);
void add_parents(suite& all);
void add_races(suite& all);
void add_recycling(suite& all);
void add_shutdowns(suite& all);
void add_resources(suite& all);
void add_hosts(suite& all);

// --- what a cell says while it runs; thread-safe

/// What it does now: told where it does not come to its end.
void step(const std::string& what);

/// A cell that says what is wrong has failed, and goes on.
void wrong(const std::string& what);

inline void expect(bool holds, const std::string& what)
{
    if (!holds)
        wrong(what);
}

/// To be thrown by a cell that cannot run here; the report says why.
struct skipped
{
    std::string why;
};

// --- how long things may take

using test::sanitized;

/// A wait that takes longer has failed.
inline constexpr std::chrono::milliseconds patience{sanitized ? 25'000 : 10'000};

/// A cell of which a step takes longer is stuck where none of its own waits sees it, and is ended.
inline constexpr std::chrono::milliseconds step_limit{120'000};

/// The run_timeout of tasks that hang.
inline constexpr std::chrono::milliseconds hang_limit{sanitized ? 500 : 150};

/// The start_timeout of pools in which a worker hangs before it begins a task; workers that are well start in it.
inline constexpr std::chrono::milliseconds begin_limit{sanitized ? 4'000 : 2'000};

} // namespace faults

#endif
