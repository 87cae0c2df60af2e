// Tells pools that their execution context is being destroyed, which may come before their own end.
#ifndef TANDEM_PROCESS_POOL_CONTEXT_WATCH_HPP
#define TANDEM_PROCESS_POOL_CONTEXT_WATCH_HPP

#include <process_pool/pool.hpp>

#include <boost/asio/execution_context.hpp>

#include <memory>

namespace tandem::detail {

/// Calls p->abandon() when the context is destroyed, if the pool is there then. To be called when the pool has made its
/// timer: services are shut down in reverse order of their making, so that the reactor is still there.
void watch_context(const std::shared_ptr<pool>& p, boost::asio::execution_context& context);

} // namespace tandem::detail

#endif
