// Runs a case in a process of its own, where it may limit itself and die of it.
#ifndef TANDEM_TEST_LIMITS_CHILD_HPP
#define TANDEM_TEST_LIMITS_CHILD_HPP

#include <functional>
#include <string>

namespace test {

struct ending
{
    std::string said;       ///< what the work returned, or "threw: " and what
    int signal = 0;         ///< that ended the process; 0 if it exited
    double cpu_seconds = 0; ///< user and system time of its whole life
};

/// Forks; the child runs `work` and exits, and is ended by SIGALRM if it takes two minutes.
ending in_child(const std::function<std::string()>& work);

} // namespace test

#endif
