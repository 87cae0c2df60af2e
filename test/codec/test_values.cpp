#include <tandem/codec.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <complex>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
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
