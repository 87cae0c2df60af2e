// The members of an aggregate, as structured bindings see them. Boost.PFR counts a C array as its elements, and cannot
// name a bit-field's type; plain structs have both.
#ifndef TANDEM_DETAIL_MEMBERS_HPP
#define TANDEM_DETAIL_MEMBERS_HPP

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tandem::detail {

template <class... T>
struct type_list
{
};

/// Of more members nothing is seen.
inline constexpr std::size_t max_members = 64;

/// Initializes any member, but no base class.
template <class T>
struct any_member
{
    template <class M>
        requires(!std::is_base_of_v<M, T> && (std::is_copy_constructible_v<M> || !std::is_move_constructible_v<M>))
    operator M&() const;
    template <class M>
        requires(!std::is_base_of_v<M, T> && !std::is_copy_constructible_v<M> && std::is_move_constructible_v<M>)
    operator M&&() const;
};

/// Initializes a base class only.
template <class T>
struct any_base
{
    any_base() = default;
    any_base(const any_base&) = delete;
    template <class B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const;
};

// A list of n = 8q + r elements, r in 1..8: TANDEM_LIST(ELEMENT, q, r). An element's number is octal, one digit after the
// other. Boost.Preprocessor's repetitions take the compiler longer than everything else here.
// clang-format off
#define TANDEM_ROW_1(ELEMENT, q) ELEMENT(q##0)
#define TANDEM_ROW_2(ELEMENT, q) TANDEM_ROW_1(ELEMENT, q), ELEMENT(q##1)
#define TANDEM_ROW_3(ELEMENT, q) TANDEM_ROW_2(ELEMENT, q), ELEMENT(q##2)
#define TANDEM_ROW_4(ELEMENT, q) TANDEM_ROW_3(ELEMENT, q), ELEMENT(q##3)
#define TANDEM_ROW_5(ELEMENT, q) TANDEM_ROW_4(ELEMENT, q), ELEMENT(q##4)
#define TANDEM_ROW_6(ELEMENT, q) TANDEM_ROW_5(ELEMENT, q), ELEMENT(q##5)
#define TANDEM_ROW_7(ELEMENT, q) TANDEM_ROW_6(ELEMENT, q), ELEMENT(q##6)
#define TANDEM_ROW_8(ELEMENT, q) TANDEM_ROW_7(ELEMENT, q), ELEMENT(q##7)
#define TANDEM_ROWS_0(ELEMENT)
#define TANDEM_ROWS_1(ELEMENT) TANDEM_ROW_8(ELEMENT, 0),
#define TANDEM_ROWS_2(ELEMENT) TANDEM_ROWS_1(ELEMENT) TANDEM_ROW_8(ELEMENT, 1),
#define TANDEM_ROWS_3(ELEMENT) TANDEM_ROWS_2(ELEMENT) TANDEM_ROW_8(ELEMENT, 2),
#define TANDEM_ROWS_4(ELEMENT) TANDEM_ROWS_3(ELEMENT) TANDEM_ROW_8(ELEMENT, 3),
#define TANDEM_ROWS_5(ELEMENT) TANDEM_ROWS_4(ELEMENT) TANDEM_ROW_8(ELEMENT, 4),
#define TANDEM_ROWS_6(ELEMENT) TANDEM_ROWS_5(ELEMENT) TANDEM_ROW_8(ELEMENT, 5),
#define TANDEM_ROWS_7(ELEMENT) TANDEM_ROWS_6(ELEMENT) TANDEM_ROW_8(ELEMENT, 6),
#define TANDEM_ROWS_8(ELEMENT) TANDEM_ROWS_7(ELEMENT) TANDEM_ROW_8(ELEMENT, 7),
#define TANDEM_LIST(ELEMENT, q, r) TANDEM_ROWS_##q(ELEMENT) TANDEM_ROW_##r(ELEMENT, q)

// DEFINE(q, r) for each n up to 64.
#define TANDEM_FOR_ROW(DEFINE, q)                                                                                      \
    DEFINE(q, 1) DEFINE(q, 2) DEFINE(q, 3) DEFINE(q, 4) DEFINE(q, 5) DEFINE(q, 6) DEFINE(q, 7) DEFINE(q, 8)
#define TANDEM_FOR_EACH_COUNT(DEFINE)                                                                                  \
    TANDEM_FOR_ROW(DEFINE, 0) TANDEM_FOR_ROW(DEFINE, 1) TANDEM_FOR_ROW(DEFINE, 2) TANDEM_FOR_ROW(DEFINE, 3)            \
    TANDEM_FOR_ROW(DEFINE, 4) TANDEM_FOR_ROW(DEFINE, 5) TANDEM_FOR_ROW(DEFINE, 6) TANDEM_FOR_ROW(DEFINE, 7)
// clang-format on

/// Whether T{{}, {}, ..., tail...} is valid, with `Braces` times {}. Only {} initializes a C array as one member.
template <class T, std::size_t Braces, class... Tail>
inline constexpr bool is_initialized_by = false;
template <class T, class... Tail>
inline constexpr bool is_initialized_by<T, 0, Tail...> = requires { T{Tail()...}; };

// clang-format off
#define TANDEM_BRACES(number) {}
#define TANDEM_INITIALIZED_BY(q, r)                                                                                    \
    template <class T, class... Tail>                                                                                  \
    inline constexpr bool is_initialized_by<T, 8 * q + r, Tail...> =                                                   \
        requires { T{TANDEM_LIST(TANDEM_BRACES, q, r), Tail()...}; };
// clang-format on
TANDEM_FOR_EACH_COUNT(TANDEM_INITIALIZED_BY)
TANDEM_INITIALIZED_BY(8, 1) // is one too many
#undef TANDEM_INITIALIZED_BY
#undef TANDEM_BRACES

inline constexpr std::size_t no_members_seen = static_cast<std::size_t>(-1);

/// How many members of T come after the first `Braces`, when the next is one that {} does not initialize: a reference,
/// or a class without a default constructor. No C array may be behind it.
template <class T, std::size_t Braces, class... Tail>
consteval std::size_t count_from()
{
    if constexpr (Braces + sizeof...(Tail) > max_members) {
        return no_members_seen;
    } else if constexpr (is_initialized_by<T, Braces, Tail..., any_member<T>>) {
        return count_from<T, Braces, Tail..., any_member<T>>();
    } else {
        return Braces + sizeof...(Tail);
    }
}

/// The same for a T that has no default constructor, so that only all members together initialize it.
template <class T, class... Tail>
consteval std::size_t count_all()
{
    if constexpr (is_initialized_by<T, 0, Tail...>) {
        return count_from<T, 0, Tail...>();
    } else if constexpr (sizeof...(Tail) < max_members) {
        return count_all<T, Tail..., any_member<T>>();
    } else {
        return no_members_seen;
    }
}

template <class T, std::size_t Braces = 0>
consteval std::size_t count_members()
{
    if constexpr (!is_initialized_by<T, 0>) {
        return count_all<T, any_member<T>>();
    } else if constexpr (Braces > max_members) {
        return no_members_seen;
    } else if constexpr (is_initialized_by<T, Braces + 1>) {
        return count_members<T, Braces + 1>();
    } else {
        return count_from<T, Braces>();
    }
}

template <class T>
consteval std::size_t member_count()
{
    if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T>) {
        return no_members_seen;
    } else if constexpr (is_initialized_by<T, 0, any_base<T>>) {
        return no_members_seen;
    } else {
        return count_members<T>();
    }
}

/// Whether T's members can be seen: it is an aggregate without base classes. An aggregate with an unnamed union is one,
/// and does not compile where its members are named.
template <class T>
inline constexpr bool has_visible_members = member_count<T>() != no_members_seen;

#define TANDEM_MEMBER(number) m##number
#define TANDEM_MEMBER_TYPE(number) decltype(m##number)
#define TANDEM_WITH_MEMBERS(q, r)                                                                                      \
    else if constexpr (count == 8 * q + r)                                                                             \
    {                                                                                                                  \
        auto& [TANDEM_LIST(TANDEM_MEMBER, q, r)] = value;                                                              \
        return f(type_list<TANDEM_LIST(TANDEM_MEMBER_TYPE, q, r)>(), TANDEM_LIST(TANDEM_MEMBER, q, r));                \
    }
/// f(type_list of the members' declared types, members...); const as T is.
template <class T, class F>
    requires has_visible_members<std::remove_const_t<T>>
auto with_members(T& value, F f)
{
    constexpr std::size_t count = member_count<std::remove_const_t<T>>();
    if constexpr (count == 0) {
        return f(type_list<>());
    }
    TANDEM_FOR_EACH_COUNT(TANDEM_WITH_MEMBERS)
}
#undef TANDEM_WITH_MEMBERS
#undef TANDEM_MEMBER_TYPE
#undef TANDEM_MEMBER
#undef TANDEM_FOR_EACH_COUNT
#undef TANDEM_FOR_ROW
#undef TANDEM_LIST
#undef TANDEM_ROWS_0
#undef TANDEM_ROWS_1
#undef TANDEM_ROWS_2
#undef TANDEM_ROWS_3
#undef TANDEM_ROWS_4
#undef TANDEM_ROWS_5
#undef TANDEM_ROWS_6
#undef TANDEM_ROWS_7
#undef TANDEM_ROWS_8
#undef TANDEM_ROW_1
#undef TANDEM_ROW_2
#undef TANDEM_ROW_3
#undef TANDEM_ROW_4
#undef TANDEM_ROW_5
#undef TANDEM_ROW_6
#undef TANDEM_ROW_7
#undef TANDEM_ROW_8

/// For with_members.
struct list_types
{
    template <class Types>
    Types operator()(Types types, const auto&...) const
    {
        return types;
    }
};

/// A type_list of the members' declared types, const.
template <class T>
    requires has_visible_members<T>
using member_types = decltype(with_members(std::declval<const T&>(), list_types()));

} // namespace tandem::detail

#endif
