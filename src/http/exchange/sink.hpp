#ifndef TANDEM_SRC_HTTP_EXCHANGE_SINK_HPP
#define TANDEM_SRC_HTTP_EXCHANGE_SINK_HPP

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <span>

namespace tandem::http {

/// Where a body's bytes go, piece by piece, in order. What it throws ends the body.
using sink = std::function<void(std::span<const char>)>;

/// Waits until what a sink has taken is gone, before it is given more. Throws what ends the body.
using drain = std::function<boost::asio::awaitable<void>()>;
inline const drain no_drain{};

} // namespace tandem::http

#endif
