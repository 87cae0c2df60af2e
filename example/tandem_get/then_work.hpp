#ifndef EXAMPLE_TANDEM_GET_THEN_WORK_HPP
#define EXAMPLE_TANDEM_GET_THEN_WORK_HPP

#include <cstdint>
#include <string>

// What --then can do with a file: functions that run in a process of their own. Each takes the file's path, and whether
// a file that it makes may take the place of one that is there. They throw std::system_error and std::runtime_error.

/// What came of it: plain data, so that it can come back from another process as it is.
struct then_result
{
    std::string digest{};
    std::string file{}; ///< that was made
    std::uint64_t lines = 0;
    std::uint64_t words = 0;
    std::uint64_t bytes = 0; ///< of the file that was counted, or made
};

then_result sha256_file(const std::string& path, bool replace);
then_result sha512_file(const std::string& path, bool replace);

/// Of "name.gz" it makes "name". The file itself stays.
then_result gunzip_file(const std::string& path, bool replace);

/// Makes "name.gz". The file itself stays.
then_result gzip_file(const std::string& path, bool replace);

/// Lines, words and bytes, as wc(1) counts them.
then_result count_file(const std::string& path, bool replace);

/// Crashes, for whoever wants to see what a crash does.
then_result abort_on_file(const std::string& path, bool replace);

#endif
