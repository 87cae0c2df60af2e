// A test case that needs a file system as no machine has it: it runs itself in a namespace where it may mount one.
#ifndef TANDEM_TEST_SUPPORT_OWN_MOUNTS_HPP
#define TANDEM_TEST_SUPPORT_OWN_MOUNTS_HPP

#include <boost/test/framework.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace test {

/// Whether this process has mounts of its own. In one that has not: runs the current test case in one that has, after the
/// shell commands `mounts`, and fails it where it fails there. For cases with the precondition mounts().
inline bool in_own_mounts(const std::string& mounts)
{
    if (std::getenv("TANDEM_TEST_OWN_MOUNTS"))
        return true;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string name = boost::unit_test::framework::current_test_case().full_name();
    const std::string command = "TANDEM_TEST_OWN_MOUNTS=1 unshare --user --map-root-user --mount sh -c '" + mounts +
                                " && exec " + program + " --run_test=" + name + "'";
    BOOST_TEST(std::system(command.c_str()) == 0, command);
    return false;
}

} // namespace test

#endif
