// Types of every kind that crosses the border, with a value of each for the corpus.
#ifndef TANDEM_TEST_FUZZ_TYPES_HPP
#define TANDEM_TEST_FUZZ_TYPES_HPP

#include <tandem/codec.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace tandem::fuzz {

enum class colour : std::uint8_t
{
    red,
    green
};

struct point // travels as its bytes; without padding, so that equal values have equal bytes
{
    std::int32_t x, y;
};

struct shape // travels member by member
{
    std::string name;
    std::vector<point> points;
    std::map<std::string, std::vector<std::string>> tags;
    std::optional<colour> fill;
};

struct tree
{
    int value = 0;
    std::unique_ptr<tree> left, right;

    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(value, left, right);
    }
};

/// Recursive through a container, as a garbled count is worst there: every level could claim it anew.
template <template <class...> class Sequence>
struct nested
{
    Sequence<nested> inner;

    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(inner);
    }
};

struct directory
{
    std::map<std::string, directory> entries;
    std::unordered_map<int, directory> numbered;

    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(entries, numbered);
    }
};

struct relative
{
    std::string name;
    std::shared_ptr<relative> next;
    std::weak_ptr<relative> parent;
    std::vector<std::shared_ptr<const std::string>> notes;

    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(name, next, parent, notes);
    }
};

struct no_bytes // has a serialization that writes nothing
{
    template <class Archive>
    void serialize(Archive&)
    {
    }
};

/// An input's first byte, or a result's id, chooses one by its place here, so new ones go to the end.
using types = std::tuple<
    bool, std::int32_t, double, colour, std::string, std::u32string, std::vector<int>, std::vector<bool>,
    std::vector<std::string>, std::vector<point>, byte_buffer, std::list<std::string>, std::deque<double>,
    std::forward_list<int>, std::set<std::string>, std::multiset<std::int8_t>, std::map<std::string, std::vector<int>>,
    std::multimap<int, std::string>, std::unordered_map<int, std::string>, std::unordered_set<std::string>,
    std::optional<shape>, std::variant<std::monostate, int, std::string, std::vector<point>>,
    std::tuple<int, std::string, std::array<double, 3>>, std::pair<std::array<std::string, 2>, char>, std::bitset<13>,
    std::complex<float>, std::chrono::milliseconds, std::chrono::system_clock::time_point, std::unique_ptr<tree>,
    std::shared_ptr<relative>, std::vector<shape>, nested<std::vector>, nested<std::list>, nested<std::deque>,
    directory, std::vector<std::monostate>, std::list<no_bytes>, std::vector<std::vector<std::tuple<>>>, std::stack<int>,
    std::queue<std::string>, std::priority_queue<int>, std::vector<std::optional<std::variant<bool, colour>>>,
    std::vector<std::array<int, 0>>>;

inline constexpr std::size_t type_count = std::tuple_size_v<types>;

/// f(std::type_identity<T>) for the type at place `index % type_count`.
template <class F>
void with_type(std::size_t index, F f)
{
    index %= type_count;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((I == index ? f(std::type_identity<std::tuple_element_t<I, types>>()) : void()), ...);
    }(std::make_index_sequence<type_count>());
}

} // namespace tandem::fuzz

#endif
