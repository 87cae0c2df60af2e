// Error codes and conditions come back with their category.
#include <tandem/codec.hpp>
#include <tandem/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <ios>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <variant>
#include <vector>

BOOST_AUTO_TEST_SUITE(error_codes)

namespace {

using tandem::byte_buffer;
using tandem::decode;
using both_codes = std::tuple<std::error_code, boost::system::error_code>;

template <class T>
T there_and_back(const T& value)
{
    byte_buffer bytes;
    tandem::encode(bytes, value);
    return decode<T>(bytes);
}

template <class T>
void comes_back(const T& value)
{
    const T back = there_and_back(value);
    BOOST_TEST((back == value), value.category().name() << ' ' << value.value());
    BOOST_TEST(&back.category() == &value.category());
    BOOST_TEST(back.message() == value.message());
}

struct step
{
    int number;
    std::error_code error;
    boost::system::error_code boost_error;
    bool operator==(const step&) const = default;
};

template <class Category>
class named_category final : public Category
{
public:
    explicit named_category(std::string name) : name_(std::move(name)) {}
    const char* name() const noexcept override { return name_.c_str(); }
    std::string message(int value) const override { return "fault " + std::to_string(value); }

private:
    std::string name_;
};

// The message of another process that has a category of that name.
template <class Code>
Code from_elsewhere(const std::string& category, int value, const std::string& text)
{
    byte_buffer bytes;
    tandem::encode(bytes, std::tuple(std::is_same_v<Code, std::error_code>, category, std::int32_t{value}, text));
    return decode<Code>(bytes);
}

const auto no_file = std::make_error_code(std::errc::no_such_file_or_directory);

} // namespace

BOOST_AUTO_TEST_CASE(of_the_known_categories_come_back)
{
    comes_back(std::error_code());
    comes_back(no_file);
    comes_back(std::error_code(2, std::system_category()));
    comes_back(std::make_error_code(std::io_errc::stream));
    comes_back(std::make_error_code(std::future_errc::no_state));
    comes_back(static_cast<std::error_code>(boost::system::error_code(boost::asio::error::eof)));
    comes_back(std::make_error_condition(std::errc::timed_out));
    comes_back(boost::system::error_code());
    comes_back(boost::system::error_code(2, boost::system::system_category()));
    comes_back(boost::system::errc::make_error_code(boost::system::errc::timed_out));
    comes_back(boost::system::errc::make_error_condition(boost::system::errc::timed_out));
    comes_back(boost::system::error_code(boost::asio::error::eof));
    comes_back(boost::system::error_code(boost::asio::error::host_not_found));
    comes_back(boost::system::error_code(tandem::errc::worker_died));
}

BOOST_AUTO_TEST_CASE(of_boost_that_hold_one_of_std_come_back)
{
    const boost::system::error_code held(no_file);
    const boost::system::error_code back = there_and_back(held);
    BOOST_TEST((back == held));
    BOOST_TEST((static_cast<std::error_code>(back) == no_file));
    BOOST_TEST(back.message() == no_file.message());
}

BOOST_AUTO_TEST_CASE(come_back_in_what_holds_them)
{
    const step s{1, no_file, boost::asio::error::eof};
    BOOST_TEST((there_and_back(s) == s));
    BOOST_TEST((there_and_back(std::vector<step>{s, {}, s}) == std::vector<step>{s, {}, s}));
    using all = std::tuple<std::vector<std::error_code>, std::optional<boost::system::error_code>,
                           std::variant<int, std::error_code>, std::pair<int, std::error_condition>,
                           std::map<int, std::error_code>, std::array<std::error_code, 2>>;
    const all a{{no_file, {}}, boost::asio::error::eof, no_file, {1, std::errc::timed_out}, {{1, no_file}}, {no_file}};
    BOOST_TEST((there_and_back(a) == a));
    byte_buffer bytes;
    tandem::encode(bytes, std::make_unique<std::error_code>(no_file));
    BOOST_TEST((*decode<std::unique_ptr<std::error_code>>(bytes) == no_file));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(of_an_unknown_category_keep_name_value_and_text, Code, both_codes)
{
    const Code one = from_elsewhere<Code>("elsewhere", 5, "the fifth fault");
    BOOST_TEST(one.category().name() == std::string("elsewhere"));
    BOOST_TEST(one.value() == 5);
    BOOST_TEST(one.message() == "the fifth fault");
    BOOST_TEST((one == from_elsewhere<Code>("elsewhere", 5, "the fifth fault")));
    BOOST_TEST((one != from_elsewhere<Code>("elsewhere", 6, "the sixth fault")));
    BOOST_TEST(Code(7, one.category()).message() == "elsewhere error 7");
    BOOST_TEST(there_and_back(one).message() == "the fifth fault"); // further on
}

BOOST_AUTO_TEST_CASE(of_a_category_of_this_programs_own_come_back_when_it_is_registered)
{
    static const named_category<std::error_category> of_std("own");
    static const named_category<boost::system::error_category> of_boost("own of Boost");
    BOOST_TEST((there_and_back(std::error_code(3, of_std)) != std::error_code(3, of_std)));
    tandem::register_error_category(of_std);
    tandem::register_error_category(of_boost);
    comes_back(std::error_code(3, of_std));
    comes_back(boost::system::error_code(3, of_boost));
    comes_back(static_cast<std::error_code>(boost::system::error_code(3, of_boost)));
}

BOOST_AUTO_TEST_CASE(of_unknown_categories_without_end_are_an_error)
{
    int known = 0;
    const auto all = [&known] {
        for (; known != 1000; ++known)
            from_elsewhere<std::error_code>("category " + std::to_string(known), 1, "text");
    };
    BOOST_CHECK_THROW(all(), std::exception);
    BOOST_TEST_MESSAGE(known << " of them are kept");
    BOOST_TEST(known >= 32);
    BOOST_TEST(known <= 64);
}

BOOST_AUTO_TEST_CASE(too_few_bytes_are_an_error)
{
    byte_buffer bytes;
    tandem::encode(bytes, no_file);
    for (std::size_t size = 0; size != bytes.size(); ++size)
        BOOST_CHECK_THROW(decode<std::error_code>(std::span(bytes).first(size)), std::exception);
}

BOOST_AUTO_TEST_SUITE_END()
