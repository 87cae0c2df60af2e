// Malformed frames, made of right ones, each as the script of a fake worker.
#ifndef TANDEM_TEST_FAULTS_MUTANTS_HPP
#define TANDEM_TEST_FAULTS_MUTANTS_HPP

#include <string>
#include <vector>

namespace faults {

struct mutant
{
    std::string name;
    std::vector<std::string> script;   ///< the fake worker's steps
    std::vector<std::string> expected; ///< what may become of the task; "remote" stands for all remote exceptions
};

struct mutant_family
{
    const char* name;
    std::vector<mutant> (*make)();
};

/// Of the answer to a call, of a failure, and of the hello. The task is test::add.
std::vector<mutant_family> mutant_families();

} // namespace faults

#endif
