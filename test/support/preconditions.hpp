// What a test case needs of its surroundings. Where it is not there, Boost.Test's log says that the case was skipped, and
// why; a case never returns early as if it had passed.
//   BOOST_AUTO_TEST_CASE(name, *test::unsanitized())
#ifndef TANDEM_TEST_SUPPORT_PRECONDITIONS_HPP
#define TANDEM_TEST_SUPPORT_PRECONDITIONS_HPP

#include <support/sanitizer.hpp>

#include <boost/test/tree/decorator.hpp>

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

namespace test {

/// `why` is what the log says where `holds` is false.
template <class Predicate>
boost::unit_test::decorator::precondition precondition(Predicate holds, std::string why)
{
    return boost::unit_test::decorator::precondition(
        [holds = std::move(holds), why = std::move(why)](boost::unit_test::test_unit_id) {
            boost::test_tools::assertion_result result(holds());
            if (!result)
                result.message() << why;
            return result;
        });
}

inline boost::unit_test::decorator::precondition unsanitized()
{
    return precondition([] { return !sanitized; }, "a sanitizer takes memory and address space of its own, without end");
}

inline boost::unit_test::decorator::precondition unprivileged()
{
    return precondition([] { return ::geteuid() != 0; }, "root may do what is to be refused");
}

inline boost::unit_test::decorator::precondition privileged()
{
    return precondition([] { return ::geteuid() == 0; }, "only root may become another user");
}

inline boost::unit_test::decorator::precondition several_cpus()
{
    return precondition([] { return std::thread::hardware_concurrency() > 1; }, "a single processor is no choice");
}

/// Mounts in a namespace of the test's own. On the build machine these cases run in any case, and fail where they cannot.
inline boost::unit_test::decorator::precondition mounts()
{
    return precondition(
        [] {
            return std::getenv("CI") ||
                   std::system("unshare --user --map-root-user --mount mount -t tmpfs none /tmp 2>/dev/null") == 0;
        },
        "no file system can be mounted here, not even in a namespace of its own");
}

} // namespace test

#endif
