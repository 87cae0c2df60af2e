#ifndef EXAMPLE_TANDEM_GET_EXAMINE_HPP
#define EXAMPLE_TANDEM_GET_EXAMINE_HPP

#include <cstdint>
#include <string>

/// What is computed of each file: plain data, so that it can come back from another process as it is.
struct findings
{
    std::string sha256;
    std::uint64_t bytes = 0;
    std::uint64_t gzip_bytes = 0; ///< what gzip makes of it at its best
};

/// The work for the processor: SHA-256 and gzip of a whole file. Throws std::system_error, std::runtime_error.
findings examine(const std::string& path);

#endif
