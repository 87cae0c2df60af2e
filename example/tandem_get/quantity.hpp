#ifndef EXAMPLE_TANDEM_GET_QUANTITY_HPP
#define EXAMPLE_TANDEM_GET_QUANTITY_HPP

#include <chrono>
#include <cstdint>
#include <string>

/// Bytes, of "100", "64K", "1.5M", "2G", "1T": K is 1024. Throws std::invalid_argument, which names `option`.
std::uint64_t parse_size(const std::string& option, const std::string& text);

/// Of seconds such as "30" or "0.5". Throws std::invalid_argument, which names `option`.
std::chrono::milliseconds parse_seconds(const std::string& option, const std::string& text);

#endif
