// Cancels operations from any thread, at any time.
#ifndef TANDEM_CANCELLATION_SOURCE_HPP
#define TANDEM_CANCELLATION_SOURCE_HPP

#include <tandem/detail/cancellation_state.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace tandem {

/// A handle to a state that operations share which are begun with it: see cancellable(). Copies refer to the same state,
/// which lives as long as an operation or a handle does.
///
/// An `asio::cancellation_signal` is not thread-safe, so it may be emitted only where its operation's handler runs. This needs
/// no such place.
///
/// Thread-safe.
class cancellation_source
{
public:
    cancellation_source() : state_(std::make_shared<detail::cancellation_state>()) {}

    /// Cancels the operations that are under way, and those that are begun later, as by the emission of a cancellation signal:
    /// the operation says what `type` does. Nothing happens to what has completed. Stop callbacks run in this thread.
    void cancel(boost::asio::cancellation_type type) const { state_->cancel(type); }

    /// The types that it was called with.
    boost::asio::cancellation_type cancelled() const { return state_->cancelled(); }

private:
    template <class Token>
    friend detail::cancellable_token<std::decay_t<Token>> cancellable(const cancellation_source& source, Token&& token);

    std::shared_ptr<detail::cancellation_state> state_;
};

/// The completion token `token`, with which the operation can be cancelled by `source` too. What cancels it besides, such as a
/// slot that `token` has, goes on to do so. For async_run and async_map, and for requests and downloads of tandem::http; others
/// take no notice of it. Example:
///
///     tandem::cancellation_source source;
///     auto result = pool.async_run(work, tandem::cancellable(source, asio::use_future));
///     source.cancel(asio::cancellation_type::terminal);
template <class Token>
detail::cancellable_token<std::decay_t<Token>> cancellable(const cancellation_source& source, Token&& token)
{
    return {source.state_, std::forward<Token>(token)};
}

} // namespace tandem

#endif
