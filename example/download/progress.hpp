#ifndef EXAMPLE_DOWNLOAD_PROGRESS_HPP
#define EXAMPLE_DOWNLOAD_PROGRESS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

/// Counts what is done, from any thread, and shows it: one line redrawn in place on a terminal, else a plain line for
/// every tenth.
class progress
{
public:
    explicit progress(std::size_t total);

    void done(std::uint64_t bytes);

    /// A failure has a line of its own, on stderr.
    void failed(const std::string& cause);

    /// Clears the line on a terminal.
    void end();

private:
    void show(bool now);

    using clock = std::chrono::steady_clock;

    const std::size_t total_;
    const bool terminal_;
    const clock::time_point start_ = clock::now();
    std::mutex mutex_;
    clock::time_point shown_{};
    std::size_t done_ = 0;
    std::size_t failed_ = 0;
    std::uint64_t bytes_ = 0;
};

/// "12", "1,000".
std::string grouped(std::size_t count);

/// "1 file", "1,000 files".
std::string in_files(std::size_t count);

/// "1.5 MiB", "20.0 KiB".
std::string in_units(double bytes);

#endif
