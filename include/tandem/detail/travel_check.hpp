// What in a type cannot be sent to another process, found when it is compiled, and said in a sentence.
#ifndef TANDEM_DETAIL_TRAVEL_CHECK_HPP
#define TANDEM_DETAIL_TRAVEL_CHECK_HPP

#include <tandem/detail/plain_types.hpp>

#include <concepts>
#include <deque>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <ranges>
#include <set>
#include <span>
#include <stack>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tandem::detail {

enum class obstacle
{
    text_view,
    element_view, // std::span, std::initializer_list
    range_view,
    iterator,
    pointer,
    function,
    reference,
    no_default_constructor,
    // Classes whose members cannot be seen. `bytes`: trivially copyable.
    virtual_functions,
    too_many_members,
    base_class,
    base_class_bytes,
    unseen_members,
    unseen_bytes
};

/// Has the sentence, and names the member's type and what holds it where the compiler says what it instantiates.
template <obstacle Kind, class Member, class Value>
struct member_that_cannot_travel
{
    using sentence = void;
    static_assert(
        Kind != obstacle::text_view,
        "tandem: a std::string_view in a value refers to text of the process that made it. Write std::string.");
    static_assert(
        Kind != obstacle::element_view,
        "tandem: a std::span or std::initializer_list in a value refers to elements of the process that made it. "
        "Write std::vector, or std::array. A task's own parameter may be a std::span<const T>.");
    static_assert(Kind != obstacle::range_view,
                  "tandem: a view in a value refers to a range of the process that made it. Write a container, such as "
                  "std::vector.");
    static_assert(Kind != obstacle::iterator,
                  "tandem: an iterator in a value refers to a container of the process that made it. Write an index.");
    static_assert(Kind != obstacle::pointer,
                  "tandem: a pointer in a value means nothing in another process. Write the value itself, an index, "
                  "std::optional or std::unique_ptr; std::string for text, std::vector for arrays.");
    static_assert(Kind != obstacle::function,
                  "tandem: a pointer to a function or member, or a std::function, in a value means nothing in another "
                  "process. Write an enumeration, by which the task chooses the function.");
    static_assert(
        Kind != obstacle::reference,
        "tandem: a reference or std::reference_wrapper in a value refers to an object of the process that made "
        "it. Write the value itself.");
    static_assert(Kind != obstacle::no_default_constructor,
                  "tandem: a class that travels is default-constructed and then decoded, so it needs a default constructor. "
                  "Give it one, or send what it is made of.");
    static_assert(Kind != obstacle::virtual_functions,
                  "tandem: a class with virtual functions cannot be seen into. Give it cereal's serialize (or save and "
                  "load), or send the values that it holds.");
    static_assert(Kind != obstacle::too_many_members,
                  "tandem: an aggregate in a value has more than 64 members. Make structs of some, or give it cereal's "
                  "serialize (or save and load).");
    static_assert(Kind != obstacle::base_class,
                  "tandem: the members of a class with a base class cannot be seen. Make the base its first member, or give "
                  "the class cereal's serialize (or save and load).");
    static_assert(Kind != obstacle::base_class_bytes,
                  "tandem: the members of a class with a base class cannot be seen. Make the base its first member, or give "
                  "the class cereal's serialize (or save and load); or specialize tandem::travels_as_bytes, if it holds no "
                  "pointer, reference or view.");
    static_assert(Kind != obstacle::unseen_members,
                  "tandem: the members of a class in a value cannot be seen. Give the class cereal's serialize (or save and "
                  "load), public or with cereal::access as a friend; or no constructor and no private members.");
    static_assert(Kind != obstacle::unseen_bytes,
                  "tandem: the members of a class in a value cannot be seen. Give the class cereal's serialize (or save and "
                  "load), public or with cereal::access as a friend; or specialize tandem::travels_as_bytes, if it holds no "
                  "pointer, reference or view.");
};

// What the standard library's templates hold, as the codec sees it.
void parts_of(...);
template <class T, class A>
type_list<T> parts_of(std::type_identity<std::vector<T, A>>);
template <class T, class A>
type_list<T> parts_of(std::type_identity<std::deque<T, A>>);
template <class T, class A>
type_list<T> parts_of(std::type_identity<std::list<T, A>>);
template <class T, class A>
type_list<T> parts_of(std::type_identity<std::forward_list<T, A>>);
template <class T, class C, class A>
type_list<T> parts_of(std::type_identity<std::set<T, C, A>>);
template <class T, class C, class A>
type_list<T> parts_of(std::type_identity<std::multiset<T, C, A>>);
template <class T, class H, class E, class A>
type_list<T> parts_of(std::type_identity<std::unordered_set<T, H, E, A>>);
template <class T, class H, class E, class A>
type_list<T> parts_of(std::type_identity<std::unordered_multiset<T, H, E, A>>);
template <class K, class T, class C, class A>
type_list<K, T> parts_of(std::type_identity<std::map<K, T, C, A>>);
template <class K, class T, class C, class A>
type_list<K, T> parts_of(std::type_identity<std::multimap<K, T, C, A>>);
template <class K, class T, class H, class E, class A>
type_list<K, T> parts_of(std::type_identity<std::unordered_map<K, T, H, E, A>>);
template <class K, class T, class H, class E, class A>
type_list<K, T> parts_of(std::type_identity<std::unordered_multimap<K, T, H, E, A>>);
template <class T, class C>
type_list<C> parts_of(std::type_identity<std::stack<T, C>>);
template <class T, class C>
type_list<C> parts_of(std::type_identity<std::queue<T, C>>);
template <class T, class C, class L>
type_list<C> parts_of(std::type_identity<std::priority_queue<T, C, L>>);
template <class T, std::size_t N>
type_list<T> parts_of(std::type_identity<std::array<T, N>>);
template <class T, class U>
type_list<T, U> parts_of(std::type_identity<std::pair<T, U>>);
template <class... T>
type_list<T...> parts_of(std::type_identity<std::tuple<T...>>);
template <class... T>
type_list<T...> parts_of(std::type_identity<std::variant<T...>>);
template <class T>
type_list<T> parts_of(std::type_identity<std::optional<T>>);
// cereal finds out at run time what is behind a pointer to a polymorphic class.
template <class T, class D>
    requires(!std::is_polymorphic_v<T>)
type_list<T> parts_of(std::type_identity<std::unique_ptr<T, D>>);
template <class T>
    requires(!std::is_polymorphic_v<T>)
type_list<T> parts_of(std::type_identity<std::shared_ptr<T>>);
template <class T>
    requires(!std::is_polymorphic_v<T>)
type_list<T> parts_of(std::type_identity<std::weak_ptr<T>>);

template <class T>
using parts = decltype(parts_of(std::type_identity<T>()));

template <class T, template <class...> class Template>
inline constexpr bool is_made_of = false;
template <class... P, template <class...> class Template>
inline constexpr bool is_made_of<Template<P...>, Template> = true;

template <class T>
inline constexpr bool is_element_view = is_made_of<T, std::initializer_list>;
template <class T, std::size_t N>
inline constexpr bool is_element_view<std::span<T, N>> = true;

/// Whether decoding a T makes its parts. Those of an array, a pair and a tuple are there when it is; how to make what a
/// std::unique_ptr points to cereal knows, and whom a class has befriended.
template <class T>
inline constexpr bool makes_parts = !is_std_array<T> && !is_made_of<T, std::pair> && !is_made_of<T, std::tuple> &&
                                    !is_made_of<T, std::unique_ptr>;

struct no_obstacle
{
    struct type
    {
        using sentence = void;
    };
};

template <class T, class Value, class... Seen>
consteval auto find_obstacle();

template <class Value, class... Seen>
consteval auto find_in_parts(type_list<>)
{
    return no_obstacle();
}

template <class Value, class... Seen, class T, class... Rest>
consteval auto find_in_parts(type_list<T, Rest...>)
{
    constexpr auto found = find_obstacle<std::remove_cv_t<T>, Value, Seen...>();
    if constexpr (std::is_same_v<decltype(found), const no_obstacle>) {
        return find_in_parts<Value, Seen...>(type_list<Rest...>());
    } else {
        return found;
    }
}

template <obstacle Kind, class T, class Value>
using found_obstacle = std::type_identity<member_that_cannot_travel<Kind, T, Value>>;

template <class Value>
consteval auto find_without_default(type_list<>)
{
    return no_obstacle();
}

/// The first of them that has no default constructor: the member for whose sake it has none, where that can be seen.
template <class Value, class T, class... Rest>
consteval auto find_without_default(type_list<T, Rest...>)
{
    using type = std::remove_cv_t<T>;
    if constexpr (std::is_default_constructible_v<type>) {
        return find_without_default<Value>(type_list<Rest...>());
    } else if constexpr (std::is_array_v<type>) {
        return find_without_default<Value>(type_list<std::remove_all_extents_t<type>>());
    } else if constexpr (!makes_parts<type> && !std::is_void_v<parts<type>>) {
        return find_without_default<type>(parts<type>());
    } else {
        if constexpr (has_visible_members<type>) {
            constexpr auto found = find_without_default<type>(member_types<type>());
            if constexpr (!std::is_same_v<decltype(found), const no_obstacle>) {
                return found;
            } else {
                return found_obstacle<obstacle::no_default_constructor, type, Value>();
            }
        } else {
            return found_obstacle<obstacle::no_default_constructor, type, Value>();
        }
    }
}

template <class T, class Value, class... Seen>
consteval auto find_in_class()
{
    if constexpr (is_made_of<T, std::basic_string_view>) {
        return found_obstacle<obstacle::text_view, T, Value>();
    } else if constexpr (is_element_view<T>) {
        return found_obstacle<obstacle::element_view, T, Value>();
    } else if constexpr (is_made_of<T, std::reference_wrapper>) {
        return found_obstacle<obstacle::reference, T, Value>();
    } else if constexpr (is_made_of<T, std::function>) {
        return found_obstacle<obstacle::function, T, Value>();
    } else if constexpr (!std::is_void_v<parts<T>>) {
        constexpr auto found = find_in_parts<T, T, Seen...>(parts<T>());
        if constexpr (std::is_same_v<decltype(found), const no_obstacle> && makes_parts<T>) {
            return find_without_default<T>(parts<T>());
        } else {
            return found;
        }
    } else if constexpr (is_plain<T> || has_own_serialization<T> || is_error_code<T>) {
        return no_obstacle();
    } else if constexpr (has_visible_members<T>) {
        return find_in_parts<T, T, Seen...>(member_types<T>());
    } else if constexpr (std::ranges::enable_view<T>) {
        return found_obstacle<obstacle::range_view, T, Value>();
    } else if constexpr (std::input_or_output_iterator<T>) {
        return found_obstacle<obstacle::iterator, T, Value>();
    } else if constexpr (std::is_polymorphic_v<T>) {
        return found_obstacle<obstacle::virtual_functions, T, Value>();
    } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
        if constexpr (!is_initialized_by<T, 0, any_base<T>>) {
            return found_obstacle<obstacle::too_many_members, T, Value>();
        } else if constexpr (std::is_trivially_copyable_v<T>) {
            return found_obstacle<obstacle::base_class_bytes, T, Value>();
        } else {
            return found_obstacle<obstacle::base_class, T, Value>();
        }
    } else if constexpr (std::is_trivially_copyable_v<T>) {
        return found_obstacle<obstacle::unseen_bytes, T, Value>();
    } else {
        return found_obstacle<obstacle::unseen_members, T, Value>();
    }
}

/// The first obstacle in a T, which is in a Value: a type_identity of a member_that_cannot_travel, or no_obstacle. A
/// type may contain itself, by way of a container: what has been Seen is not looked into again.
template <class T, class Value, class... Seen>
consteval auto find_obstacle()
{
    if constexpr (std::is_reference_v<T>) {
        return found_obstacle<obstacle::reference, T, Value>();
    } else if constexpr (std::is_member_pointer_v<T> || std::is_function_v<std::remove_pointer_t<T>>) {
        return found_obstacle<obstacle::function, T, Value>();
    } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
        return found_obstacle<obstacle::pointer, T, Value>();
    } else if constexpr (std::is_array_v<T>) {
        return find_obstacle<std::remove_cv_t<std::remove_all_extents_t<T>>, Value, Seen...>();
    } else if constexpr ((std::is_class_v<T> || std::is_union_v<T>)&&!(std::is_same_v<T, Seen> || ...)) {
        return find_in_class<T, Value, Seen..., T>();
    } else {
        return no_obstacle();
    }
}

template <class T>
using obstacle_in = decltype(find_obstacle<T, T>());

template <class T>
inline constexpr bool has_no_obstacle = std::is_same_v<obstacle_in<T>, no_obstacle>;

/// void. Does not compile where a T cannot be sent and decoded, with one sentence.
template <class T>
using travel_check = typename std::conditional_t<has_no_obstacle<T>, decltype(find_without_default<T>(type_list<T>())),
                                                 obstacle_in<T>>::type::sentence;

// Whatever a user's own serialize gives to the archive gets the same sentence. Such a class would else be cereal's
// error, which does not know of travels_as_bytes.
template <class T>
concept unseen_class = (std::is_class_v<T> || std::is_union_v<T>)&&std::is_trivially_copyable_v<T> &&
                       !has_own_serialization<T> && !is_error_code<T> && !is_plain<T> && !travels_by_member<T>;

template <unseen_class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive&, const T&)
{
    static_assert(std::is_void_v<travel_check<T>>);
}

template <unseen_class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive&, T&)
{
    static_assert(std::is_void_v<travel_check<T>>);
}

} // namespace tandem::detail

#endif
