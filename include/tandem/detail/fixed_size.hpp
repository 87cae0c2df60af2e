// Types whose values are all encoded to as many bytes: numbers, plain classes, and pairs, tuples and arrays of them. Many of them
// need one look at what is left, and no archive for each.
#ifndef TANDEM_DETAIL_FIXED_SIZE_HPP
#define TANDEM_DETAIL_FIXED_SIZE_HPP

#include <tandem/detail/plain_types.hpp>

#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tandem::detail {

/// Of a T's encoding, in bytes; 0 where that differs from value to value.
template <class T>
inline constexpr std::size_t fixed_size = is_plain<T> ? sizeof(T) : 0;

template <class... T>
consteval std::size_t sum_of_fixed()
{
    return ((fixed_size<std::remove_cv_t<T>> != 0) && ...) ? (fixed_size<std::remove_cv_t<T>> + ... + 0) : 0;
}
template <class A, class B>
inline constexpr std::size_t fixed_size<std::pair<A, B>> = sum_of_fixed<A, B>();
template <class... T>
inline constexpr std::size_t fixed_size<std::tuple<T...>> = sum_of_fixed<T...>();

/// Several have room in some kilobytes.
template <class T>
concept fixed = fixed_size<T> != 0 && fixed_size<T> <= 1024;

template <class T>
void put_fixed(std::byte*& destination, const T& value)
{
    if constexpr (!is_plain<T>) {
        std::apply([&destination](const auto&... members) { (put_fixed(destination, members), ...); }, value);
    } else {
        std::memcpy(destination, std::addressof(value), sizeof value);
        destination += sizeof value;
    }
}

template <class T>
void take_fixed(const std::byte*& source, T& value)
{
    if constexpr (!is_plain<T>) {
        std::apply([&source](auto&... members) { (take_fixed(source, members), ...); }, value);
    } else if constexpr (std::is_same_v<T, bool>) {
        const auto byte = static_cast<std::uint8_t>(*source++);
        check_bool(byte);
        value = byte == 1;
    } else {
        std::memcpy(static_cast<void*>(std::addressof(value)), source, sizeof value);
        source += sizeof value;
        check_bools(value);
    }
}

/// So many are encoded or decoded at once.
template <fixed T>
inline constexpr std::size_t fixed_piece = 4096 / fixed_size<T>;

} // namespace tandem::detail

#endif
