// What is simulated. Each throws where something does not hold.
#ifndef TANDEM_TEST_SIMULATE_SCENARIOS_HPP
#define TANDEM_TEST_SIMULATE_SCENARIOS_HPP

#include <simulate/world.hpp>

namespace simulate {

/// A process pool from its construction to its end: what its user does, what its workers do.
void live_as_pool(world& w);

/// The same with one worker and three acts of the user, for all orders.
void live_as_small_pool(world& w);

/// The same with a recording, which must be replayed to the same actions. Where SIMULATE_RECORDING names a file, it is kept
/// there.
void live_as_recorded_pool(world& w);

/// Maps on processes and on threads: what their users do, what the pools do with their calls.
void live_as_maps(world& w);

/// A thread pool's queue: work of all kinds, cancellation, deadlines, the end.
void live_as_thread_queue(world& w);

/// A list of downloads. Only where tandem::http is built.
void live_as_list(world& w);

} // namespace simulate

#endif
