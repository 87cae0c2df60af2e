// Counts what a process could leave behind, before and after.
#ifndef TANDEM_TEST_SUPPORT_LEAK_CHECK_HPP
#define TANDEM_TEST_SUPPORT_LEAK_CHECK_HPP

#include <set>
#include <string>

namespace test {

/// The resources that this process has now, each as readable text.
struct resources
{
    std::set<std::string> descriptors; ///< "7 -> pipe:[1234]"
    std::set<std::string> children;    ///< "1234 (name) Z", zombies included
    std::set<std::string> threads;
    std::set<std::string> shared_memory;
    std::set<std::string> mappings; ///< of memory files: "7f12-7f34 /memfd:..."

    static resources now();

    /// What is here and not in `before`, one to a line.
    std::string more_than(const resources& before) const;
};

/// Fails the test if more is there at its end than at its beginning, and says what.
/// What ends asynchronously is given a moment.
class leak_check
{
public:
    leak_check();
    ~leak_check();
    leak_check(const leak_check&) = delete;
    leak_check& operator=(const leak_check&) = delete;

private:
    resources before_;
};

} // namespace test

#endif
