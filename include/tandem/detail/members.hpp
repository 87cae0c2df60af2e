// The members of an aggregate, as structured bindings see them. Boost.PFR counts a C array as its elements, and cannot
// name a bit-field's type; plain structs have both.
#ifndef TANDEM_DETAIL_MEMBERS_HPP
#define TANDEM_DETAIL_MEMBERS_HPP

#include <boost/preprocessor/repetition/enum.hpp>
#include <boost/preprocessor/repetition/enum_params.hpp>
#include <boost/preprocessor/repetition/repeat_from_to.hpp>

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

/// Whether T{{}, {}, ..., tail...} is valid, with `Braces` times {}. Only {} initializes a C array as one member.
template <class T, std::size_t Braces, class... Tail>
inline constexpr bool is_initialized_by = false;
template <class T, class... Tail>
inline constexpr bool is_initialized_by<T, 0, Tail...> = requires { T{Tail()...}; };

// clang-format off
#define TANDEM_BRACES(z, i, unused) {}
#define TANDEM_INITIALIZED_BY(z, n, unused)                                                                            \
    template <class T>                                                                                                 \
    inline constexpr bool is_initialized_by<T, n> = requires { T{BOOST_PP_ENUM_##z(n, TANDEM_BRACES, )}; };            \
    template <class T, class First, class... Tail>                                                                     \
    inline constexpr bool is_initialized_by<T, n, First, Tail...> =                                                    \
        requires { T{BOOST_PP_ENUM_##z(n, TANDEM_BRACES, ), First(), Tail()...}; };
// clang-format on
BOOST_PP_REPEAT_FROM_TO(1, 66, TANDEM_INITIALIZED_BY, )
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

#define TANDEM_MEMBER_TYPE(z, i, unused) decltype(m##i)
#define TANDEM_WITH_MEMBERS(z, n, unused)                                                                              \
    else if constexpr (count == n)                                                                                     \
    {                                                                                                                  \
        auto& [BOOST_PP_ENUM_PARAMS_Z(z, n, m)] = value;                                                               \
        return f(type_list<BOOST_PP_ENUM_##z(n, TANDEM_MEMBER_TYPE, )>(), BOOST_PP_ENUM_PARAMS_Z(z, n, m));            \
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
    BOOST_PP_REPEAT_FROM_TO(1, 65, TANDEM_WITH_MEMBERS, )
}
#undef TANDEM_WITH_MEMBERS
#undef TANDEM_MEMBER_TYPE

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
