// Awaits what is the user's, as a part of an operation.
#ifndef TANDEM_SRC_HTTP_USERS_CODE_HPP
#define TANDEM_SRC_HTTP_USERS_CODE_HPP

#include "http/transfer.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace tandem::http {

/// What a user's code threw: the operation's error, as it is.
struct users_error
{
    std::exception_ptr error;
};

/// Calls `call` and awaits what it returns, an `awaitable`: on the transfer's strand, with no step's deadline, for who
/// is slow there is not the server. `stop` cancels it, by a terminal cancellation, and its end is waited for. Throws
/// `users_error`, also for what the call itself throws; `failure` where it was stopped. `call` must outlive this.
template <class Call>
std::invoke_result_t<Call&> await_users(transfer& by, Call& call)
{
    // What is cancelled may end within the emission: see transfer::stop().
    const auto signal = std::make_shared<boost::asio::cancellation_signal>();
    std::exception_ptr error;
    by.clear_step_deadline();
    try {
        const transfer::interrupt_scope scope(by, [signal] { signal->emit(boost::asio::cancellation_type::terminal); });
        auto users = call();
        co_return co_await boost::asio::co_spawn(
            by.get_executor(), std::move(users),
            boost::asio::bind_cancellation_slot(signal->slot(), boost::asio::use_awaitable));
    } catch (...) {
        error = std::current_exception();
    }
    by.check();
    throw users_error{std::move(error)};
}

} // namespace tandem::http

#endif
