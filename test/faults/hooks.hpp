// Faults between two bytes of the protocol. The program's own read() and write() stand before the C library's; armed in
// a worker, they let so many bytes of the protocol pass, then commit a fault. Elsewhere they do nothing.
#ifndef TANDEM_TEST_FAULTS_HOOKS_HPP
#define TANDEM_TEST_FAULTS_HOOKS_HPP

#include <cstddef>

namespace faults {

inline constexpr std::size_t after_all = static_cast<std::size_t>(-1);

/// When so many bytes of the calls that are to come have been read.
void fault_on_read(std::size_t bytes, std::size_t fault);

/// When so many bytes of the results that are to come have been written; `after_all`: after the next write as a whole.
void fault_on_write(std::size_t bytes, std::size_t fault);

/// When the process's static objects are destroyed.
void fault_at_exit(std::size_t fault);

} // namespace faults

#endif
