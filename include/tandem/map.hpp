// A function over many arguments, on either pool.
#ifndef TANDEM_MAP_HPP
#define TANDEM_MAP_HPP

#include <tandem/detail/map_call_check.hpp>
#include <tandem/detail/map_operation.hpp>
#include <tandem/detail/process_map_operation.hpp>
#include <tandem/detail/thread_map_operation.hpp>

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace tandem {

/// How async_map runs.
struct map_options
{
    /// How many calls may be queued or running at once. Default: 0, which stands for as many as keep all workers or
    /// threads of the pool busy while results are collected. Calls that are short travel to a process many at once. On
    /// threads no more run at once than there are threads.
    std::size_t in_flight = 0;

    /// How each call is run. On threads a run_timeout or a queue_timeout makes each call a piece of work by itself, which
    /// takes a microsecond or two longer; with all else, short calls are run many at once.
    run_options run{};
};

/// Calls `function` with each element of `range` on `pool`, and collects the results in the range's order.
///
/// `pool` is a thread_pool or a process_pool and must live until the operation completes. `function` is `task<f>` with
/// f of one parameter, and on a thread_pool also any callable of one argument: it is not copied, all threads call it as a
/// constant. `range` is an input range, taken by value: a container is moved or copied, and its elements are moved to the
/// calls; a view is copied, and what it views must live until the operation completes. Elements are taken when they are to
/// be run.
///
/// Completion signature: `void(std::exception_ptr, std::vector<R>)`, or `void(std::exception_ptr)` where the function
/// returns void. The first call that fails cancels the rest: what is queued is removed, what runs is asked to stop and
/// waited for; then the operation completes with its exception. The handler runs in its associated executor, by default
/// the pool's, and never inside of this call.
///
/// Per-operation cancellation, in the ways of async_run: `total` has no effect when a call has begun or has completed; else
/// none begins, and the operation completes with `operation_aborted`. `partial` and `terminal`: no further calls are begun, the
/// type is passed on to those under way, and when they have completed the operation does, with `operation_aborted`.
template <class Pool, class Function, class Range,
          class Token = detail::default_token_t<typename Pool::executor_type>>
    requires std::ranges::input_range<std::decay_t<Range>>
auto async_map(Pool& pool, Function function, Range&& range, const map_options& options,
               Token&& token = detail::default_token<typename Pool::executor_type>())
{
    if constexpr (detail::sound_map<Pool, Function, Range>) {
        using operation = detail::map_operation<Pool, Function, std::decay_t<Range>>;
        return detail::initiate<Token, typename operation::signature>(
            detail::initiate_map_on(pool), token, std::move(function), std::decay_t<Range>(std::forward<Range>(range)),
            options.in_flight, options.run);
    } else {
        using check [[maybe_unused]] = typename detail::map_check<Pool, Function, Range>::sentence;
        return detail::refuse_call(token);
    }
}

/// The same with default options.
template <class Pool, class Function, class Range,
          class Token = detail::default_token_t<typename Pool::executor_type>>
    requires(std::ranges::input_range<std::decay_t<Range>> && !std::convertible_to<Token, map_options>)
auto async_map(Pool& pool, Function function, Range&& range,
               Token&& token = detail::default_token<typename Pool::executor_type>())
{
    return async_map(pool, std::move(function), std::forward<Range>(range), map_options{}, std::forward<Token>(token));
}

/// Other arguments: does not compile, and says why.
template <class Pool, class Function, class Range, class... Rest>
    requires(!detail::is_map_call<std::remove_reference_t<Pool>, Range, Rest...>)
auto async_map(Pool&&, Function&&, Range&&, Rest&&... rest)
{
    using check [[maybe_unused]] =
        typename detail::map_call_check<std::remove_reference_t<Pool>, Function, Range, Rest...>::sentence;
    return detail::refuse_call(rest...);
}

/// Options in braces behind the token: the same.
template <class Pool, class Function, class Range, class Token>
    requires(!std::convertible_to<Token, map_options>)
auto async_map(Pool&&, Function&&, Range&&, Token&& token, const map_options&)
{
    using check [[maybe_unused]] = typename detail::map_rest_check<Token, map_options>::sentence;
    return detail::refuse_call(token);
}

} // namespace tandem

#endif
