#ifndef EXAMPLE_TANDEM_GET_COMPARE_HPP
#define EXAMPLE_TANDEM_GET_COMPARE_HPP

#include <tandem.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Does the same work over `files`, of `bytes` in all, one after the other, on threads and in processes, and prints a
/// table of times, rates and speed-ups.
boost::asio::awaitable<void> compare_pools(tandem::process_pool& cpu, std::vector<std::string> files,
                                           std::uint64_t bytes);

/// One line of a table: what was done, in how many seconds, at which rate.
void print_row(const std::string& what, std::size_t files, std::uint64_t bytes, double seconds, double speed_up);

/// What the columns are.
void print_heading();

#endif
