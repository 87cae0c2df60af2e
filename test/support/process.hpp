#ifndef TANDEM_TEST_SUPPORT_PROCESS_HPP
#define TANDEM_TEST_SUPPORT_PROCESS_HPP

#include "support/sanitizer.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace test {

/// How a process ended, and what it said.
struct ended
{
    int status = -1; ///< -1 where a signal ended it
    int signal = 0;
    bool timed_out = false;
    std::string out{};
    std::string err{};
    long max_rss = 0; ///< KiB, seen while it ran. What the kernel says at its end counts the memory of who started it.
};

std::ostream& operator<<(std::ostream& out, const ended& e);

/// How to start one.
struct surroundings
{
    std::filesystem::path folder = "/"; ///< it works in
    std::filesystem::path output{};     ///< its stdout and stderr go to files named like this and ".out", ".err"
    std::filesystem::path input = "/dev/null";
    int input_descriptor = -1;              ///< counts before `input`
    std::vector<std::string> environment{}; ///< "NAME=value": all that it gets, besides what sanitizers read
};

/// A child process, with signals as at a program's start; killed where nobody has waited for it.
class process
{
public:
    process(const std::vector<std::string>& command, const surroundings& in);
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process();

    pid_t pid() const { return pid_; }
    void send(int signal) const;
    bool running();

    /// Kills it where it takes longer.
    ended wait(std::chrono::milliseconds limit = std::chrono::seconds(60));

    /// What it has said so far.
    std::string err() const;
    std::string out() const;

private:
    bool reap(bool block);

    pid_t pid_ = -1;
    std::filesystem::path output_;
    long max_rss_ = 0;
    std::optional<ended> end_{};
};

/// The whole file; empty where there is none.
std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view content);

} // namespace test

#endif
