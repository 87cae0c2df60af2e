#include <tandem/codec.hpp>
#include <tandem/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <optional>
#include <regex>
#include <variant>

BOOST_AUTO_TEST_SUITE(exceptions)

namespace {

namespace detail = tandem::detail;

struct unregistered : std::runtime_error
{
    using runtime_error::runtime_error;
};

struct from_text : std::runtime_error
{
    using runtime_error::runtime_error;
};

class with_members : public std::exception
{
public:
    with_members() = default;
    with_members(int code, std::string text) : code_(code), text_(std::move(text)) {}
    const char* what() const noexcept override { return text_.c_str(); }
    int code() const { return code_; }

private:
    friend class cereal::access;
    template <class Archive>
    void serialize(Archive& ar)
    {
        ar(code_, text_);
    }
    int code_ = 0;
    std::string text_;
};

std::exception_ptr there_and_back(const std::exception_ptr& e)
{
    tandem::byte_buffer bytes;
    detail::encode_exception(bytes, e);
    return detail::decode_exception(bytes);
}

// Comes back as exactly its type, with its what().
template <class E>
E same(const E& e)
{
    try {
        std::rethrow_exception(there_and_back(std::make_exception_ptr(e)));
    } catch (const E& back) {
        BOOST_TEST((typeid(back) == typeid(E)), typeid(back).name());
        BOOST_TEST(std::string(back.what()) == e.what());
        return back;
    } catch (...) {
        BOOST_ERROR(typeid(E).name() << " came back as another type");
    }
    return e;
}

} // namespace

BOOST_AUTO_TEST_CASE(standard_types_come_back_as_themselves)
{
    same(std::logic_error("a"));
    same(std::invalid_argument("a"));
    same(std::domain_error("a"));
    same(std::length_error("a"));
    same(std::out_of_range("a"));
    same(std::runtime_error("a"));
    same(std::range_error("a"));
    same(std::overflow_error("a"));
    same(std::underflow_error("a"));
    same(std::exception());
    same(std::bad_alloc());
    same(std::bad_array_new_length());
    same(std::bad_cast());
    same(std::bad_typeid());
    same(std::bad_function_call());
    same(std::bad_weak_ptr());
    same(std::bad_any_cast());
    same(std::bad_optional_access());
    same(std::bad_variant_access());
    BOOST_TEST((same(std::regex_error(std::regex_constants::error_brack)).code() == std::regex_constants::error_brack));
    BOOST_TEST((same(std::future_error(std::future_errc::broken_promise)).code() == std::future_errc::broken_promise));
}

BOOST_AUTO_TEST_CASE(system_errors_keep_their_codes)
{
    const auto no_file = std::make_error_code(std::errc::no_such_file_or_directory);
    BOOST_TEST((same(std::system_error(no_file)).code() == no_file));
    BOOST_TEST((same(std::system_error(no_file, "opening")).code() == no_file));
    BOOST_TEST((same(std::ios_base::failure("reading")).code() == std::io_errc::stream));
    const auto fs = same(std::filesystem::filesystem_error("copying", "/a", "/b", no_file));
    BOOST_TEST(fs.path1() == "/a");
    BOOST_TEST(fs.path2() == "/b");
    BOOST_TEST((same(boost::system::system_error(boost::asio::error::eof, "reading")).code() == boost::asio::error::eof));
    BOOST_TEST((same(tandem::task_error(tandem::errc::worker_died, "task f")).code() == tandem::errc::worker_died));
}

BOOST_AUTO_TEST_CASE(registered_types_come_back_as_themselves)
{
    tandem::register_exception<from_text>();
    tandem::register_exception<with_members>();
    tandem::register_exception<with_members>();
    same(from_text("a"));
    BOOST_TEST(same(with_members(7, "seven")).code() == 7);
}

BOOST_AUTO_TEST_CASE(others_come_back_with_their_name)
{
    const auto name_and_what = [](const std::exception_ptr& e) -> std::pair<std::string, std::string> {
        try {
            std::rethrow_exception(there_and_back(e));
        } catch (const tandem::remote_exception& back) {
            return {back.type_name(), back.what()};
        } catch (...) {
        }
        return {};
    };
    const auto [name, what] = name_and_what(std::make_exception_ptr(unregistered("why")));
    BOOST_TEST(name.find("unregistered") != std::string::npos, name);
    BOOST_TEST(what == "why");
    BOOST_TEST(name_and_what(std::make_exception_ptr(5)).first == "int");
}

BOOST_AUTO_TEST_CASE(garbled_bytes_are_a_decode_error)
{
    tandem::byte_buffer bytes;
    detail::encode_exception(bytes, std::make_exception_ptr(std::runtime_error("a")));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_CHECK_EXCEPTION(std::rethrow_exception(detail::decode_exception(std::span(bytes).first(size))),
                              tandem::task_error,
                              [](const auto& e) { return e.code() == tandem::errc::decode_failed; });
}

BOOST_AUTO_TEST_CASE(an_unknown_code_of_a_regex_error_is_a_decode_error)
{
    const auto unknown = static_cast<std::regex_constants::error_type>(15); // the enumeration's greatest value
    tandem::byte_buffer bytes;
    detail::encode_exception(bytes, std::make_exception_ptr(std::regex_error(unknown)));
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(detail::decode_exception(bytes)), tandem::task_error,
                          [](const auto& e) { return e.code() == tandem::errc::decode_failed; });
}

BOOST_AUTO_TEST_SUITE_END()
