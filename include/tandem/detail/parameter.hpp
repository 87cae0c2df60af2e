// What a task's parameter becomes on its way: held by the caller, encoded, and decoded for the call.
#ifndef TANDEM_DETAIL_PARAMETER_HPP
#define TANDEM_DETAIL_PARAMETER_HPP

#include <tandem/codec.hpp>

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tandem::detail {

/// An ordinary parameter: held, sent and handed over as a value.
template <class P>
struct parameter
{
    static_assert(!std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>,
                  "tandem: a task's parameter must not be a reference to non-const: what the task writes there could "
                  "not come back. Take a value and return the result.");

    using held = std::remove_cvref_t<P>;
    static constexpr bool is_flat = flat<held>;

    static void save(output_archive& ar, const held& value) { ar(value); }

    struct received
    {
        held value{};
        void load(input_archive& ar) { ar(value); }
        P get() { return static_cast<P&&>(value); }
    };
};

/// One that cannot be sent. All that is compiled of it is the sentence that says why.
template <class P>
    requires(!transferable<std::remove_cvref_t<P>>)
struct parameter<P>
{
    using held = std::remove_cvref_t<P>;
    static constexpr bool is_flat = false;

    static_assert(!std::is_pointer_v<held>,
                  "tandem: a task's parameter must not be a pointer: it means nothing in another process. Take "
                  "std::string_view for text, std::span<const T> for arrays, or a value.");
    static_assert(std::is_void_v<travel_check<std::conditional_t<std::is_pointer_v<held>, int, held>>>);
    static_assert(std::is_pointer_v<held> || !has_no_obstacle<held>,
                  "tandem: a task's parameter cannot be sent to another process. Make it a plain aggregate, or give it "
                  "cereal's serialize (or save and load).");

    static void save(output_archive&, const held&) {}

    struct received
    {
        void load(input_archive&) {}
        P get();
    };
};

/// A view of plain elements: held as a copy, viewed in the worker where their bytes lie.
template <class View, class Held>
struct view_parameter
{
    using held = Held;
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

} // namespace tandem::detail

#endif
