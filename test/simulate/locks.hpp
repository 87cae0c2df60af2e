// A simulated run has one thread: who waits for a lock that is held, or for a condition, waits for ever.
#ifndef TANDEM_TEST_SIMULATE_LOCKS_HPP
#define TANDEM_TEST_SIMULATE_LOCKS_HPP

#include <simulate/trace.hpp>

namespace simulate::locks {

/// From here on, an endless wait is a fault there, and ends the process.
void tell(trace& where);

} // namespace simulate::locks

#endif
