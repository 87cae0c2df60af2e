// The one place that knows in which version of Asio what is to be found.
#ifndef TANDEM_DETAIL_ASIO_COMPAT_HPP
#define TANDEM_DETAIL_ASIO_COMPAT_HPP

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/version.hpp>

#if BOOST_VERSION >= 108200
#include <boost/asio/associated_immediate_executor.hpp>
#endif

#if BOOST_VERSION < 108300
#include <boost/asio/awaitable.hpp>

#include <exception>
#include <utility>
#endif

#include <type_traits>

#if BOOST_VERSION < 108300
// In 1.81 `co_await` of a deferred operation with void(std::exception_ptr, T), the signature of every tandem operation
// that has a result, does not compile: resume() tests the wrong thing. This, being more special, is taken in its place.
namespace boost::asio::detail {

template <class T, class Executor>
class awaitable_async_op_handler<void(std::exception_ptr, T), Executor> : public awaitable_thread<Executor>
{
public:
    struct result_type
    {
        std::exception_ptr error;
        T* value;
    };

    awaitable_async_op_handler(awaitable_thread<Executor>* other, result_type& result)
        : awaitable_thread<Executor>(std::move(*other)), result_(result)
    {
    }

    void operator()(std::exception_ptr error, T value)
    {
        result_.error = std::move(error);
        result_.value = &value;
        this->entry_point()->top_of_stack_->attach_thread(this);
        this->entry_point()->top_of_stack_->clear_cancellation_slot();
        this->pump();
    }

    static T resume(result_type& result)
    {
        if (result.error)
            std::rethrow_exception(std::exchange(result.error, nullptr));
        return std::move(*result.value);
    }

private:
    result_type& result_;
};

} // namespace boost::asio::detail
#endif

namespace tandem::detail {

namespace asio = boost::asio;

/// The executor's default completion token, else deferred. To Boost 1.85 an executor without one gives void.
template <class Executor>
using default_token_t = std::conditional_t<std::is_void_v<typename asio::default_completion_token<Executor>::type>,
                                           asio::deferred_t, typename asio::default_completion_token<Executor>::type>;

/// Makes the default token for a defaulted parameter.
template <class Executor>
default_token_t<Executor> default_token()
{
    return default_token_t<Executor>();
}

/// Whether the handler names an executor of its own. Where that cannot be told, true.
template <class Handler, class Executor>
inline constexpr bool has_own_executor = !requires {
    typename asio::associated_executor<Handler, Executor>::asio_associated_executor_is_unspecialised;
};

#if BOOST_VERSION >= 108200
inline constexpr bool has_immediate_executor = true;

/// Where a completion inside of the initiating function goes, to be dispatched to. Never runs it inline unless the
/// user's own immediate executor does.
template <class Handler, class Executor>
auto get_immediate_executor(const Handler& handler, const Executor& io_executor)
{
    return asio::get_associated_immediate_executor(handler, asio::get_associated_executor(handler, io_executor));
}
#else
inline constexpr bool has_immediate_executor = false;
#endif

} // namespace tandem::detail

#endif
