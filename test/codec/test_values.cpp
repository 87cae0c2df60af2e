#include <tandem/codec.hpp>

#include <boost/preprocessor/repetition/repeat.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <complex>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

using tandem::byte_buffer;
using tandem::decode;
using tandem::encode;

template <class T>
T there_and_back(const T& value)
{
    byte_buffer bytes;
    encode(bytes, value);
    return decode<T>(bytes);
}

enum class colour : std::uint8_t
{
    red,
    green
};

struct point // plain and trivially copyable
{
    int x;
    double y;
    bool operator==(const point&) const = default;
};

struct named_array // a C array needs no code either, as bytes
{
    char name[8];
    int size;
    bool operator==(const named_array&) const = default;
};

struct shape // a plain aggregate, with others in it
{
    std::string name;
    std::vector<point> points;
    std::map<std::string, std::vector<std::string>> tags;
    std::optional<colour> fill;
    bool operator==(const shape&) const = default;
};

class account // has cereal's serialize, and invariants that an aggregate has not
{
public:
    account() = default;
    explicit account(int balance) : balance_(balance) {}
    int balance() const { return balance_; }

private:
    friend class cereal::access;
    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(balance_);
    }
    int balance_ = 0;
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

struct chained
{
    std::shared_ptr<chained> next;
    std::weak_ptr<chained> previous;

    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(next, previous);
    }
};

struct flagged // travels as bytes, whose bools are checked
{
    int number;
    bool flag;
    bool operator==(const flagged&) const = default;
};

struct flag_list // whose own begin() and end() must not decide what is checked
{
    bool flags[4];
    unsigned count;
    const bool* begin() const { return flags; }
    const bool* end() const { return flags + count; }
};

enum class answer : bool
{
    no,
    yes
};

struct many_flags
{
    flagged inner[2];
    std::array<bool, 2> array;
    answer last;
    bool operator==(const many_flags&) const = default;
};

struct trivially_copyable_and_not_plain // its bytes can lie about what it holds
{
    std::optional<int> maybe;
    std::variant<int, float> either;
    bool operator==(const trivially_copyable_and_not_plain&) const = default;
};
static_assert(std::is_trivially_copyable_v<trivially_copyable_and_not_plain>);

struct bits
{
    unsigned low : 3;
    unsigned high : 5;
    bool flag : 1;
    bool operator==(const bits&) const = default;
};

struct arrays // not trivially copyable
{
    std::string name;
    int numbers[2][2];
    bool flags[2];
    std::string words[2];
    bool operator==(const arrays&) const = default;
};

struct large_array
{
    int size;
    double values[1000];
    bool operator==(const large_array&) const = default;
};

class serialized_part // within a trivially copyable aggregate, its serialize is what counts
{
public:
    int value = 1;
    template <class Archive>
    void serialize(Archive& ar)
    {
        int doubled = 2 * value;
        ar(doubled);
        value = doubled / 2;
        ++calls;
    }
    bool operator==(const serialized_part&) const = default;
    static inline int calls = 0;
};
struct with_serialized_part
{
    serialized_part part;
    int more;
    bool operator==(const with_serialized_part&) const = default;
};

struct folder // contains itself
{
    std::string name;
    std::vector<folder> folders;
    std::unique_ptr<folder> link;
};

class without_default // initialized by the aggregate that holds it
{
public:
    explicit without_default(int value) : value_(value) {}
    bool operator==(const without_default&) const = default;
    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(value_);
    }

private:
    int value_;
};
struct with_initializers
{
    std::string text;
    int numbers[3];
    without_default second = without_default(2);
    int third = 3;
    bool operator==(const with_initializers&) const = default;
};

struct number
{
    explicit number(int v) : value(v) {}
    number() = default;
    bool operator==(const number&) const = default;

private:
    int value = 0;
};

union real_or_bits {
    float real;
    std::uint32_t bits;
};

struct base
{
    int x;
    bool operator==(const base&) const = default;
};
struct with_base : base
{
    int y;
    bool operator==(const with_base&) const = default;
};

#define MEMBER(z, n, unused) int member_##n;
struct of_64_members
{
    BOOST_PP_REPEAT(64, MEMBER, )
};
struct of_65_members
{
    BOOST_PP_REPEAT(65, MEMBER, )
};
#undef MEMBER
static_assert(tandem::transferable<of_64_members> && !tandem::transferable<of_65_members>);

static_assert(!tandem::transferable<number> && !tandem::transferable<with_base>);
static_assert(!tandem::transferable<std::string_view> && !tandem::transferable<std::vector<std::string_view>>);
static_assert(!tandem::transferable<std::optional<std::span<int>>> && !tandem::transferable<std::pair<int, char*>>);
static_assert(tandem::transferable<folder> && tandem::transferable<std::vector<std::unique_ptr<folder>>>);
static_assert(tandem::detail::is_plain<point> && tandem::detail::is_plain<named_array> &&
              tandem::detail::is_plain<flagged>);
static_assert(tandem::detail::is_plain<bits> && tandem::detail::is_plain<large_array>);
static_assert(!tandem::detail::is_plain<trivially_copyable_and_not_plain>);
static_assert(!tandem::detail::holds_bool<point> && !tandem::detail::holds_bool<named_array>);
static_assert(tandem::detail::holds_bool<flagged> && tandem::detail::holds_bool<many_flags>);

// The byte at `place` of the encoding becomes `byte`.
template <class T>
byte_buffer garbled(const T& value, std::size_t place, unsigned char byte)
{
    byte_buffer bytes;
    encode(bytes, value);
    bytes.at(place) = std::byte{byte};
    return bytes;
}

bool says_that_a_bool_is_none(const std::exception& e)
{
    return e.what() == std::string("a bool is neither 0 nor 1");
}

} // namespace

template <>
inline constexpr bool tandem::travels_as_bytes<real_or_bits> = true;

namespace {

class closed
{
public:
    closed() = default;
    explicit closed(int value) : value_(value) {}
    bool operator==(const closed&) const = default;

private:
    int value_ = 0;
};

} // namespace

template <>
inline constexpr bool tandem::travels_as_bytes<closed> = true;

namespace {

static_assert(tandem::transferable<int> && tandem::transferable<shape> && tandem::transferable<account>);
static_assert(tandem::transferable<std::vector<std::variant<std::string, point>>>);
static_assert(!tandem::transferable<int*> && !tandem::transferable<const char*> && !tandem::transferable<int&>);

} // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(standard_types_come_back)
{
    BOOST_TEST(there_and_back(42) == 42);
    BOOST_TEST(there_and_back(true) == true);
    BOOST_TEST(there_and_back(2.5) == 2.5);
    BOOST_TEST((there_and_back(colour::green) == colour::green));
    const std::vector<colour> colours{colour::green, colour::red};
    BOOST_TEST((there_and_back(colours) == colours));
    BOOST_TEST(there_and_back(std::string("text\0more", 9)) == std::string("text\0more", 9));
    BOOST_TEST(there_and_back(std::string()) == "");
    using values = std::tuple<std::vector<int>, std::array<double, 3>, std::pair<char, long>, std::set<std::string>,
                              std::unordered_map<int, std::string>, std::optional<int>, std::variant<int, std::string>,
                              std::complex<double>, std::chrono::milliseconds, std::vector<bool>>;
    const values v{{1, 2, 3}, {1, 2, 3}, {'a', 7}, {"x", "y"}, {{1, "one"}}, std::nullopt, "second", {1, -1},
                   std::chrono::milliseconds(5), {true, false, true}};
    BOOST_TEST((there_and_back(v) == v));
}

BOOST_AUTO_TEST_CASE(own_types_come_back)
{
    BOOST_TEST((there_and_back(point{1, 2}) == point{1, 2}));
    BOOST_TEST((there_and_back(named_array{"abc", 3}) == named_array{"abc", 3}));
    const shape s{"triangle", {{0, 0}, {1, 0}, {0, 1}}, {{"k", {"a", "b"}}}, colour::green};
    BOOST_TEST((there_and_back(s) == s));
    BOOST_TEST((there_and_back(std::vector<shape>{s, s}) == std::vector<shape>{s, s}));
    BOOST_TEST(there_and_back(account(17)).balance() == 17);
}

BOOST_AUTO_TEST_CASE(owning_pointers_come_back)
{
    tree t{1, std::make_unique<tree>(tree{2, nullptr, nullptr}), nullptr};
    byte_buffer bytes;
    encode(bytes, t);
    const tree back = decode<tree>(bytes);
    BOOST_TEST(back.left->value == 2);
    BOOST_TEST(!back.right);
}

BOOST_AUTO_TEST_CASE(shared_objects_stay_shared_and_keep_their_type)
{
    const auto number = std::make_shared<int>(7);
    using two = std::pair<std::shared_ptr<int>, std::shared_ptr<int>>;
    const two back = there_and_back(two{number, number});
    BOOST_TEST(*back.first == 7);
    BOOST_TEST((back.first == back.second));
    BOOST_TEST(!there_and_back(std::shared_ptr<int>()));
    // The second refers to the first's object, which is of another type.
    byte_buffer bytes;
    encode(bytes, two{number, number});
    BOOST_CHECK_THROW((decode<std::pair<std::shared_ptr<int>, std::shared_ptr<std::string>>>(bytes)), std::exception);
}

BOOST_AUTO_TEST_CASE(shared_objects_that_own_themselves_are_an_error)
{
    // They would never be freed.
    const auto first = std::make_shared<chained>();
    first->next = std::make_shared<chained>();
    first->next->next = first;
    byte_buffer bytes;
    encode(bytes, first);
    first->next->next = nullptr;
    BOOST_CHECK_THROW(decode<std::shared_ptr<chained>>(bytes), std::exception);

    first->next->previous = first;
    const auto back = there_and_back(first);
    BOOST_TEST((back->next->previous.lock() == back));
}

BOOST_AUTO_TEST_CASE(equal_keys_keep_their_order)
{
    const std::multimap<int, std::string> m{{1, "a"}, {1, "b"}, {0, "c"}, {1, "d"}};
    BOOST_TEST((there_and_back(m) == m));
    struct by_tens
    {
        bool operator()(int a, int b) const { return a / 10 < b / 10; }
    };
    const std::multiset<int, by_tens> s{11, 12, 5, 13};
    BOOST_TEST((there_and_back(s) == s));
}

BOOST_AUTO_TEST_CASE(elements_that_take_no_bytes_come_back)
{
    BOOST_TEST(there_and_back(std::vector<std::monostate>(3)).size() == 3u);
    BOOST_TEST(there_and_back(std::deque<std::tuple<>>(2)).size() == 2u);
    using lists = std::pair<std::list<std::monostate>, std::forward_list<int>>;
    const lists l{std::list<std::monostate>(2), {1, 2}};
    BOOST_TEST((there_and_back(l) == l));
    const std::vector<std::vector<std::array<int, 0>>> v{{{}, {}}, {}, {{}}};
    BOOST_TEST((there_and_back(v) == v));
    byte_buffer bytes;
    encode(bytes, std::uint64_t{1'000'000'000'000});
    BOOST_CHECK_THROW(decode<std::vector<std::monostate>>(bytes), std::exception);
}

// They are encoded in pieces, to the same bytes as one by one.
BOOST_AUTO_TEST_CASE(many_elements_of_fixed_size)
{
    const auto check = []<class T>(const T& element) {
        for (const std::size_t count : {0U, 1U, 2U, 255U, 256U, 257U, 511U, 512U, 513U, 5000U}) {
            const std::deque<T> deque(count, element);
            const std::list<T> list(count, element);
            const std::vector<std::vector<T>> vectors{std::vector<T>(count, element), {}, {element}};
            BOOST_TEST((there_and_back(deque) == deque));
            BOOST_TEST((there_and_back(list) == list));
            BOOST_TEST((there_and_back(std::forward_list<T>(list.begin(), list.end())) == std::forward_list<T>(list.begin(), list.end())));
            BOOST_TEST((there_and_back(vectors) == vectors));
            byte_buffer together, apart;
            encode(together, deque);
            encode(apart, std::uint64_t{count});
            for (std::size_t i = 0; i != count; ++i)
                encode(apart, element);
            BOOST_TEST((together == apart));
        }
    };
    check(1.5);
    check(std::pair(7, 1.5));
    check(std::tuple(true, 'c', std::pair(7, point{1, 2.5})));
    check(point{1, 2.5});
    check(colour::green);
    check(std::array<float, 3>{1, 2, 3});
    check(std::complex<double>(1, 2));
    check(std::chrono::milliseconds(7));
    check(flagged{1, true});
    const std::deque<bool> flags{true, false, true};
    BOOST_TEST((there_and_back(flags) == flags));
}

BOOST_AUTO_TEST_CASE(garbled_elements_of_fixed_size)
{
    using entry = std::pair<bool, int>;
    const auto check = []<class T>(const T& elements, std::size_t place) {
        BOOST_CHECK_EXCEPTION(decode<T>(garbled(elements, place, 2)), std::exception, says_that_a_bool_is_none);
        byte_buffer bytes;
        encode(bytes, elements);
        for (std::size_t size = 0; size != bytes.size(); ++size)
            BOOST_CHECK_THROW(decode<T>(std::span(bytes).first(size)), std::exception);
        bytes[6] = std::byte{1}; // a count that no memory is enough for
        BOOST_CHECK_THROW(decode<T>(bytes), std::exception);
    };
    check(std::vector<entry>{{true, 1}, {false, 2}}, 13);
    check(std::deque<entry>{{true, 1}, {false, 2}}, 8);
    check(std::list<entry>{{true, 1}, {false, 2}}, 8);
    check(std::deque<bool>{true, false}, 9);
    check(std::deque<flagged>{{1, true}, {2, false}}, 12);
}

BOOST_AUTO_TEST_CASE(nesting_to_half_the_limit_comes_back)
{
    tree t; // two levels each: the tree and the pointer to it
    tree* last = &t;
    for (int depth = 0; depth < 499; ++depth)
        last = (last->left = std::make_unique<tree>()).get();
    last->value = 7;
    const tree back = there_and_back(t);
    const tree* deepest = &back;
    while (deepest->left)
        deepest = deepest->left.get();
    BOOST_TEST(deepest->value == 7);
}

BOOST_AUTO_TEST_CASE(too_few_and_too_many_bytes_are_errors)
{
    byte_buffer bytes;
    encode(bytes, shape{"triangle", {{0, 0}}, {{"k", {"a"}}}, {}});
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_CHECK_THROW(decode<shape>(std::span(bytes).first(size)), std::exception);
    bytes.push_back({});
    BOOST_CHECK_THROW(decode<shape>(bytes), std::exception);
}

BOOST_AUTO_TEST_CASE(lengths_are_checked_before_memory_is_taken)
{
    for (const std::uint64_t length : {std::uint64_t{100}, std::uint64_t{0xffff'ffff}, std::uint64_t{1} << 63}) {
        byte_buffer bytes;
        encode(bytes, length);
        BOOST_CHECK_THROW(decode<std::string>(bytes), std::exception);
        BOOST_CHECK_THROW(decode<std::vector<double>>(bytes), std::exception);
        BOOST_CHECK_THROW(decode<std::vector<std::string>>(bytes), std::exception);
        BOOST_CHECK_THROW((decode<std::map<int, int>>(bytes)), std::exception);
    }
}

BOOST_AUTO_TEST_CASE(a_bool_that_is_none_is_an_error)
{
    const byte_buffer bytes{std::byte{2}};
    BOOST_CHECK_THROW(decode<bool>(bytes), std::exception);
}

BOOST_AUTO_TEST_CASE(a_bool_in_a_plain_struct_that_is_none_is_an_error)
{
    const flagged good{7, true};
    BOOST_TEST((there_and_back(good) == good));
    const std::size_t place = offsetof(flagged, flag);
    BOOST_CHECK_EXCEPTION(decode<flagged>(garbled(good, place, 2)), std::exception, says_that_a_bool_is_none);

    for (const unsigned count : {0U, 4U, 0x7fff'ffffU}) {
        const flag_list none{{}, count};
        BOOST_CHECK_EXCEPTION(decode<flag_list>(garbled(none, 0, 7)), std::exception, says_that_a_bool_is_none);
        BOOST_TEST(there_and_back(none).count == count);
    }

    const many_flags many{{good, good}, {true, false}, answer::yes};
    BOOST_TEST((there_and_back(many) == many));
    for (const std::size_t at : {sizeof(flagged) + place, offsetof(many_flags, array) + 1, offsetof(many_flags, last)})
        BOOST_CHECK_EXCEPTION(decode<many_flags>(garbled(many, at, 255)), std::exception, says_that_a_bool_is_none);

    using both = std::pair<std::string, flagged>; // through an archive
    byte_buffer bytes;
    encode(bytes, both("x", good));
    bytes[bytes.size() - sizeof(flagged) + place] = std::byte{3};
    BOOST_CHECK_EXCEPTION(decode<both>(bytes), std::exception, says_that_a_bool_is_none);
}

BOOST_AUTO_TEST_CASE(a_bool_in_many_elements_that_is_none_is_an_error)
{
    const std::vector<flagged> elements(5, flagged{1, true});
    BOOST_TEST((there_and_back(elements) == elements));
    const std::size_t last = sizeof(std::uint64_t) + 4 * sizeof(flagged) + offsetof(flagged, flag);
    BOOST_CHECK_EXCEPTION(decode<std::vector<flagged>>(garbled(elements, last, 2)), std::exception,
                          says_that_a_bool_is_none);

    const std::array<flagged, 2> two{};
    BOOST_CHECK_EXCEPTION((decode<std::array<flagged, 2>>(garbled(two, offsetof(flagged, flag), 2))), std::exception,
                          says_that_a_bool_is_none);
    const std::array<bool, 2> bools{};
    BOOST_CHECK_EXCEPTION((decode<std::array<bool, 2>>(garbled(bools, 1, 2))), std::exception,
                          says_that_a_bool_is_none);
    const std::vector<answer> answers(2);
    BOOST_CHECK_EXCEPTION(decode<std::vector<answer>>(garbled(answers, sizeof(std::uint64_t) + 1, 2)), std::exception,
                          says_that_a_bool_is_none);
    const arrays with_names{"a", {{1, 2}, {3, 4}}, {true, false}, {"b", "c"}};
    const std::size_t flags = sizeof(std::uint64_t) + 1 + 4 * sizeof(int);
    BOOST_CHECK_EXCEPTION(decode<arrays>(garbled(with_names, flags + 1, 2)), std::exception, says_that_a_bool_is_none);
}

BOOST_AUTO_TEST_CASE(an_optional_or_variant_in_a_trivially_copyable_struct_is_checked)
{
    const trivially_copyable_and_not_plain value{5, 2.5F};
    BOOST_TEST((there_and_back(value) == value));
    const std::vector<trivially_copyable_and_not_plain> several{value, {}, value};
    BOOST_TEST((there_and_back(several) == several));
    byte_buffer good;
    encode(good, value);
    for (std::size_t place = 0; place != good.size(); ++place) {
        for (unsigned byte = 0; byte != 256; ++byte) {
            try {
                const auto back =
                    decode<trivially_copyable_and_not_plain>(garbled(value, place, static_cast<unsigned char>(byte)));
                BOOST_REQUIRE_LT(back.either.index(), 2U);
            } catch (const std::exception&) {
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(arrays_and_bit_fields_come_back)
{
    const bits b{5, 17, true};
    BOOST_TEST((there_and_back(b) == b));
    const arrays a{"a", {{1, 2}, {3, 4}}, {true, false}, {"b", "c"}};
    BOOST_TEST((there_and_back(a) == a));
    const large_array l{3, {1, 2, 3}};
    BOOST_TEST((there_and_back(l) == l));
    const with_initializers i{"text", {1, 2, 3}, without_default(20), 30};
    BOOST_TEST((there_and_back(i) == i));
}

BOOST_AUTO_TEST_CASE(an_aggregate_that_contains_itself_comes_back)
{
    folder root{"root", {}, std::make_unique<folder>()};
    root.folders.push_back({"inner", {}, nullptr});
    root.link->name = "link";
    byte_buffer bytes;
    encode(bytes, root);
    const folder back = decode<folder>(bytes);
    BOOST_TEST(back.folders.at(0).name == "inner");
    BOOST_TEST(back.link->name == "link");
}

BOOST_AUTO_TEST_CASE(a_members_own_serialization_is_used)
{
    const with_serialized_part value{{7}, 8};
    serialized_part::calls = 0;
    BOOST_TEST((there_and_back(value) == value));
    BOOST_TEST(serialized_part::calls == 2);
}

BOOST_AUTO_TEST_CASE(closed_classes_that_travel_as_bytes_come_back)
{
    BOOST_TEST((there_and_back(closed(7)) == closed(7)));
    BOOST_TEST(
        (there_and_back(std::vector<closed>{closed(1), closed(2)}) == std::vector<closed>{closed(1), closed(2)}));
    struct with_closed
    {
        closed part;
        real_or_bits other;
    };
    const auto back = there_and_back(with_closed{closed(3), {1.5F}});
    BOOST_TEST((back.part == closed(3)));
    BOOST_TEST(back.other.real == 1.5F);
    using namespace std::chrono;
    BOOST_TEST((there_and_back(2026y / November / 28d) == 2026y / November / 28d));
}

BOOST_AUTO_TEST_CASE(endless_nesting_is_an_error)
{
    // Each level: its value, then "there is a left one".
    byte_buffer bytes;
    for (int level = 0; level < 100'000; ++level) {
        encode(bytes, level);
        encode(bytes, std::uint8_t{1});
    }
    BOOST_CHECK_THROW(decode<tree>(bytes), std::exception);
}

BOOST_AUTO_TEST_CASE(garbled_bytes_throw_or_give_a_value)
{
    byte_buffer good;
    encode(good, shape{"triangle", {{0, 0}, {1, 1}}, {{"k", {"a", "b"}}}, colour::red});
    for (unsigned seed = 0; seed < 5000; ++seed) {
        std::mt19937 random(seed);
        byte_buffer bytes = good;
        for (int change = 0; change < 4; ++change)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        try {
            decode<shape>(bytes);
        } catch (const std::exception&) {
        }
    }
    BOOST_TEST(true); // nothing crashed
}

BOOST_AUTO_TEST_SUITE_END()
