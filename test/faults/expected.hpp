// What must follow from a fault at a stage: the one place that knows it, and what sanitizers make of it.
#ifndef TANDEM_TEST_FAULTS_EXPECTED_HPP
#define TANDEM_TEST_FAULTS_EXPECTED_HPP

#include <faults/faults.hpp>
#include <faults/stages.hpp>

#include <string>
#include <vector>

namespace faults {

/// The outcomes that the faulty task may have.
std::vector<std::string> expected(const fault& f, const stage& s);

/// Of tasks where every worker commits the fault in its initializer.
std::vector<std::string> expected_in_initializer(const fault& f);

/// Whether only a run_timeout can end what the fault does to the faulty task.
bool needs_limit(const fault& f, const stage& s);

/// Whether the worker hangs where it has a task and never begins it: the pool sees so by its start_timeout.
bool hangs_before_begin(const fault& f, const stage& s);

/// The outcomes of another task with the result `right`, that may have been sent to the same worker.
std::vector<std::string> expected_of_another(const fault& f, const stage& s, const std::string& right);

} // namespace faults

#endif
