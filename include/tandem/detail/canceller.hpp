// How an operation under way is cancelled: by its handler's slot, or, by tandem's own compositions, in a way that is
// safe from any thread, which a cancellation signal is not.
#ifndef TANDEM_DETAIL_CANCELLER_HPP
#define TANDEM_DETAIL_CANCELLER_HPP

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// Cancels one operation. Thread-safe; does nothing when the operation has ended.
using canceller = std::function<void(boost::asio::cancellation_type)>;

struct no_cancellation_target
{
};

template <class T, class Default>
struct associated_cancellation_target;

template <class T, class Default>
auto cancellation_target_of(const T& handler, const Default& candidate) noexcept
{
    if constexpr (requires { handler.get_cancellation_target(); })
        return handler.get_cancellation_target();
    else if constexpr (requires { boost::asio::associator<associated_cancellation_target, T, Default>::get(handler, candidate); })
        return boost::asio::associator<associated_cancellation_target, T, Default>::get(handler, candidate);
    else
        return candidate;
}

/// What takes the means to cancel a handler's operation, by set_canceller(canceller). It is associated with the handler, as an
/// executor is, so that it is found below Asio's adaptors too.
template <class T, class Default = no_cancellation_target>
struct associated_cancellation_target
{
    using type = decltype(cancellation_target_of(std::declval<const T&>(), std::declval<const Default&>()));

    static type get(const T& handler) noexcept { return cancellation_target_of(handler, Default()); }
    static type get(const T& handler, const Default& candidate) noexcept { return cancellation_target_of(handler, candidate); }
};

template <class Handler>
inline constexpr bool has_cancellation_target =
    !std::is_same_v<typename associated_cancellation_target<Handler>::type, no_cancellation_target>;

/// Whether the handler wants the means to cancel its operation.
template <class Handler>
bool wants_cancellation(const Handler& handler)
{
    if constexpr (requires(Handler h) { h.set_canceller(canceller()); } || has_cancellation_target<Handler>)
        return true;
    else
        return boost::asio::get_associated_cancellation_slot(handler).is_connected();
}

/// Gives the handler the means to cancel its operation, if it wants them. Returns whether it does. `cancel` is a canceller
/// for a handler that has set_canceller(), or a target that has; the slot has it as it is.
template <class Handler, class Cancel>
bool connect_canceller(Handler& handler, Cancel cancel)
{
    bool is_wanted = false;
    if constexpr (requires { handler.set_canceller(canceller(cancel)); }) {
        handler.set_canceller(canceller(cancel));
        is_wanted = true;
    } else if constexpr (has_cancellation_target<Handler>) {
        associated_cancellation_target<Handler>::get(handler).set_canceller(canceller(cancel));
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
    if (!wants_cancellation(handler))
        return false;
    return connect_canceller(handler, [weak = std::weak_ptr<Target>(target), id](boost::asio::cancellation_type type) {
        if (const auto alive = weak.lock())
            alive->cancel(id, type);
    });
}

} // namespace tandem::detail

#endif
