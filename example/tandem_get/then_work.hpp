#ifndef EXAMPLE_TANDEM_GET_THEN_WORK_HPP
#define EXAMPLE_TANDEM_GET_THEN_WORK_HPP

#include "tandem_get/new_file.hpp"

#include <cstdint>
#include <string>

// What --then can do with a file: functions that run in a process of their own. Each takes the file's path, and what
// happens where a file that it makes is there already. They throw std::system_error and std::runtime_error.

/// What came of it: plain data, so that it can come back from another process as it is.
struct then_result
{
    std::string digest{};
    std::string file{}; ///< that was made
    bool kept = false;  ///< that one was there already
    std::uint64_t lines = 0;
    std::uint64_t words = 0;
    std::uint64_t bytes = 0; ///< of the file that was counted, or made
};

then_result sha256_file(const std::string& path, const file_rule& rule);
then_result sha512_file(const std::string& path, const file_rule& rule);

/// Of "name.gz" it makes "name". The file itself stays. As gzip(1) does, it takes members one behind the other, and zeros
/// behind the last one.
then_result gunzip_file(const std::string& path, const file_rule& rule);

/// Makes "name.gz". The file itself stays.
then_result gzip_file(const std::string& path, const file_rule& rule);

/// Lines, words and bytes, as wc(1) counts them.
then_result count_file(const std::string& path, const file_rule& rule);

/// Crashes, for whoever wants to see what a crash does.
then_result abort_on_file(const std::string& path, const file_rule& rule);

#endif
