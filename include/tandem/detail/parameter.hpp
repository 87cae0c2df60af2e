// What a task's parameter becomes on its way: held by the caller, encoded, and decoded for the call.
#ifndef TANDEM_DETAIL_PARAMETER_HPP
#define TANDEM_DETAIL_PARAMETER_HPP

#include <tandem/codec.hpp>

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tandem::detail {

template <class P>
inline constexpr bool is_writable_reference =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;

/// Whether a T can come out of a message.
template <class T>
concept decodable = transferable<T> && std::default_initializable<T>;

/// An ordinary parameter: held, sent and handed over as a value.
template <class P>
struct parameter
{
    using held = std::remove_cvref_t<P>;
    static constexpr bool is_sound = true;
    static constexpr bool is_flat = flat<held>;

    static void save(output_archive& ar, const held& value) { ar(value); }

    struct received
    {
        held value{};
        void load(input_archive& ar) { ar(value); }
        P get() { return static_cast<P&&>(value); }
    };
};

/// One that no task can have: see parameter_check.
template <class P>
    requires(is_writable_reference<P> || !decodable<std::remove_cvref_t<P>>)
struct parameter<P>
{
    static constexpr bool is_sound = false;
};

/// A view of plain elements: held as a copy, viewed in the worker where their bytes lie.
template <class View, class Held>
struct view_parameter
{
    using held = Held;
    static constexpr bool is_sound = true;
    static constexpr bool is_flat = false;
    using element = typename Held::value_type;

    static void save(output_archive& ar, const held& value)
    {
        ar(static_cast<std::uint64_t>(value.size()));
        ar.align(alignof(element));
        ar.write(value.data(), value.size() * sizeof(element));
    }

    struct received
    {
        const element* data = nullptr;
        std::size_t size = 0;
        std::vector<element> realigned; // where the message itself does not lie as the elements want it

        void load(input_archive& ar)
        {
            std::uint64_t count = 0;
            ar(count);
            ar.align(alignof(element));
            const std::byte* bytes = ar.take(count, sizeof(element));
            size = static_cast<std::size_t>(count);
            if (size == 0)
                return;
            if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(element) == 0) {
                data = reinterpret_cast<const element*>(bytes);
            } else {
                realigned.resize(size);
                std::memcpy(static_cast<void*>(realigned.data()), bytes, size * sizeof(element));
                data = realigned.data();
            }
            check_elements(std::span(data, size));
        }
        View get() { return View(data, size); }
    };
};

template <class Char, class Traits>
struct parameter<std::basic_string_view<Char, Traits>>
    : view_parameter<std::basic_string_view<Char, Traits>, std::basic_string<Char, Traits>>
{
};

template <class T>
    requires copied_at_once<T>
struct parameter<std::span<const T>> : view_parameter<std::span<const T>, std::vector<T>>
{
};

/// A view of other elements: held, sent and decoded as a vector.
template <class T>
    requires(!copied_at_once<T> && !std::is_same_v<T, bool> && transferable<std::vector<T>>)
struct parameter<std::span<const T>>
{
    using held = std::vector<T>;
    static constexpr bool is_sound = true;
    static constexpr bool is_flat = false;

    static void save(output_archive& ar, const held& value) { ar(value); }

    struct received
    {
        held value{};
        void load(input_archive& ar) { ar(value); }
        std::span<const T> get() { return value; }
    };
};

template <class P>
    requires(!std::is_reference_v<P>)
struct parameter<const P> : parameter<P>
{
};

template <class Char, class Traits>
struct parameter<const std::basic_string_view<Char, Traits>&> : parameter<std::basic_string_view<Char, Traits>>
{
};

template <class T>
struct parameter<const std::span<const T>&> : parameter<std::span<const T>>
{
};

// Sentences are in classes of their own, which nothing else depends on: what is in a class behind an assertion that failed
// does not exist for Clang.

/// Says why no task can have a parameter P.
template <class P>
struct parameter_check
{
    using sentence = void;
};
template <class P>
    requires(!parameter<P>::is_sound)
struct parameter_check<P>
{
    using sentence = void;
    using value = std::remove_cvref_t<P>;

    static_assert(!is_writable_reference<P>,
                  "tandem: a task's parameter must not be a reference to non-const: what the task writes there could not "
                  "come back. Take a value and return the result.");
    static_assert(is_writable_reference<P> || !std::is_pointer_v<value>,
                  "tandem: a task's parameter must not be a pointer: it means nothing in another process. Take "
                  "std::string_view for text, std::span<const T> for arrays, or a value.");
    static constexpr bool is_said = is_writable_reference<P> || std::is_pointer_v<value>;
    static_assert(is_said || transferable<value> || !has_no_obstacle<value>,
                  "tandem: a task's parameter cannot be sent to another process. Make it a plain aggregate, or give it "
                  "cereal's serialize (or both save and load).");
    using value_check = travel_check<std::conditional_t<is_said, int, value>>;
};

/// Whether a number may become less than it was: 3.5 as an int, a long as an int, anything as a bool. Between integers of
/// one size, and between floating-point types, numbers pass: 1 is an int, and 0.1 a double.
template <class From, class To>
inline constexpr bool loses_value = std::is_pointer_v<From> && std::is_same_v<To, bool>;
template <class From, class To>
    requires(std::is_arithmetic_v<From> && std::is_integral_v<To>)
inline constexpr bool loses_value<From, To> = std::is_floating_point_v<From> || sizeof(From) > sizeof(To) ||
                                              (std::is_same_v<To, bool> && !std::is_same_v<From, bool>);

template <class P, class A>
inline constexpr bool converts_implicitly =
    std::is_convertible_v<A, typename parameter<P>::held> || std::is_convertible_v<A, std::remove_cvref_t<P>>;

/// Whether an A is taken for a parameter P: as a call would convert it, where that does not cut a number.
template <class P, class A>
concept argument_for = std::is_constructible_v<typename parameter<P>::held, A> && converts_implicitly<P, A> &&
                       !loses_value<std::decay_t<A>, typename parameter<P>::held>;

/// Says why an A is not.
template <class P, class A>
struct argument_check
{
    using sentence = void;
};
template <class P, class A>
    requires(!argument_for<P, A>)
struct argument_check<P, A>
{
    using sentence = void;
    using held = typename parameter<P>::held;
    static constexpr bool is_constructible = std::is_constructible_v<held, A>;
    static constexpr bool is_uncopyable = !is_constructible && std::is_same_v<std::decay_t<A>, held>;

    static_assert(!is_uncopyable,
                  "tandem: an argument of task<f>(...) cannot be copied. Move it: task<f>(std::move(argument)).");
    static_assert(is_constructible || is_uncopyable,
                  "tandem: an argument of task<f>(...) does not convert to f's parameter.");
    static_assert(!is_constructible || converts_implicitly<P, A>,
                  "tandem: an argument of task<f>(...) converts to f's parameter explicitly only. Write the conversion: "
                  "task<f>(parameter_type(argument)).");
    static_assert(!is_constructible || !converts_implicitly<P, A> || !loses_value<std::decay_t<A>, held>,
                  "tandem: an argument of task<f>(...) may lose its value in f's parameter: a floating-point number in an "
                  "integer, a longer integer in a shorter one, or what is no bool in a bool. Write the conversion: "
                  "task<f>(static_cast<int>(argument)).");
};

} // namespace tandem::detail

#endif
