// Says why a call of async_map is none.
#ifndef TANDEM_DETAIL_MAP_CALL_CHECK_HPP
#define TANDEM_DETAIL_MAP_CALL_CHECK_HPP

#include <tandem/detail/call_check.hpp>
#include <tandem/detail/map_operation.hpp>
#include <tandem/detail/run_signature.hpp>
#include <tandem/process_pool.hpp>

#include <ranges>

namespace tandem::detail {

template <class Pool>
inline constexpr bool is_process_pool = false;
template <class Executor>
inline constexpr bool is_process_pool<basic_process_pool<Executor>> = true;

/// Whether it is one, as far as a map sees.
template <class Pool>
concept any_pool = requires(Pool& pool) {
    typename Pool::executor_type;
    pool.get_executor();
    pool.size();
};

/// Whether a Range, as given, can be kept. A vector says that it can be copied whatever its elements are.
template <class Range, class Kept = std::decay_t<Range>>
concept kept_range = std::is_constructible_v<Kept, Range> &&
                     (!std::is_lvalue_reference_v<Range> || !owns_elements<Kept> ||
                      std::copy_constructible<std::ranges::range_value_t<Kept>>);

template <class Range>
using map_argument = std::decay_t<map_element<Range>>;

template <class Function, class Argument>
inline constexpr bool takes_element = std::is_invocable_v<const Function&, Argument>;
template <auto F, class Argument>
inline constexpr bool takes_element<task_function<F>, Argument> = false;
template <auto F, class Argument>
    requires sound_function<F>
inline constexpr bool takes_element<task_function<F>, Argument> = parameters_of<F>::template accepts<Argument>();

template <class Function, class Argument>
inline constexpr bool gives_task = is_bound_task<std::remove_cvref_t<std::invoke_result_t<const Function&, Argument>>>;

template <class Pool, class Function, class Range>
inline constexpr bool has_map_result =
    gives_task<Function, map_argument<Range>> ||
    (!is_process_pool<Pool> && deliverable<typename map_operation<Pool, Function, Range>::result>);

template <class Pool, class Function, class Range, class Kept = std::decay_t<Range>>
concept sound_map = kept_range<Range> && std::is_constructible_v<map_argument<Kept>, map_element<Kept>> &&
                    takes_element<Function, map_argument<Kept>> && has_map_result<Pool, Function, Kept>;

template <class Function, class Argument>
struct element_check
{
    using sentence = void;
    static constexpr bool is_mutable = std::is_invocable_v<Function&, Argument>;

    static_assert(!is_bound_task<Function>,
                  "tandem: async_map calls task<f> itself, with each element. Give it task<f>; to bind more arguments, "
                  "[=](const auto& element) { return task<f>(element, a); }.");
    static_assert(is_bound_task<Function> || !is_mutable,
                  "tandem: all of a map's calls share its function, so that a lambda must not be mutable, nor an operator() "
                  "other than const.");
    static_assert(is_bound_task<Function> || is_mutable,
                  "tandem: async_map's function cannot be called with one element of the range. It takes it by value, or by "
                  "reference to const.");
};
template <auto F, class Argument>
struct element_check<task_function<F>, Argument>
{
    using sentence = typename arguments_check<parameters_of<F>, Argument>::sentence;
};
template <auto F, class Argument>
    requires(!sound_function<F>)
struct element_check<task_function<F>, Argument> : no_sentence // it has been said
{
};

/// Says why not a sound_map.
template <class Pool, class Function, class Range>
struct map_check
{
    using sentence = void;
    using kept = std::decay_t<Range>;
    using argument = map_argument<kept>;
    static constexpr bool is_kept = kept_range<Range>;
    static constexpr bool is_taken = is_kept && std::is_constructible_v<argument, map_element<kept>>;

    static_assert(is_kept, "tandem: the range cannot be copied. Move it: async_map(pool, function, std::move(range)).");
    static_assert(!is_kept || is_taken,
                  "tandem: each call of async_map gets an element of its own, and these can neither be copied nor belong to "
                  "the range. Map the container itself, moved, or a range of indices.");
    using check = typename std::conditional_t<!is_taken || takes_element<Function, argument>, no_sentence,
                                              element_check<Function, argument>>::sentence;

    static constexpr bool is_called = is_taken && takes_element<Function, argument>;
    static_assert(!is_called || !is_process_pool<Pool>,
                  "tandem: a process_pool runs tasks only, since a callable cannot travel to another process. Write "
                  "async_map(cpu, tandem::task<f>, range) with f a function or a captureless lambda of one parameter, or "
                  "map the callable on a thread_pool.");
    static_assert(!is_called || is_process_pool<Pool>,
                  "tandem: a result needs a default constructor: a failed operation completes with one. Give it one, or return "
                  "a std::optional of it.");
};

template <class Pool, class Range, class... Rest>
inline constexpr bool is_map_call = any_pool<Pool> && std::ranges::input_range<std::decay_t<Range>> &&
                                    is_call_rest<map_options, Rest...>;

template <class... Rest>
struct map_rest_check
{
    using sentence = void;
    static constexpr bool has_run_options = (is_run_options<Rest> || ...);
    static constexpr bool has_options = (is_map_options<Rest> || ...);

    static_assert(!has_run_options, "tandem: a map takes map_options, and run_options in them: map_options{.run = options}.");
    static_assert(has_run_options || !has_options,
                  "tandem: map_options come before the completion token: async_map(pool, function, range, options, token).");
    static_assert(has_run_options || has_options,
                  "tandem: async_map takes a pool, a function, a range, then map_options, then a completion token.");
};

/// Says why arguments are none of async_map's.
template <class Pool, class Function, class Range, class... Rest>
struct map_call_check
{
    using sentence = void;
    static constexpr bool is_range = std::ranges::input_range<std::decay_t<Range>>;

    static_assert(any_pool<Pool>, "tandem: async_map's first argument is the pool, a thread_pool or a process_pool.");
    static_assert(!any_pool<Pool> || is_range,
                  "tandem: async_map's third argument is no range: it takes a pool, a function, and a range of its arguments.");
    using rest =
        typename std::conditional_t<any_pool<Pool> && is_range, map_rest_check<Rest...>, no_sentence>::sentence;
};

} // namespace tandem::detail

#endif
