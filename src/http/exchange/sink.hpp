#ifndef TANDEM_SRC_HTTP_EXCHANGE_SINK_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_SINK_HPP

#include <functional>
#include <span>

namespace tandem::http {

/// Where a body's bytes go, piece by piece, in order. What it throws ends the body.
using sink = std::function<void(std::span<const char>)>;

} // namespace tandem::http

#endif
