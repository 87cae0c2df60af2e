// How an operation under way is cancelled: by its handler's slot, or, by tandem's own compositions, in a way that is
// safe from any thread, which a cancellation signal is not.
#ifndef TANDEM_DETAIL_CANCELLER_HPP
#define TANDEM_DETAIL_CANCELLER_HPP

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace tandem::detail {

/// Cancels one operation. Thread-safe; does nothing when the operation has ended.
using canceller = std::function<void(boost::asio::cancellation_type)>;

/// Whether the handler wants the means to cancel its operation.
template <class Handler>
bool wants_cancellation(const Handler& handler)
{
    if constexpr (requires(Handler h) { h.set_canceller(canceller()); })
        return true;
    else
        return boost::asio::get_associated_cancellation_slot(handler).is_connected();
}

/// Gives the handler the means to cancel its operation, if it wants them. Returns whether it does. `cancel` is a canceller
/// for a handler that has set_canceller(); the slot has it as it is.
template <class Handler, class Cancel>
bool connect_canceller(Handler& handler, Cancel cancel)
{
    bool is_wanted = false;
    if constexpr (requires { handler.set_canceller(canceller(cancel)); }) {
        handler.set_canceller(canceller(cancel));
        is_wanted = true;
    }
    if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
        slot.assign(std::move(cancel));
        is_wanted = true;
    }
    return is_wanted;
}

/// The same for operation `id` of `target`.
template <class Handler, class Target>
bool connect_canceller(Handler& handler, const std::shared_ptr<Target>& target, std::uint64_t id)
{
    return connect_canceller(handler, [weak = std::weak_ptr<Target>(target), id](boost::asio::cancellation_type type) {
        if (const auto alive = weak.lock())
            alive->cancel(id, type);
    });
}

} // namespace tandem::detail

#endif
