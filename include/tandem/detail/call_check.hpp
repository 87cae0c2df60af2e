// Says in a sentence why a call of async_run or async_map is none, and compiles nothing behind it.
#ifndef TANDEM_DETAIL_CALL_CHECK_HPP
#define TANDEM_DETAIL_CALL_CHECK_HPP

#include <tandem/detail/asio_compat.hpp>
#include <tandem/run_options.hpp>
#include <tandem/task.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace tandem {

struct map_options;

namespace detail {

template <class T>
inline constexpr bool is_task_function = false;
template <auto F>
inline constexpr bool is_task_function<task_function<F>> = true;

template <class T>
concept is_run_options = std::is_same_v<std::remove_cvref_t<T>, run_options>;
template <class T>
concept is_map_options = std::is_same_v<std::remove_cvref_t<T>, map_options>;

// --- completion tokens

/// Whether Asio calls it, and does not take it for a sign of what is to be called.
template <class Token, class Signature>
concept is_handler =
    std::is_same_v<typename asio::async_result<std::decay_t<Token>, Signature>::completion_handler_type, std::decay_t<Token>>;

/// Whether it can be kept, and called where it is a handler. Else Asio has the word.
template <class Token, class Signature>
concept token_for =
    std::is_constructible_v<std::decay_t<Token>, Token> &&
    (!is_handler<Token, Signature> || asio::completion_handler_for<std::decay_t<Token>, Signature>);

template <class Token, class Signature>
struct token_check
{
    using sentence = void;
    static constexpr bool is_kept = std::is_constructible_v<std::decay_t<Token>, Token>;

    static_assert(is_kept, "tandem: the handler cannot be copied. Move it: std::move(handler).");
    static_assert(!is_kept || !is_run_options<Token>,
                  "tandem: a map takes map_options, and run_options in them: map_options{.run = options}.");
    static_assert(!is_kept || !is_map_options<Token>,
                  "tandem: map_options are for async_map. Everything else takes run_options.");
    static_assert(!is_kept || is_run_options<Token> || is_map_options<Token>,
                  "tandem: this is neither a completion token nor a handler of what the operation completes with. A handler "
                  "is called with (std::exception_ptr, R), or (std::exception_ptr) where the result is void.");
};

/// asio::async_initiate, with a token that fits.
template <class Token, class Signature, class Initiation, class... A>
auto initiate(Initiation initiation, Token& token, A&&... arguments)
{
    if constexpr (token_for<Token, Signature>) {
        return asio::async_initiate<Token, Signature>(std::move(initiation), token, std::forward<A>(arguments)...);
    } else {
        using check [[maybe_unused]] = typename token_check<Token, Signature>::sentence;
    }
}

/// Begins nothing.
struct initiate_nothing
{
    template <class... A>
    void operator()(A&&...) const
    {
    }
};

/// What a call gives that has been refused, so that a co_await of it compiles.
template <class... Rest>
auto refuse_call(Rest&... rest)
{
    if constexpr (sizeof...(Rest) == 0) {
        const asio::deferred_t token{};
        return asio::async_initiate<const asio::deferred_t&, void(std::exception_ptr)>(initiate_nothing(), token);
    } else {
        auto& token = (rest, ...);
        using token_type = decltype(token);
        if constexpr (token_for<token_type, void(std::exception_ptr)>) {
            return asio::async_initiate<token_type, void(std::exception_ptr)>(initiate_nothing(), token);
        }
    }
}

// --- work

/// Says of what no pool runs what it is, where that is known. `Check` is whose base it is: each is to say it.
template <class Work, class Check>
struct work_check
{
    using sentence = void;
    static constexpr bool is_said = is_task_function<Work> || is_run_options<Work>;

    static_assert(!is_task_function<Work>, "tandem: task<f> has no arguments yet. Write task<f>(arguments...), or task<f>() "
                                           "where f takes none.");
    static_assert(!is_run_options<Work>, "tandem: run_options come behind the work: async_run(work, options, token).");
};

// --- options

/// Whether what follows the work in a call is what may follow it: a token, or options and a token.
template <class Options, class... Rest>
inline constexpr bool is_call_rest = sizeof...(Rest) <= 1;
template <class Options, class First, class... Rest>
inline constexpr bool is_call_rest<Options, First, Rest...> =
    sizeof...(Rest) == 0 || (sizeof...(Rest) == 1 && std::convertible_to<First, Options>);

/// Says what is wrong with what follows the work.
template <class First, class... Rest>
struct run_rest_check
{
    using sentence = void;
    static constexpr bool has_options_behind = (is_run_options<Rest> || ...);

    static_assert(!is_map_options<First>, "tandem: map_options are for async_map. async_run takes run_options.");
    static_assert(is_map_options<First> || !has_options_behind,
                  "tandem: run_options come before the completion token: async_run(work, options, token).");
    static_assert(is_map_options<First> || has_options_behind,
                  "tandem: async_run takes the work, then run_options, then a completion token. The work's arguments go into "
                  "tandem::task<f>(arguments...), or a lambda.");
};

// --- calls that fit no other overload

/// Of a pool; WorkCheck says why what is not IsRunnable is not.
template <template <class> class IsRunnable, template <class> class WorkCheck>
struct refused_runs
{
    template <class Work, class... Rest>
        requires(!IsRunnable<Work>::value || !is_call_rest<run_options, Rest...>)
    auto async_run(Work&&, Rest&&... rest)
    {
        if constexpr (!IsRunnable<Work>::value) {
            using check [[maybe_unused]] = typename WorkCheck<Work>::sentence;
        } else {
            using check [[maybe_unused]] = typename run_rest_check<Rest...>::sentence;
        }
        return refuse_call(rest...);
    }

    /// With options in braces.
    template <class Work, class Token>
        requires(!std::convertible_to<Token, run_options>)
    auto async_run(Work&&, Token&& token, const run_options&)
    {
        using check [[maybe_unused]] = typename run_rest_check<Token, run_options>::sentence;
        return refuse_call(token);
    }
};

} // namespace detail
} // namespace tandem

#endif
