// What a user is shown of names that the compiler makes.
#include <readable_name.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <queue>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <typeinfo>
#include <unordered_map>
#include <vector>

using tandem::detail::readable_name;
using tandem::detail::shortened_name;

namespace test_names {

template <class... T>
struct holds
{
};

struct by_size
{
};

template <class T>
std::string name_of()
{
    return readable_name(typeid(T).name());
}

} // namespace test_names

using test_names::holds;
using test_names::name_of;

BOOST_AUTO_TEST_SUITE(readable_names)

BOOST_AUTO_TEST_CASE(of_the_standard_library_are_as_they_are_written)
{
    BOOST_TEST(name_of<std::string>() == "std::string");
    BOOST_TEST(name_of<std::wstring>() == "std::wstring");
    BOOST_TEST(name_of<std::u8string>() == "std::u8string");
    BOOST_TEST(name_of<std::string_view>() == "std::string_view");
    BOOST_TEST(name_of<std::ostream>() == "std::ostream");
    BOOST_TEST(name_of<std::regex>() == "std::regex");
    BOOST_TEST(name_of<std::vector<int>>() == "std::vector<int>");
    BOOST_TEST((name_of<std::vector<std::vector<std::string>>>() == "std::vector<std::vector<std::string>>"));
    BOOST_TEST((name_of<std::map<std::string, std::vector<int>>>() == "std::map<std::string, std::vector<int>>"));
    BOOST_TEST((name_of<std::unordered_map<int, std::string>>() == "std::unordered_map<int, std::string>"));
    BOOST_TEST(name_of<std::set<double>>() == "std::set<double>");
    BOOST_TEST(name_of<std::unique_ptr<std::string>>() == "std::unique_ptr<std::string>");
    BOOST_TEST(name_of<std::priority_queue<int>>() == "std::priority_queue<int>");
    BOOST_TEST((name_of<std::function<std::string(const std::vector<char>&)>>() ==
                "std::function<std::string (std::vector<char> const&)>"));
    BOOST_TEST(name_of<std::error_category>() == "std::error_category");
}

BOOST_AUTO_TEST_CASE(keep_what_is_no_default)
{
    BOOST_TEST((name_of<std::set<int, std::greater<int>>>() == "std::set<int, std::greater<int>>"));
    BOOST_TEST((name_of<std::tuple<int, std::allocator<int>>>() == "std::tuple<int, std::allocator<int>>"));
    BOOST_TEST((name_of<std::map<int, int, test_names::by_size>>() == "std::map<int, int, test_names::by_size>"));
    BOOST_TEST((name_of<holds<std::string, std::allocator<std::string>>>() ==
                "test_names::holds<std::string, std::allocator<std::string>>"));
    BOOST_TEST(name_of<holds<>>() == "test_names::holds<>");
}

BOOST_AUTO_TEST_CASE(of_functions_have_their_operators)
{
    const std::string text = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    BOOST_TEST(shortened_name("f(" + text + " const&)") == "f(std::string const&)");
    BOOST_TEST(shortened_name("operator<(a::b<int> const&, int)") == "operator<(a::b<int> const&, int)");
    BOOST_TEST(shortened_name("std::ostream& operator<< <int>(std::ostream&, " + text + ")") ==
               "std::ostream& operator<< <int>(std::ostream&, std::string)");
    BOOST_TEST(shortened_name("a::operator->() const") == "a::operator->() const");
    BOOST_TEST(shortened_name("a::operator()(" + text + ")") == "a::operator()(std::string)");
    BOOST_TEST(shortened_name("bool operator><int>(std::vector<int, std::allocator<int> >)") ==
               "bool operator><int>(std::vector<int>)");
    BOOST_TEST(shortened_name("f()::{lambda(" + text + ")#1}::operator()() const") ==
               "f()::{lambda(std::string)#1}::operator()() const");
    BOOST_TEST(shortened_name("name[abi:cxx11](int)") == "name(int)");
    BOOST_TEST(shortened_name("array<((1)<(2)), (char)60>") == "array<((1)<(2)), (char)60>");
}

BOOST_AUTO_TEST_CASE(that_are_none_stay_as_they_are)
{
    for (const char* text : {"", "main", "a<b", "a<b,", "a<b(c>", "<", ">", "a>b", "a)", "operator", "f(operator<"})
        BOOST_TEST(shortened_name(text) == text);
    std::string deep;
    for (int i = 0; i != 1000; ++i)
        deep += "a<";
    BOOST_TEST(shortened_name(deep) == deep);
    BOOST_TEST(shortened_name(std::string(1'000'000, 'a')).size() < 100'000U);
}

BOOST_AUTO_TEST_SUITE_END()
