#ifndef TANDEM_TEST_FAULTS_RECOVERY_HPP
#define TANDEM_TEST_FAULTS_RECOVERY_HPP

#include <tandem/process_pool.hpp>

namespace faults {

/// A pool that failed to start workers starts them when it can, at the latest when its back-off is over.
void expect_recovery(tandem::process_pool& pool);

} // namespace faults

#endif
