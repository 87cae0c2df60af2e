// A task names a function and carries its arguments.
#ifndef TANDEM_TASK_HPP
#define TANDEM_TASK_HPP

#include <tandem/detail/parameter.hpp>
#include <tandem/detail/task_registry.hpp>
#include <tandem/error.hpp>

#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace tandem {
namespace detail {

enum class function_kind
{
    usable,
    not_const,
    not_one, // a generic lambda, or overloads
    member,
    variadic,
    none
};

/// What a function takes and returns.
template <class F>
struct signature_of
{
    static constexpr function_kind kind = std::is_member_pointer_v<F> ? function_kind::member : function_kind::none;
    using result = void;
    template <template <class...> class List>
    using parameters = List<>;
};
template <class R, class... P>
struct signature_of<R (*)(P...)>
{
    static constexpr function_kind kind = function_kind::usable;
    using result = R;
    template <template <class...> class List>
    using parameters = List<P...>;
};
template <class R, class... P>
struct signature_of<R (*)(P...) noexcept> : signature_of<R (*)(P...)>
{
};

template <function_kind Kind>
struct no_signature : signature_of<void>
{
    static constexpr function_kind kind = Kind;
};
template <class R, class... P>
struct signature_of<R (*)(P..., ...)> : no_signature<function_kind::variadic>
{
};

template <class Operator>
struct signature_of_operator : no_signature<function_kind::not_const>
{
};
template <class R, class... P> // it is static
struct signature_of_operator<R (*)(P...)> : signature_of<R (*)(P...)>
{
};
template <class C, class R, class... P>
struct signature_of_operator<R (C::*)(P...) const> : signature_of<R (*)(P...)>
{
};
template <class C, class R, class... P>
struct signature_of_operator<R (C::*)(P...) const noexcept> : signature_of<R (*)(P...)>
{
};
template <class F>
    requires(std::is_class_v<F> && !requires { &F::operator(); })
struct signature_of<F> : no_signature<function_kind::not_one>
{
};
template <class F>
    requires(std::is_class_v<F> && requires { &F::operator(); })
struct signature_of<F> : signature_of_operator<decltype(&F::operator())>
{
};

/// Its mangled name names the function.
template <auto F>
struct task_name
{
};

template <class... P>
struct parameter_list
{
    using held = std::tuple<typename parameter<P>::held...>;
    using received = std::tuple<typename parameter<P>::received...>;

    template <class... A>
    static consteval bool accepts()
    {
        if constexpr (sizeof...(A) == sizeof...(P)) {
            return (argument_for<P, A> && ...);
        } else {
            return false;
        }
    }

    /// Whether all arguments together are their bytes, always as many.
    static constexpr bool are_flat = (parameter<P>::is_flat && ...);
    static constexpr std::size_t flat_size = (sizeof(typename parameter<P>::held) + ... + 0);

    static void put(std::byte* out, const held& values)
    {
        std::apply([out](const auto&... value) { put_flat(out, value...); }, values);
    }

    static void save(byte_buffer& out, large_writer* large, const held& values)
    {
        if constexpr (are_flat) {
            std::apply([&out](const auto&... value) { append_flat(out, value...); }, values);
        } else {
            output_archive archive{out, large};
            std::apply([&archive](const auto&... value) { (parameter<P>::save(archive, value), ...); }, values);
        }
    }

    /// All of `in`.
    static void load(std::span<const std::byte> in, large_reader* large, received& values)
    {
        if constexpr (are_flat) {
            std::apply([in](auto&... value) { take_flat(in, value.value...); }, values);
        } else {
            input_archive archive{in, large};
            std::apply([&archive](auto&... value) { (value.load(archive), ...); }, values);
            expect_end(archive.remaining());
        }
    }

    template <class F>
    static decltype(auto) call_held(F f, held& values)
    {
        return std::apply([&f](auto&... value) -> decltype(auto) { return f(static_cast<forwarded<P>>(value)...); },
                          values);
    }

    template <class F>
    static decltype(auto) call_received(F f, received& values)
    {
        return std::apply([&f](auto&... value) -> decltype(auto) { return f(value.get()...); }, values);
    }

private:
    // References are bound to what is held, values are moved out of it; views are made of it.
    template <class Q>
    using forwarded = std::conditional_t<
        std::is_same_v<std::remove_cvref_t<Q>, typename parameter<Q>::held>,
        std::conditional_t<std::is_lvalue_reference_v<Q>, Q, std::remove_cvref_t<Q>&&>, std::remove_cvref_t<Q>>;
};

template <auto F>
using function_signature = signature_of<std::remove_cv_t<decltype(F)>>;

template <auto F>
using parameters_of = typename function_signature<F>::template parameters<parameter_list>;

template <auto F>
using result_of = std::remove_cvref_t<typename function_signature<F>::result>;

template <class R>
inline constexpr bool is_view = false;
template <class C, class T>
inline constexpr bool is_view<std::basic_string_view<C, T>> = true;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <class R>
inline constexpr bool is_coroutine = requires(R& result) { result.await_ready(); };

template <class R>
concept sound_result = std::is_void_v<R> || (!is_view<R> && decodable<R>);

template <class... P>
struct sound_parameters : std::bool_constant<(parameter<P>::is_sound && ...)>
{
};

/// Whether F can be a task.
template <auto F>
concept sound_function = function_signature<F>::kind == function_kind::usable &&
                         function_signature<F>::template parameters<sound_parameters>::value && sound_result<result_of<F>>;

/// Says why a task cannot return R.
template <class R>
struct result_check
{
    using sentence = void;
};
template <class R>
    requires(!sound_result<R>)
struct result_check<R>
{
    using sentence = void;

    static_assert(!is_view<R>,
                  "tandem: a task must return what owns its elements (std::string, std::vector), not a view.");
    static_assert(!is_coroutine<R>,
                  "tandem: a task must not be a coroutine, but return its result. A thread_pool runs coroutines: "
                  "io.async_run([=] { return f(arguments...); }).");
    static constexpr bool is_said = is_view<R> || is_coroutine<R>;
    static_assert(is_said || transferable<R> || !has_no_obstacle<R>,
                  "tandem: a task's result cannot be sent from another process. Make it a plain aggregate, or give it "
                  "cereal's serialize (or both save and load).");
    using value_check = travel_check<std::conditional_t<is_said, int, R>>;
};

template <class... P>
using parameter_checks = type_list<typename parameter_check<P>::sentence...>;

/// Says why F cannot be a task.
template <auto F>
struct function_check
{
    using sentence = void;
    static constexpr function_kind kind = function_signature<F>::kind;

    static_assert(kind != function_kind::not_const,
                  "tandem: a task's lambda must not be mutable, nor its operator() other than const: every call is one of "
                  "the same function.");
    static_assert(kind != function_kind::not_one,
                  "tandem: a task's lambda must not be generic, nor its operator() overloaded: what it takes must be known. "
                  "Write the parameters' types.");
    static_assert(kind != function_kind::member,
                  "tandem: a task must not be a member function. Write a lambda: task<[](const C& c, int x) { return "
                  "c.f(x); }>(object, x).");
    static_assert(kind != function_kind::variadic,
                  "tandem: a task's function must not take an ellipsis. Write a lambda that calls it.");
    static_assert(kind != function_kind::none,
                  "tandem: task<f> needs a function, a static member function or a lambda that captures nothing.");

    using parameters = typename function_signature<F>::template parameters<parameter_checks>;
    using result = typename result_check<result_of<F>>::sentence;
};

struct no_sentence
{
    using sentence = void;
};

/// void. Does not compile where F cannot be a task.
template <auto F>
using checked_function = typename std::conditional_t<sound_function<F>, no_sentence, function_check<F>>::sentence;

/// Says what is wrong with the arguments of task<f>(...).
template <class Parameters, class... A>
struct arguments_check;
template <class... P, class... A>
    requires(sizeof...(P) == sizeof...(A))
struct arguments_check<parameter_list<P...>, A...>
{
    using sentence = type_list<typename argument_check<P, A>::sentence...>;
};
template <class... P, class... A>
    requires(sizeof...(P) != sizeof...(A))
struct arguments_check<parameter_list<P...>, A...>
{
    using sentence = void;
    static_assert(sizeof...(A) <= sizeof...(P), "tandem: task<f>(...) is given more arguments than f has parameters.");
    static_assert(sizeof...(A) >= sizeof...(P),
                  "tandem: task<f>(...) is given fewer arguments than f has parameters. Give one for each, also where f "
                  "has a default argument.");
};

/// For code that is compiled behind a sentence, and never runs.
template <class T>
T after_refusal();

/// F, called so that it has a frame of its own on the stack: where it crashes, the trace names it.
template <auto F>
auto not_inlined()
{
    if constexpr (requires { +F; }) {
        auto* function = +F;
        asm("" : "+r"(function)); // may be any, for all that the compiler knows
        return function;
    } else {
        return F;
    }
}

template <auto F>
void run_encoded(std::span<const std::byte> arguments, large_reader* large_arguments, byte_buffer& result,
                 large_writer* large_result)
{
    using parameters = parameters_of<F>;
    using R = result_of<F>;
    typename parameters::received received;
    try {
        parameters::load(arguments, large_arguments, received);
    } catch (...) {
        throw task_error(errc::decode_failed, "the task's arguments: " + what_was_thrown());
    }
    if constexpr (std::is_void_v<R>) {
        parameters::call_received(not_inlined<F>(), received);
    } else {
        const R& value = parameters::call_received(not_inlined<F>(), received); // one that is kept is not copied
        try {
            encode_value(result, value, large_result);
        } catch (const over_limit& e) {
            throw task_error(errc::message_too_large, std::string("the task's result ") + e.what());
        } catch (...) {
            throw task_error(errc::encode_failed, "the task's result: " + what_was_thrown());
        }
    }
}

template <auto F>
struct registration
{
    static inline task_entry entry{typeid(task_name<F>).name(), &run_encoded<F>};
};

} // namespace detail

/// A call of F that has its arguments, to be run later, here or in another process. Made by task<F>(arguments...).
/// Copyable where all arguments are.
template <auto F>
class bound_task
{
    using parameters = detail::parameters_of<F>;

public:
    /// What F returns, without const and reference.
    using result_type = detail::result_of<F>;

    /// Each argument is converted to F's parameter as in a call and held by value; for a parameter that is a
    /// std::string_view or a std::span<const T>, its characters or elements are held. Does not compile where a number
    /// would be cut: a floating-point number for an integer, a long for an int, anything but a bool for a bool.
    template <class... A>
        requires(parameters::template accepts<A...>())
    explicit bound_task(std::in_place_t, A&&... arguments) : held_(std::forward<A>(arguments)...)
    {
    }

    /// Runs F here, with copies of the arguments.
    result_type operator()() const&
        requires std::copy_constructible<typename parameters::held>
    {
        auto copy = held_;
        return parameters::call_held(F, copy);
    }

    /// Runs F here; what F takes by value is moved to it.
    result_type operator()() && { return parameters::call_held(F, held_); }

    /// Appends the arguments' encoding to `out`; their large runs go to `large`, if there is one.
    void encode_arguments(byte_buffer& out, detail::large_writer* large = nullptr) const
    {
        parameters::save(out, large, held_);
    }

    /// Whether the encoding has always the same size, which is flat_size.
    static constexpr bool is_flat = parameters::are_flat;
    static constexpr std::size_t flat_size = parameters::flat_size;

    /// The encoding, at `out`.
    void put_arguments(std::byte* out) const
        requires is_flat
    {
        parameters::put(out, held_);
    }

    /// The function as the registry knows it. Naming this registers F.
    static const detail::task_entry& entry() noexcept { return detail::registration<F>::entry; }

private:
    typename parameters::held held_;
};

/// F cannot be a task: the compiler has said so.
template <auto F>
    requires(!detail::sound_function<F>)
class bound_task<F>
{
    using check = detail::checked_function<F>;

public:
    using result_type = detail::result_of<F>;
    static constexpr bool is_flat = false;
    static constexpr std::size_t flat_size = 0;

    result_type operator()() const;
    void encode_arguments(byte_buffer&, detail::large_writer* = nullptr) const {}
    static const detail::task_entry& entry() noexcept;
};

namespace detail {

template <class T>
inline constexpr bool is_bound_task = false;
template <auto F>
inline constexpr bool is_bound_task<bound_task<F>> = true;

template <auto F>
struct task_function
{
    // Instantiating task<F>, by as little as naming it, instantiates and so registers the entry.
    const task_entry* entry = &registration<F>::entry;

    template <class... A>
    bound_task<F> operator()(A&&... arguments) const
    {
        if constexpr (parameters_of<F>::template accepts<A...>()) {
            return bound_task<F>(std::in_place, std::forward<A>(arguments)...);
        } else {
            using check [[maybe_unused]] = typename arguments_check<parameters_of<F>, A...>::sentence;
            return after_refusal<bound_task<F>>();
        }
    }
};
template <auto F>
    requires(!sound_function<F>)
struct task_function<F>
{
    template <class... A>
    bound_task<F> operator()(A&&...) const
    {
        return {};
    }
};

} // namespace detail

/// Names the function F: a function, a static member function, or a captureless lambda. `task<F>(arguments...)` makes a
/// bound_task; the arguments are checked against F's parameters when it is compiled. Parameters are values, references
/// to const, std::string_view and std::span<const T>.
///
/// Naming it registers F in this program under F's mangled name, before main begins. A separate worker program must
/// name it too: `inline constexpr auto render_task = tandem::task<render>;` in a header that both include does that.
template <auto F, class = detail::checked_function<F>>
inline constexpr detail::task_function<F> task{};

} // namespace tandem

#endif
