// Types that need no serialization code: trivially copyable ones travel as bytes, plain aggregates member by member.
#ifndef TANDEM_DETAIL_PLAIN_TYPES_HPP
#define TANDEM_DETAIL_PLAIN_TYPES_HPP

#include <tandem/detail/archive.hpp>

#include <boost/pfr/core.hpp>
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

namespace tandem::detail {

// cereal counts the ways to serialize a type and wants exactly one, so ours must stand back where there is another:
// cereal's own for the standard types, or the user's. An archive that ours do not apply to tells.
template <class T>
concept has_own_serialization =
    cereal::traits::is_output_serializable<T, cereal::BinaryOutputArchive>::value ||
    cereal::traits::is_input_serializable<T, cereal::BinaryInputArchive>::value;

template <class T>
concept travels_as_bytes = std::is_class_v<T> && std::is_trivially_copyable_v<T> && !has_own_serialization<T>;

/// Whether the encoding of a T is its bytes, any bytes, and nothing else: it needs no archive, which costs more to make
/// than a small value to copy.
template <class T>
concept flat = ((std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) || travels_as_bytes<T>) && sizeof(T) < large_run;

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
}

template <class T>
concept travels_by_member =
    std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_trivially_copyable_v<T> && !has_own_serialization<T>;

template <travels_as_bytes T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& value)
{
    ar.write(std::addressof(value), sizeof value);
}

template <travels_as_bytes T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& value)
{
    ar.read(static_cast<void*>(std::addressof(value)), sizeof value);
}

template <travels_by_member T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const T& value)
{
    boost::pfr::for_each_field(value, [&ar](const auto& member) { ar(member); });
}

template <travels_by_member T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, T& value)
{
    boost::pfr::for_each_field(value, [&ar](auto& member) { ar(member); });
}

} // namespace tandem::detail

#endif
