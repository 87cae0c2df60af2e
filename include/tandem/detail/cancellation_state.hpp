// What a cancellation_source and its operations share.
//
//   cancellable_operation    one operation
//   cancellation_state       all of a source
//   cancellable_handler      ends the operation where it is called or destroyed; else it is the handler
//   cancellable_initiation   begins the operation
//   cancellable_token        the token that has it so
#ifndef TANDEM_DETAIL_CANCELLATION_STATE_HPP
#define TANDEM_DETAIL_CANCELLATION_STATE_HPP

#include <tandem/detail/canceller.hpp>

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace tandem::detail {

class cancellation_state;

/// Thread-safe. What cancels the operation is called with no lock held.
class cancellable_operation
{
public:
    using cancellation_type = boost::asio::cancellation_type;

    cancellable_operation(std::shared_ptr<cancellation_state> owner, std::uint64_t id, cancellation_type untold) noexcept;
    cancellable_operation(const cancellable_operation&) = delete;
    cancellable_operation& operator=(const cancellable_operation&) = delete;
    ~cancellable_operation();

    void set_canceller(canceller cancel);

    /// It is known to whoever runs it: what it was to be cancelled with before reaches it now.
    void handed_over();

    void cancel(cancellation_type type);

    /// It is about to complete.
    void end() noexcept;

private:
    void tell();

    const std::shared_ptr<cancellation_state> owner_;
    const std::uint64_t id_;
    std::mutex mutex_;
    canceller cancel_;
    cancellation_type untold_;
    bool is_handed_over_ = false;
};

/// Thread-safe.
class cancellation_state : public std::enable_shared_from_this<cancellation_state>
{
public:
    std::shared_ptr<cancellable_operation> add();
    void forget(std::uint64_t id) noexcept;
    void cancel(boost::asio::cancellation_type type);
    boost::asio::cancellation_type cancelled() const;

private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::weak_ptr<cancellable_operation>> operations_;
    std::uint64_t last_id_ = 0;
    boost::asio::cancellation_type cancelled_ = boost::asio::cancellation_type::none;
};

template <class Handler>
class cancellable_handler
{
public:
    cancellable_handler(Handler&& handler, std::shared_ptr<cancellable_operation> operation)
        : operation_(std::move(operation)), handler_(std::move(handler))
    {
    }

    struct target
    {
        std::shared_ptr<cancellable_operation> operation;
        [[no_unique_address]] typename associated_cancellation_target<Handler>::type inner; // of another source

        void set_canceller(canceller cancel)
        {
            if constexpr (has_cancellation_target<Handler>)
                inner.set_canceller(cancel);
            operation->set_canceller(std::move(cancel));
        }
    };

    target get_cancellation_target() const noexcept
    {
        return {operation_, associated_cancellation_target<Handler>::get(handler_)};
    }

    const Handler& handler() const noexcept { return handler_; }

    template <class... Args>
    void operator()(Args&&... args)
    {
        operation_->end();
        operation_.reset();
        std::move(handler_)(std::forward<Args>(args)...);
    }

private:
    std::shared_ptr<cancellable_operation> operation_;
    Handler handler_;
};

template <class Initiation>
class cancellable_initiation
{
public:
    template <class Other>
    cancellable_initiation(Other&& initiation, std::shared_ptr<cancellation_state> state)
        : initiation_(std::forward<Other>(initiation)), state_(std::move(state))
    {
    }

    template <class Handler, class... Args>
    void operator()(Handler&& handler, Args&&... args)
    {
        const auto operation = state_->add();
        std::move(initiation_)(cancellable_handler<std::decay_t<Handler>>(std::decay_t<Handler>(std::forward<Handler>(handler)),
                                                                         operation),
                               std::forward<Args>(args)...);
        operation->handed_over();
    }

private:
    Initiation initiation_;
    std::shared_ptr<cancellation_state> state_;
};

template <class Token>
struct cancellable_token
{
    std::shared_ptr<cancellation_state> state;
    Token token;
};

} // namespace tandem::detail

template <class Token, class Signature>
struct boost::asio::async_result<tandem::detail::cancellable_token<Token>, Signature> : async_result<Token, Signature>
{
    template <class Initiation, class RawToken, class... Args>
    static auto initiate(Initiation&& initiation, RawToken&& token, Args&&... args)
    {
        using wrapper = tandem::detail::cancellable_initiation<std::decay_t<Initiation>>;
        wrapper begin(std::forward<Initiation>(initiation), token.state);
        Token inner(std::forward<RawToken>(token).token);
        return async_initiate<Token, Signature>(std::move(begin), inner, std::forward<Args>(args)...);
    }
};

template <template <class, class> class Associator, class Handler, class Default>
struct boost::asio::associator<Associator, tandem::detail::cancellable_handler<Handler>, Default>
    : Associator<Handler, Default>
{
    static auto get(const tandem::detail::cancellable_handler<Handler>& h) noexcept
    {
        return Associator<Handler, Default>::get(h.handler());
    }
    static auto get(const tandem::detail::cancellable_handler<Handler>& h, const Default& candidate) noexcept
    {
        return Associator<Handler, Default>::get(h.handler(), candidate);
    }
};

#endif
