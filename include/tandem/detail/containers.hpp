// Containers take memory as their elements come. cereal's own make room for as many as a message announces, which a
// garbled message turns into a multiple of itself, and in a type that contains itself into a multiple at every level.
#ifndef TANDEM_DETAIL_CONTAINERS_HPP
#define TANDEM_DETAIL_CONTAINERS_HPP

#include <tandem/detail/fixed_size.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>

namespace tandem::detail {

/// Whether a vector's elements are copied in one piece; their encoding is their bytes.
template <class T>
inline constexpr bool copied_at_once = is_plain<T> && !std::is_same_v<T, bool>;

inline std::size_t load_count(input_archive& ar)
{
    cereal::size_type count = 0;
    ar(cereal::make_size_tag(count)); // checks it against what is left
    return static_cast<std::size_t>(count);
}

template <class Elements>
void check_elements([[maybe_unused]] const Elements& elements)
{
    if constexpr (holds_bool<typename Elements::value_type>) {
        for (const auto& element : elements)
            check_bools(element);
    }
}

/// Elements that are copied like the bytes that they are, as far as the container has them in one piece.
template <class T>
concept copied_in_pieces = copied_at_once<T> && std::is_copy_constructible_v<T> && std::is_copy_assignable_v<T>;

template <class Sequence>
void save_fixed(output_archive& ar, const Sequence& values, std::size_t count)
{
    using element = typename Sequence::value_type;
    constexpr std::size_t most = fixed_piece<element>;
    auto next = values.begin();
    for (std::size_t left = count; left != 0;) {
        const std::size_t piece = std::min(left, most);
        std::byte* destination = ar.claim(piece * fixed_size<element>);
        if constexpr (copied_in_pieces<element> && std::random_access_iterator<decltype(next)>) {
            alignas(element) std::byte aligned[most * sizeof(element)];
            std::uninitialized_copy_n(next, piece, reinterpret_cast<element*>(aligned));
            std::memcpy(destination, aligned, piece * sizeof(element));
            next += static_cast<std::ptrdiff_t>(piece);
        } else {
            for (std::size_t i = 0; i != piece; ++i, ++next)
                put_fixed(destination, *next);
        }
        left -= piece;
    }
}

template <class Sequence>
void load_fixed(input_archive& ar, Sequence& values, std::size_t count)
{
    using element = typename Sequence::value_type;
    constexpr std::size_t most = fixed_piece<element>;
    if (count > ar.remaining() / fixed_size<element>)
        throw std::length_error("the message ends too early");
    if constexpr (requires { values.reserve(count); })
        values.reserve(count); // less than a few times the message
    for (std::size_t left = count; left != 0;) {
        const std::size_t piece = std::min(left, most);
        const std::byte* source = ar.take(piece * fixed_size<element>);
        if constexpr (copied_in_pieces<element> && requires { values[0]; }) {
            alignas(element) std::byte aligned[most * sizeof(element)];
            std::memcpy(aligned, source, piece * sizeof(element));
            const auto* const first = reinterpret_cast<const element*>(aligned);
            check_elements(std::span(first, piece));
            values.insert(values.end(), first, first + piece);
        } else if constexpr (requires { values[0]; }) {
            const std::size_t before = values.size();
            values.resize(before + piece);
            for (auto next = values.begin() + static_cast<std::ptrdiff_t>(before); next != values.end(); ++next)
                take_fixed(source, *next);
        } else {
            for (std::size_t i = 0; i != piece; ++i)
                take_fixed(source, values.emplace_back());
        }
        left -= piece;
    }
}

// Every element of a sequence takes a byte at least, for that check. A zero byte stands for one that is encoded to
// nothing, such as std::monostate.
template <class Sequence>
void save_elements(output_archive& ar, const Sequence& values, std::size_t count)
{
    ar(cereal::make_size_tag(static_cast<cereal::size_type>(count)));
    if constexpr (fixed<typename Sequence::value_type>) {
        save_fixed(ar, values, count);
    } else {
        for (const auto& value : values) {
            const std::size_t before = ar.size();
            ar(value);
            if (ar.size() == before)
                ar(std::uint8_t{0});
        }
    }
}

template <class T>
void load_element(input_archive& ar, T& value)
{
    const std::size_t before = ar.remaining();
    ar(value);
    if (ar.remaining() == before)
        ar.take(1);
}

/// As many elements as come, copied once from where they lie.
template <class Sequence>
void load_run(input_archive& ar, Sequence& values)
{
    using element = typename Sequence::value_type;
    std::uint64_t count = 0;
    ar(count);
    const std::byte* const bytes = ar.take(count, sizeof(element));
    values.clear();
    if (count == 0)
        return;
    if constexpr (std::is_copy_constructible_v<element> && std::is_copy_assignable_v<element>) {
        if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(element) == 0) {
            values.reserve(static_cast<std::size_t>(count));
            const auto* const first = reinterpret_cast<const element*>(bytes);
            const auto append = [&](std::size_t begin, std::size_t size) {
                const auto* const piece = first + begin / sizeof(element);
                values.insert(values.end(), piece, piece + size / sizeof(element));
            };
            copy_in_pieces(values.data(), bytes, static_cast<std::size_t>(count) * sizeof(element), append, sizeof(element));
            check_elements(values);
            return;
        }
    }
    values.resize(static_cast<std::size_t>(count));
    copy_bytes(values.data(), bytes, values.size() * sizeof(element));
    check_elements(values);
}

template <class Sequence>
void save_run(output_archive& ar, const Sequence& values)
{
    ar(static_cast<std::uint64_t>(values.size()));
    ar.write(values.data(), values.size() * sizeof(typename Sequence::value_type));
}

template <class Sequence>
void load_elements(input_archive& ar, Sequence& values)
{
    values.clear();
    std::size_t left = load_count(ar);
    if constexpr (fixed<typename Sequence::value_type>) {
        load_fixed(ar, values, left);
    } else {
        for (; left != 0; --left)
            load_element(ar, values.emplace_back());
    }
}

template <class Set>
void load_keys(input_archive& ar, Set& keys)
{
    keys.clear();
    for (std::size_t left = load_count(ar); left != 0; --left) {
        typename Set::key_type key{};
        ar(key);
        keys.emplace_hint(keys.end(), std::move(key)); // at the end: equal keys keep their order
    }
}

// --- sequences

template <class T, class A>
    requires(!std::is_same_v<T, bool>)
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const std::vector<T, A>& values)
{
    if constexpr (copied_at_once<T>) {
        save_run(ar, values);
    } else {
        save_elements(ar, values, values.size());
    }
}

template <class T, class A>
    requires(!std::is_same_v<T, bool>)
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::vector<T, A>& values)
{
    if constexpr (copied_at_once<T>) {
        load_run(ar, values);
    } else {
        load_elements(ar, values);
    }
}

template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const std::deque<T, A>& values)
{
    save_elements(ar, values, values.size());
}

template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::deque<T, A>& values)
{
    load_elements(ar, values);
}

template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const std::list<T, A>& values)
{
    save_elements(ar, values, values.size());
}

template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::list<T, A>& values)
{
    load_elements(ar, values);
}

template <class T, class A>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const std::forward_list<T, A>& values)
{
    save_elements(ar, values, static_cast<std::size_t>(std::distance(values.begin(), values.end())));
}

template <class T, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::forward_list<T, A>& values)
{
    values.clear();
    auto last = values.before_begin();
    for (std::size_t left = load_count(ar); left != 0; --left) {
        last = values.emplace_after(last);
        load_element(ar, *last);
    }
}

template <class C, class R, class A>
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const std::basic_string<C, R, A>& text)
{
    save_run(ar, text);
}

template <class C, class R, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::basic_string<C, R, A>& text)
{
    load_run(ar, text);
}

// cereal's own copies only an array of numbers at once, and takes any byte for a bool.
template <class T, std::size_t N>
    requires(is_plain<std::array<T, N>> && (!std::is_arithmetic_v<T> || std::is_same_v<T, bool>))
void CEREAL_SAVE_FUNCTION_NAME(output_archive& ar, const std::array<T, N>& values)
{
    ar.write(values.data(), sizeof values);
}

template <class T, std::size_t N>
    requires(is_plain<std::array<T, N>> && (!std::is_arithmetic_v<T> || std::is_same_v<T, bool>))
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::array<T, N>& values)
{
    ar.read(static_cast<void*>(values.data()), sizeof values);
    check_elements(values);
}

// cereal's own takes an empty array's one byte from where no byte is.
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(output_archive&, const std::array<T, 0>&)
{
}

template <class T>
void CEREAL_LOAD_FUNCTION_NAME(input_archive&, std::array<T, 0>&)
{
}

// --- sets and maps

template <class K, class C, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::multiset<K, C, A>& keys)
{
    load_keys(ar, keys);
}

template <class K, class H, class E, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::unordered_set<K, H, E, A>& keys)
{
    load_keys(ar, keys);
}

template <class K, class H, class E, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::unordered_multiset<K, H, E, A>& keys)
{
    load_keys(ar, keys);
}

template <class K, class T, class C, class A>
void CEREAL_LOAD_FUNCTION_NAME(input_archive& ar, std::multimap<K, T, C, A>& values)
{
    values.clear();
    for (std::size_t left = load_count(ar); left != 0; --left) {
        K key{};
        T value{};
        ar(cereal::make_map_item(key, value));
        values.emplace_hint(values.end(), std::move(key), std::move(value)); // as in load_keys
    }
}

} // namespace tandem::detail

#endif
