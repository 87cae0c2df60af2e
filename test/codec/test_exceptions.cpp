#include <tandem/codec.hpp>
#include <tandem/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/throw_exception.hpp>

#include <algorithm>
#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <variant>
#include <vector>

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

struct known_here_only : std::runtime_error
{
    using runtime_error::runtime_error;
};

template <class T>
struct about : std::exception
{
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

class does_not_travel : public std::exception
{
public:
    does_not_travel() = default;
    explicit does_not_travel(bool on_the_way_there) : on_the_way_there_(on_the_way_there) {}
    const char* what() const noexcept override { return "does not travel"; }

private:
    friend class cereal::access;
    template <class Archive>
    void save(Archive&) const
    {
        if (on_the_way_there_)
            throw std::runtime_error("cannot be saved");
    }
    template <class Archive>
    void load(Archive&)
    {
        throw 5;
    }
    bool on_the_way_there_ = false;
};

template <class Function>
std::exception_ptr caught(Function function)
{
    try {
        function();
    } catch (...) {
        return std::current_exception();
    }
    BOOST_ERROR("nothing is thrown");
    return nullptr;
}

std::string what_of(const std::exception_ptr& e)
{
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& error) {
        return error.what();
    }
}

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

BOOST_AUTO_TEST_CASE(those_of_no_class_come_back_with_their_type_and_value)
{
    const auto what = [](const auto& thrown) {
        try {
            std::rethrow_exception(there_and_back(std::make_exception_ptr(thrown)));
        } catch (const tandem::remote_exception& back) {
            return std::string(back.what());
        } catch (...) {
            return std::string("another type");
        }
    };
    BOOST_TEST(what(42) == "an exception of type int: 42");
    BOOST_TEST(what(-7L) == "an exception of type long: -7");
    BOOST_TEST(what(true) == "an exception of type bool: true");
    BOOST_TEST(what('x') == "an exception of type char: 'x'");
    BOOST_TEST(what(static_cast<const char*>("why")) == "an exception of type char const*: why");
    BOOST_TEST(what(static_cast<const char*>(nullptr)) == "an exception of type char const*: null");
    BOOST_TEST(what(std::string("why")) == "an exception of type std::string: why");
    BOOST_TEST(what(std::make_error_code(std::errc::no_such_file_or_directory)) ==
               "an exception of type std::error_code: No such file or directory");
    BOOST_TEST(what(std::vector<int>{1}) == "an exception of type std::vector<int>");
}

BOOST_AUTO_TEST_CASE(names_are_as_they_are_written)
{
    try {
        std::rethrow_exception(there_and_back(std::make_exception_ptr(about<std::vector<std::string>>())));
    } catch (const tandem::remote_exception& back) {
        BOOST_TEST(back.type_name() == "exceptions::(anonymous namespace)::about<std::vector<std::string>>");
        return;
    } catch (...) {
    }
    BOOST_ERROR("another type came back");
}

// As the library makes them, not as a program would.
BOOST_AUTO_TEST_CASE(those_that_the_library_throws_come_back_as_themselves)
{
    // Of this type or one made of it, with its text.
    const auto comes_back = []<class E>(std::type_identity<E>, auto throw_one) {
        const std::exception_ptr thrown = caught(throw_one);
        try {
            std::rethrow_exception(there_and_back(thrown));
        } catch (const E& back) {
            BOOST_TEST((typeid(back) == typeid(E)), typeid(back).name());
            BOOST_TEST(std::string(back.what()) == what_of(thrown));
        } catch (const std::exception& back) {
            BOOST_ERROR(typeid(E).name() << " came back as " << typeid(back).name() << ": " << back.what());
        }
    };
    using std::type_identity;
    comes_back(type_identity<std::ios_base::failure>(), [] {
        std::istringstream stream;
        stream.exceptions(std::ios_base::failbit);
        stream.setstate(std::ios_base::failbit);
    });
    comes_back(type_identity<std::out_of_range>(), [] { static_cast<void>(std::vector<int>().at(1)); });
    comes_back(type_identity<std::invalid_argument>(), [] { static_cast<void>(std::stoi("x")); });
    comes_back(type_identity<std::regex_error>(), [] { std::regex expression("(["); });
    comes_back(type_identity<std::bad_variant_access>(), [] { static_cast<void>(std::get<char>(std::variant<int, char>())); });
    comes_back(type_identity<std::bad_optional_access>(), [] { static_cast<void>(std::optional<int>().value()); });
    comes_back(type_identity<std::bad_any_cast>(), [] { static_cast<void>(std::any_cast<int>(std::any())); });
    comes_back(type_identity<std::bad_function_call>(), [] { std::function<void()>()(); });
    comes_back(type_identity<std::future_error>(), [] { std::future<int>().get(); });
    comes_back(type_identity<std::filesystem::filesystem_error>(), [] { static_cast<void>(std::filesystem::file_size("/no such file")); });
    comes_back(type_identity<std::system_error>(), [] { std::thread().join(); });
    comes_back(type_identity<std::bad_cast>(), [] {
        const with_members object;
        static_cast<void>(dynamic_cast<const std::runtime_error&>(static_cast<const std::exception&>(object)));
    });
    comes_back(type_identity<boost::system::system_error>(),
               [] { boost::throw_exception(boost::system::system_error(boost::asio::error::eof, "reading")); });
    tandem::register_exception<from_text>();
    comes_back(type_identity<from_text>(), [] { boost::throw_exception(from_text("why")); });
}

BOOST_AUTO_TEST_CASE(a_stream_failure_keeps_its_code)
{
    try {
        std::rethrow_exception(there_and_back(caught([] {
            std::istringstream stream;
            stream.exceptions(std::ios_base::failbit);
            stream.setstate(std::ios_base::failbit);
        })));
    } catch (const std::ios_base::failure& back) {
        BOOST_TEST((back.code() == std::io_errc::stream));
    }
}

BOOST_AUTO_TEST_CASE(a_code_of_an_unknown_category_is_still_one)
{
    class own_category final : public std::error_category
    {
    public:
        const char* name() const noexcept override { return "elsewhere"; }
        std::string message(int) const override { return "own message"; }
    };
    static const own_category category;
    const auto back = same(std::system_error({8, category}, "doing"));
    BOOST_TEST(back.code().value() == 8);
    BOOST_TEST(back.code().category().name() == std::string("elsewhere"));
}

// Where the worker's program, or the caller's, has not registered it.
BOOST_AUTO_TEST_CASE(a_type_that_only_one_side_knows_keeps_its_text)
{
    tandem::byte_buffer bytes;
    detail::encode_exception(bytes, std::make_exception_ptr(known_here_only("why")));
    tandem::register_exception<known_here_only>();
    const auto check = [](const tandem::remote_exception& back) {
        BOOST_TEST(back.what() == "why");
        BOOST_TEST(back.type_name().find("known_here_only") != std::string::npos, back.type_name());
        return true;
    };
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(detail::decode_exception(bytes)), tandem::remote_exception, check);
}

BOOST_AUTO_TEST_CASE(a_type_that_cannot_be_encoded_or_decoded_keeps_its_text)
{
    tandem::register_exception<does_not_travel>();
    for (const bool on_the_way_there : {true, false}) {
        const auto check = [](const tandem::remote_exception& back) {
            BOOST_TEST(back.what() == "does not travel");
            return true;
        };
        BOOST_CHECK_EXCEPTION(std::rethrow_exception(there_and_back(std::make_exception_ptr(does_not_travel(on_the_way_there)))),
                              tandem::remote_exception, check);
    }
}

BOOST_AUTO_TEST_CASE(what_came_from_a_further_process_is_still_the_same)
{
    const auto once = there_and_back(std::make_exception_ptr(unregistered("why")));
    try {
        std::rethrow_exception(there_and_back(once));
    } catch (const tandem::remote_exception& back) {
        BOOST_TEST(back.what() == "why");
        BOOST_TEST(back.type_name().find("unregistered") != std::string::npos, back.type_name());
    }
    tandem::task_report report;
    report.signal = 11;
    report.stack_trace = "#0 f()";
    report.task = "f()";
    report.earlier.emplace_back().exit_code = 3;
    const auto error = same(tandem::task_error(tandem::errc::worker_died, "task f", report));
    BOOST_TEST(error.report().signal.value_or(0) == 11);
    BOOST_TEST(error.report().stack_trace == "#0 f()");
    BOOST_TEST(error.report().task == "f()");
    BOOST_REQUIRE(error.report().earlier.size() == 1U);
    BOOST_TEST(error.report().earlier[0].exit_code.value_or(0) == 3);
}

namespace {

// "outer | inner | innermost", with types.
std::string story(const std::exception_ptr& e)
{
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& error) {
        std::string text = dynamic_cast<const std::runtime_error*>(&error) ? "runtime_error " : "";
        text += dynamic_cast<const std::system_error*>(&error)       ? "system_error "
                : dynamic_cast<const from_text*>(&error)             ? "from_text "
                : dynamic_cast<const with_members*>(&error)          ? "with_members "
                : dynamic_cast<const tandem::remote_exception*>(&error) ? "remote "
                                                                     : "";
        text += error.what();
        try {
            std::rethrow_if_nested(error);
        } catch (...) {
            text += " | " + story(std::current_exception());
        }
        return text;
    } catch (...) {
        return "unknown";
    }
}

template <class Outer>
std::exception_ptr nested(const std::exception_ptr& inner, const Outer& outer)
{
    return caught([&] {
        try {
            std::rethrow_exception(inner);
        } catch (...) {
            std::throw_with_nested(outer);
        }
    });
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_nested_comes_back_nested)
{
    tandem::register_exception<from_text>();
    tandem::register_exception<with_members>();
    const auto no_file = std::make_error_code(std::errc::no_such_file_or_directory);
    const auto inner = std::make_exception_ptr(std::system_error(no_file, "opening"));
    const auto second = nested(inner, from_text("reading"));
    const auto third = nested(second, with_members(7, "loading"));
    const auto outer = nested(third, unregistered("rendering"));
    BOOST_TEST(story(there_and_back(outer)) == "runtime_error remote rendering | with_members loading | "
                                               "runtime_error from_text reading | "
                                               "runtime_error system_error opening: No such file or directory");
    BOOST_TEST(story(there_and_back(there_and_back(outer))) == story(there_and_back(outer)));
    BOOST_TEST(story(there_and_back(nested(std::make_exception_ptr(42), std::runtime_error("outer")))) ==
               "runtime_error outer | runtime_error remote an exception of type int: 42");
    // The outermost is what it was, and can be caught as that.
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(there_and_back(third)), with_members,
                          [](const with_members& e) { return e.code() == 7; });
}

BOOST_AUTO_TEST_CASE(what_is_nested_without_end_is_cut)
{
    std::exception_ptr e = std::make_exception_ptr(std::runtime_error("innermost"));
    for (int i = 0; i != 100; ++i)
        e = nested(e, std::runtime_error("level"));
    const std::string text = story(there_and_back(e));
    BOOST_TEST(std::ranges::count(text, '|') == 15, text);
    BOOST_TEST(text.find("innermost") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_nested_in_nothing_is_not)
{
    // Made where nothing was handled: to rethrow what is nested would end the program.
    BOOST_TEST(story(there_and_back(caught([] { std::throw_with_nested(std::runtime_error("alone")); }))) ==
               "runtime_error alone");
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

BOOST_AUTO_TEST_CASE(an_unknown_code_of_a_regex_error_keeps_its_text)
{
    const auto unknown = static_cast<std::regex_constants::error_type>(15); // the enumeration's greatest value
    tandem::byte_buffer bytes;
    detail::encode_exception(bytes, std::make_exception_ptr(std::regex_error(unknown)));
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(detail::decode_exception(bytes)), tandem::remote_exception,
                          [](const auto& e) { return e.type_name() == "std::regex_error"; });
}

BOOST_AUTO_TEST_SUITE_END()
