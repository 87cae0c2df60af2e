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

template <class F>
struct signature_of : signature_of<decltype(&F::operator())>
{
};
template <class R, class... P>
struct signature_of<R (*)(P...)>
{
    using result = R;
    template <template <class...> class List>
    using parameters = List<P...>;
};
template <class R, class... P>
struct signature_of<R (*)(P...) noexcept> : signature_of<R (*)(P...)>
{
};
template <class C, class R, class... P>
struct signature_of<R (C::*)(P...) const> : signature_of<R (*)(P...)>
{
};
template <class C, class R, class... P>
struct signature_of<R (C::*)(P...) const noexcept> : signature_of<R (*)(P...)>
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
    static constexpr bool accepts = sizeof...(A) == sizeof...(P) &&
                                    (std::is_constructible_v<typename parameter<P>::held, A> && ...);

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
using parameters_of = typename signature_of<std::remove_cv_t<decltype(F)>>::template parameters<parameter_list>;

template <auto F>
using result_of = std::remove_cvref_t<typename signature_of<std::remove_cv_t<decltype(F)>>::result>;

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
        parameters::call_received(F, received);
    } else {
        const R& value = parameters::call_received(F, received); // one that is kept is not copied
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

template <class R>
inline constexpr bool is_view = false;
template <class C, class T>
inline constexpr bool is_view<std::basic_string_view<C, T>> = true;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

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

    static_assert(!detail::is_view<result_type>,
                  "tandem: a task must return what owns its elements (std::string, std::vector), not a view.");
    static_assert(
        std::is_void_v<detail::travel_check<std::conditional_t<detail::is_view<result_type>, void, result_type>>>);
    static_assert(std::is_void_v<result_type> || !detail::has_no_obstacle<result_type> || transferable<result_type>,
                  "tandem: a task's result cannot be sent from another process. Make it a plain aggregate, or give it "
                  "cereal's serialize (or save and load).");

    /// Each argument is converted to F's parameter and held by value; for a parameter that is a std::string_view or a
    /// std::span<const T>, its characters or elements are held.
    template <class... A>
        requires(parameters::template accepts<A...>)
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
        static_assert(parameters_of<F>::template accepts<A...>,
                      "tandem: the arguments given to task<f>(...) do not fit f's parameters.");
        return bound_task<F>(std::in_place, std::forward<A>(arguments)...);
    }
};

} // namespace detail

/// Names the function F: a function, a static member function, or a captureless lambda. `task<F>(arguments...)` makes a
/// bound_task; the arguments are checked against F's parameters when it is compiled. Parameters are values, references
/// to const, std::string_view and std::span<const T>.
///
/// Naming it registers F in this program under F's mangled name, before main begins. A separate worker program must
/// name it too: `inline constexpr auto render_task = tandem::task<render>;` in a header that both include does that.
template <auto F>
inline constexpr detail::task_function<F> task{};

} // namespace tandem

#endif
