// Arguments and results of many types go there and come back as they were.
#include <support/preconditions.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>
#include <worker/memory_use.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/error_code.hpp>
#include <boost/test/unit_test.hpp>

#include <cereal/types/string.hpp>

#include <cerrno>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

using namespace test;
using tandem::task;

namespace {

struct point
{
    double x = 0;
    int y = 0;
    bool operator==(const point&) const = default;
};

struct shape
{
    std::string name;
    std::vector<point> points;
    std::optional<int> colour;
    bool operator==(const shape&) const = default;
};

class user_type
{
public:
    user_type() = default;
    explicit user_type(std::string text) : text_(std::move(text)) {}

    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(text_);
    }

    bool operator==(const user_type&) const = default;

private:
    std::string text_;
};

enum class colour : std::uint8_t
{
    red = 3
};

template <class T>
T echo(T value)
{
    return value;
}

template <class T>
void returns_unchanged(processes& side, const T& value)
{
    BOOST_TEST((get_soon(side.pool.async_run(task<echo<T>>(value), asio::use_future)) == value));
}

std::size_t count(std::string_view text, char c)
{
    return static_cast<std::size_t>(std::ranges::count(text, c));
}

double sum(std::span<const double> values)
{
    return std::accumulate(values.begin(), values.end(), 0.0);
}

std::uint64_t worker_memory()
{
    return tandem::worker::resident_bytes();
}

bool is_aligned(std::string_view, std::span<const double> values)
{
    return reinterpret_cast<std::uintptr_t>(values.data()) % alignof(double) == 0;
}

std::string join(const std::vector<std::string>& texts, const std::string& between)
{
    std::string all;
    for (const auto& text : texts)
        all += (all.empty() ? "" : between) + text;
    return all;
}

struct step
{
    int number = 0;
    boost::system::error_code error;
};

std::error_code std_code_of(int value)
{
    return {value, std::generic_category()};
}

std::vector<step> steps_of(const step& first)
{
    return {first, {first.number + 1, boost::asio::error::eof}};
}

// A category that only the worker has: main() registers nothing.
class workers_category final : public boost::system::error_category
{
public:
    const char* name() const noexcept override { return "worker"; }
    std::string message(int) const override { return "only a worker fails so"; }
};

boost::system::error_code of_the_worker()
{
    static const workers_category category;
    return {7, category};
}

std::string messages_of(const std::vector<std::error_code>& codes)
{
    std::string all;
    for (const auto& code : codes)
        all += code.message() + '\n';
    return all;
}

std::unique_ptr<int> twice(std::unique_ptr<int> value)
{
    return std::make_unique<int>(value ? 2 * *value : -1);
}

} // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(of_the_language_and_the_standard_library)
{
    processes side(1);
    returns_unchanged(side, true);
    returns_unchanged(side, 'c');
    returns_unchanged(side, -1LL);
    returns_unchanged(side, 0.1);
    returns_unchanged(side, colour::red);
    returns_unchanged(side, std::string("text with \0 in it", 17));
    returns_unchanged(side, std::vector<int>{1, 2, 3});
    returns_unchanged(side, std::vector<bool>{true, false});
    returns_unchanged(side, std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
    returns_unchanged(side, std::set<int>{3, 1});
    returns_unchanged(side, std::optional<std::string>("yes"));
    returns_unchanged(side, std::optional<std::string>());
    returns_unchanged(side, std::variant<int, std::string>("text"));
    returns_unchanged(side, std::variant<int, std::string>(1));
    returns_unchanged(side, std::tuple<int, std::string>(1, "text"));
}

BOOST_AUTO_TEST_CASE(of_the_users)
{
    processes side(1);
    returns_unchanged(side, point{1.5, 2});
    returns_unchanged(side, shape{"triangle", {{1, 2}, {3, 4}, {5, 6}}, 7});
    returns_unchanged(side, std::vector<shape>{{"one", {}, {}}, {"two", {{1, 1}}, 2}});
    returns_unchanged(side, user_type("mine"));
    returns_unchanged(side, std::map<int, user_type>{{1, user_type("mine")}});
}

BOOST_AUTO_TEST_CASE(empty_ones)
{
    processes side(1);
    returns_unchanged(side, std::string());
    returns_unchanged(side, std::vector<int>());
    returns_unchanged(side, std::vector<std::string>());
    returns_unchanged(side, shape());
    returns_unchanged(side, std::monostate());
    BOOST_TEST(get_soon(side.pool.async_run(task<count>("", 'a'), asio::use_future)) == 0U);
    BOOST_TEST(get_soon(side.pool.async_run(task<sum>(std::vector<double>()), asio::use_future)) == 0.0);
}

BOOST_AUTO_TEST_CASE(views_references_and_pointers_to_one)
{
    processes side(1);
    BOOST_TEST(get_soon(side.pool.async_run(task<count>("banana", 'a'), asio::use_future)) == 3U);
    BOOST_TEST(get_soon(side.pool.async_run(task<sum>(std::vector<double>{1, 2, 3}), asio::use_future)) == 6.0);
    BOOST_TEST(get_soon(side.pool.async_run(task<is_aligned>("odd", std::vector<double>(3)), asio::use_future)));
    const std::vector<std::string> texts{"a", "b"};
    BOOST_TEST(get_soon(side.pool.async_run(task<join>(texts, ", "), asio::use_future)) == "a, b");
    BOOST_TEST(*get_soon(side.pool.async_run(task<twice>(std::make_unique<int>(4)), asio::use_future)) == 8);
    BOOST_TEST(*get_soon(side.pool.async_run(task<twice>(nullptr), asio::use_future)) == -1);
}

BOOST_AUTO_TEST_CASE(error_codes_can_be_used)
{
    processes side(1);
    const std::error_code code = get_soon(side.pool.async_run(task<std_code_of>(ENOENT), asio::use_future));
    BOOST_TEST((code == std::errc::no_such_file_or_directory));
    BOOST_TEST(code.message() == std_code_of(ENOENT).message());

    const step first{1, boost::asio::error::connection_refused};
    const std::vector<step> steps = get_soon(side.pool.async_run(task<steps_of>(first), asio::use_future));
    BOOST_TEST((steps.at(0).error == first.error));
    BOOST_TEST(steps.at(0).error.message() == first.error.message());
    BOOST_TEST((steps.at(1).error == boost::asio::error::eof));
    BOOST_TEST(steps.at(1).error.message() == make_error_code(boost::asio::error::eof).message());

    const std::vector<std::error_code> codes{std_code_of(ENOENT), std_code_of(EPERM)};
    BOOST_TEST(get_soon(side.pool.async_run(task<messages_of>(codes), asio::use_future)) == messages_of(codes));

    const auto unknown = get_soon(side.pool.async_run(task<of_the_worker>(), asio::use_future));
    BOOST_TEST(unknown.category().name() == std::string("worker"));
    BOOST_TEST(unknown.value() == 7);
    BOOST_TEST(unknown.message() == "only a worker fails so");
}

BOOST_AUTO_TEST_CASE(a_lambda_is_a_function_too)
{
    processes side(1);
    constexpr auto square = [](int x) { return x * x; };
    BOOST_TEST(get_soon(side.pool.async_run(task<square>(7), asio::use_future)) == 49);
}

BOOST_AUTO_TEST_CASE(large_ones)
{
    processes side(2);
    std::vector<std::uint64_t> large((8 << 20) / sizeof(std::uint64_t));
    std::iota(large.begin(), large.end(), 1);
    returns_unchanged(side, large);
    returns_unchanged(side, std::string(8 << 20, 'x'));
    // Several at once, so that writes to one worker and reads of another are under way together.
    std::vector<std::future<std::vector<std::uint64_t>>> all;
    for (int i = 0; i != 6; ++i)
        all.push_back(side.pool.async_run(task<echo<std::vector<std::uint64_t>>>(large), asio::use_future));
    for (auto& one : all)
        BOOST_TEST((get_soon(std::move(one)) == large));
}

// Through the pipes: nothing lies in shared memory. The C library keeps some of what is freed, 64 MiB at the most.
BOOST_AUTO_TEST_CASE(memory_of_large_values_is_given_back, *unsanitized())
{
    constexpr std::size_t size = 50'000'000;
    constexpr std::size_t most_kept = 25'000'000;
    processes side(1, {.max_message_size = 2 * size, .shared_memory = 0});
    const auto resident_here = [] { return tandem::worker::resident_bytes(); };
    const auto resident_there = [&] { return get_soon(side.pool.async_run(task<worker_memory>(), asio::use_future)); };
    const std::size_t here = resident_here(), there = resident_there();
    const auto check = [&](const char* what) {
        // The pool's thread frees the message when it has completed the operation.
        BOOST_TEST(test::eventually([&] { return resident_here() < here + most_kept; }),
                   what << ": this process has " << resident_here() - here << " bytes more");
        BOOST_TEST(resident_there() < there + most_kept, what << ": the worker has " << resident_there() - there << " bytes more");
    };
    BOOST_TEST(get_soon(side.pool.async_run(task<count>(std::string(size, 'x'), 'x'), asio::use_future)) == size);
    check("an argument");
    BOOST_TEST(get_soon(side.pool.async_run(task<repeat>('x', size), asio::use_future)).size() == size);
    check("a result");
    BOOST_CHECK_THROW(get_soon(side.pool.async_run(task<repeat>('x', 3 * size), asio::use_future)), tandem::task_error);
    check("a result over the limit");
}

BOOST_AUTO_TEST_SUITE_END()
