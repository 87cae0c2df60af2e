// Says that a class which tandem cannot look into may be sent as its bytes.
#ifndef TANDEM_TRAVELS_AS_BYTES_HPP
#define TANDEM_TRAVELS_AS_BYTES_HPP

#include <chrono>

namespace tandem {

/// Whether a value of the class (or union) T is sent to another process as its bytes, although its members cannot be
/// seen: they are private, there is a base class, an unnamed union, or a constructor. tandem looks into arrays and
/// aggregates by itself, so most classes need no word here. Specialize it beside T, before T is first sent:
///
///     template <>
///     inline constexpr bool tandem::travels_as_bytes<my::colour> = true;
///
/// Preconditions: T is trivially copyable, else this has no effect. Its bytes mean the same in another process: it
/// holds no pointer, reference or view. Any bytes are a T that can be used without harm, as nothing checks them. A
/// class with cereal's `serialize`, or `save` and `load`, is sent by those all the same.
template <class T>
inline constexpr bool travels_as_bytes = false;

#if __cpp_lib_chrono >= 201907L || (defined __GLIBCXX__ && _GLIBCXX_RELEASE >= 11)
template <>
inline constexpr bool travels_as_bytes<std::chrono::day> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::month> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::year> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::weekday> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::weekday_indexed> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::weekday_last> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::month_day> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::month_day_last> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::month_weekday> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::month_weekday_last> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::year_month> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::year_month_day> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::year_month_day_last> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::year_month_weekday> = true;
template <>
inline constexpr bool travels_as_bytes<std::chrono::year_month_weekday_last> = true;
#endif

} // namespace tandem

#endif
