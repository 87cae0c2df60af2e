// The suite's result as a reader wants it.
#ifndef TANDEM_TEST_FAULTS_REPORT_HPP
#define TANDEM_TEST_FAULTS_REPORT_HPP

#include <faults/runner.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace faults {

/// Prints the matrix, the lists, what was wrong, and the counts. Whether nothing was wrong.
bool report(const suite& all, const std::vector<std::size_t>& cells, const std::vector<verdict>& verdicts,
            const std::vector<std::string>& problems, std::chrono::nanoseconds time);

} // namespace faults

#endif
