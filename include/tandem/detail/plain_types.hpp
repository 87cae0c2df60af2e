// Types that need no serialization code: plain ones travel as bytes, other aggregates member by member.
#ifndef TANDEM_DETAIL_PLAIN_TYPES_HPP
#define TANDEM_DETAIL_PLAIN_TYPES_HPP

#include <tandem/detail/archive.hpp>
#include <tandem/detail/error_codes.hpp>
#include <tandem/detail/members.hpp>
#include <tandem/travels_as_bytes.hpp>

#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/stack.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <type_traits>

namespace tandem::detail {

// cereal counts the ways to serialize a type and wants exactly one, so ours must stand back where there is another:
// cereal's own for the standard types, or the user's. An archive that ours do not apply to tells.
template <class T>
concept has_own_serialization =
    cereal::traits::is_output_serializable<T, cereal::BinaryOutputArchive>::value ||
    cereal::traits::is_input_serializable<T, cereal::BinaryInputArchive>::value;

template <class T>
inline constexpr bool is_plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class... T>
consteval bool are_plain(type_list<T...>)
{
    return (is_plain<std::remove_cv_t<T>> && ...);
}

template <class T>
consteval bool is_plain_class()
{
    if constexpr (!std::is_trivially_copyable_v<T> || has_own_serialization<T> || is_error_code<T>) {
        return false;
    } else if constexpr (tandem::travels_as_bytes<T> || std::is_empty_v<T>) {
        return true;
    } else if constexpr (has_visible_members<T>) {
        return are_plain(member_types<T>());
    } else {
        return false;
    }
}

/// Whether a T may travel as its bytes: any bytes are a T, but for a bool in it. A std::optional or a std::variant is
/// none, though trivially copyable: its bytes can say that it holds what it does not hold.
template <class T>
    requires(std::is_class_v<T> || std::is_union_v<T>)
inline constexpr bool is_plain<T> = is_plain_class<T>();
template <class T, std::size_t N>
inline constexpr bool is_plain<T[N]> = is_plain<std::remove_cv_t<T>>;
template <class T, std::size_t N>
inline constexpr bool is_plain<std::array<T, N>> = N != 0 && is_plain<std::remove_cv_t<T>>;
template <class T>
inline constexpr bool is_plain<std::complex<T>> = is_plain<T>;
template <class R, class P>
inline constexpr bool is_plain<std::chrono::duration<R, P>> = is_plain<R>;
template <class C, class D>
inline constexpr bool is_plain<std::chrono::time_point<C, D>> = is_plain<D>;

/// A plain class without a serialization of its own.
template <class T>
concept plain_class = (std::is_class_v<T> || std::is_union_v<T>)&&is_plain<T> && !has_own_serialization<T>;

/// Whether a plain T has a bool in it, or an enumeration of bool, that can be seen.
template <class T>
inline constexpr bool holds_bool = std::is_same_v<T, bool>;

template <class... T>
consteval bool hold_bool(type_list<T...>)
{
    return (holds_bool<std::remove_cv_t<T>> || ...);
}

template <class T>
    requires std::is_enum_v<T>
inline constexpr bool holds_bool<T> = std::is_same_v<std::underlying_type_t<T>, bool>;
template <class T, std::size_t N>
inline constexpr bool holds_bool<T[N]> = holds_bool<std::remove_cv_t<T>>;
template <class T, std::size_t N>
inline constexpr bool holds_bool<std::array<T, N>> = holds_bool<std::remove_cv_t<T>>;
template <plain_class T>
    requires(has_visible_members<T> && !tandem::travels_as_bytes<T>)
inline constexpr bool holds_bool<T> = hold_bool(member_types<T>());

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

/// Throws where a bool in `value`, whose bytes came from another process, is neither 0 nor 1.
template <class T>
void check_bools([[maybe_unused]] const T& value)
{
    if constexpr (!holds_bool<T>) {
        return;
    } else if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
        std::uint8_t byte = 0; // to read it as a bool would be undefined
        std::memcpy(&byte, std::addressof(value), 1);
        check_bool(byte);
    } else if constexpr (std::is_array_v<T> || is_std_array<T>) { // not all that has a begin() of its own
        for (const auto& element : value)
            check_bools(element);
    } else {
        with_members(value, [](auto, const auto&... members) { (check_bools(members), ...); });
    }
}

/// Whether the encoding of a T is its bytes, and nothing else: it needs no archive, which costs more to make than a
/// small value to copy.
template <class T>
concept flat = ((std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) || plain_class<T>)&&sizeof(T) < large_run;

/// The values, one after the other.
template <flat... T>
void put_flat([[maybe_unused]] std::byte* out, const T&... values)
{
    ((std::memcpy(out, std::addressof(values), sizeof values), out += sizeof values), ...);
}

template <flat... T>
void append_flat(byte_buffer& out, const T&... values)
{
    const std::size_t begin = out.size();
    out.resize(begin + (sizeof values + ... + 0));
    put_flat(out.data() + begin, values...);
}

/// The values that are all of `in`.
template <flat... T>
void take_flat(std::span<const std::byte> in, T&... values)
{
    constexpr std::size_t size = (sizeof(T) + ... + 0);
    if (in.size() < size)
        throw std::length_error("the message ends too early");
    expect_end(in.size() - size);
    [[maybe_unused]] const std::byte* from = in.data();
    ((std::memcpy(static_cast<void*>(std::addressof(values)), from, sizeof values), from += sizeof values), ...);
    (check_bools(values), ...);
}

template <class T>
concept travels_by_member = std::is_class_v<T> && has_visible_members<T> && !is_plain<T> && !has_own_serialization<T>;

/// Also an element of a C array, all of whose elements travel one by one.
template <class Archive, class T>
void archive_member(Archive& ar, T& member)
{
    if constexpr (std::is_array_v<T>) {
        for (auto& element : member)
            archive_member(ar, element);
    } else {
        ar(member);
    }
}

template <plain_class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& value)
{
    ar.write(std::addressof(value), sizeof value);
}

template <plain_class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& value)
{
    ar.read(static_cast<void*>(std::addressof(value)), sizeof value);
    check_bools(value);
}

template <travels_by_member T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& value)
{
    with_members(value, [&ar](auto, const auto&... members) { (archive_member(ar, members), ...); });
}

template <travels_by_member T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& value)
{
    with_members(value, [&ar](auto, auto&... members) { (archive_member(ar, members), ...); });
}

} // namespace tandem::detail

#endif
