#ifndef TANDEM_TEST_TANDEM_GET_SANDBOX_HPP
#define TANDEM_TEST_TANDEM_GET_SANDBOX_HPP

#include "support/process.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace test {

/// Names below a folder, and what the files hold. A folder's name ends in '/', a symbolic link's holds " -> ".
using tree = std::map<std::string, std::string>;

/// Stands in an expected tree for any bytes.
inline const std::string anything = "<any bytes>";

/// A place for tandem-get to work in: `files` is where it is told to save, and whatever it writes elsewhere is seen as
/// long as it is not more than three folders up.
class sandbox
{
public:
    sandbox();
    sandbox(const sandbox&) = delete;
    sandbox& operator=(const sandbox&) = delete;
    ~sandbox();

    const std::filesystem::path& files() const { return files_; }

    /// For what a test needs itself.
    const std::filesystem::path& own() const { return own_; }

    /// A file of the certificate that the tests' servers are trusted by.
    const std::filesystem::path& ca() const { return ca_; }

    /// tandem-get with `arguments`, after what keeps a test short: time-outs of seconds, and no retries.
    std::vector<std::string> command(const std::vector<std::string>& arguments) const;
    surroundings place() const;

    ended get(const std::vector<std::string>& arguments) const;

    /// What is there now, relative to `files`.
    tree there() const;

    /// Fails the test where it ended in another way, does not say each of `phrases`, used too much memory, or said what
    /// no terminal should be told.
    void check_ended(const ended& seen, int status, const std::vector<std::string>& phrases = {}) const;

    /// Fails the test where other files are there, or other bytes in them.
    void check_there(const tree& expected) const;

private:
    std::filesystem::path outer_;
    std::filesystem::path root_;
    std::filesystem::path files_;
    std::filesystem::path folder_;
    std::filesystem::path own_;
    std::filesystem::path ca_;
};

} // namespace test

#endif
