// What becomes of a call: checked, held, encoded, decoded, run.
#include <tandem/task.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(tasks)

namespace {

long sum(std::span<const long> numbers)
{
    return std::accumulate(numbers.begin(), numbers.end(), 0L);
}
std::string join(std::string_view a, const std::string& b, std::string c)
{
    return std::string(a) + b + std::move(c);
}
double aligned(std::string_view odd, std::span<const double> values, char, std::span<const double> more)
{
    return static_cast<double>(odd.size()) + values[0] + more[0];
}
void nothing() noexcept {}
std::size_t length(const std::string_view& text, const std::span<const long>& numbers)
{
    return text.size() + numbers.size();
}
int sum_of_some(std::span<const std::optional<int>> numbers)
{
    return std::accumulate(numbers.begin(), numbers.end(), 0, [](int sum, auto n) { return sum + n.value_or(0); });
}
struct flagged
{
    int number;
    bool flag;
};
std::ptrdiff_t count_flags(std::span<const flagged> all)
{
    return std::ranges::count_if(all, &flagged::flag);
}
template <class T>
T twice(T value)
{
    return value + value;
}

template <class Task>
auto run_encoded(const Task& task)
{
    tandem::byte_buffer arguments, result;
    task.encode_arguments(arguments);
    task.entry().run(arguments, result);
    if constexpr (!std::is_void_v<typename Task::result_type>)
        return tandem::decode<typename Task::result_type>(result);
}


static_assert(std::is_same_v<tandem::bound_task<&join>::result_type, std::string>);

} // namespace

BOOST_AUTO_TEST_CASE(run_here_as_in_another_process)
{
    auto call = tandem::task<join>("a", "b", std::string("c"));
    BOOST_TEST(call() == "abc");
    BOOST_TEST(call() == "abc"); // an lvalue keeps its arguments
    BOOST_TEST(run_encoded(call) == "abc");
    BOOST_TEST(std::move(call)() == "abc");
    run_encoded(tandem::task<nothing>());
    BOOST_TEST(run_encoded(tandem::task<twice<int>>(4)) == 8);
    BOOST_TEST(run_encoded(tandem::task<[](int x, int y) { return x * y; }>(6, 7)) == 42);
}

BOOST_AUTO_TEST_CASE(views_see_what_was_held)
{
    std::vector<long> numbers{1, 2, 3};
    auto call = tandem::task<sum>(numbers);
    numbers.clear(); // held by value
    BOOST_TEST(call() == 6);
    BOOST_TEST(run_encoded(call) == 6);
    BOOST_TEST(run_encoded(tandem::task<sum>(std::vector<long>())) == 0);
    const std::vector<double> ones{1.0}, halves{0.5};
    for (const char* odd : {"", "a", "abc", "abcdefg"})
        BOOST_TEST(run_encoded(tandem::task<aligned>(odd, ones, 'x', halves)) ==
                   static_cast<double>(std::string_view(odd).size()) + 1.5);
}

BOOST_AUTO_TEST_CASE(views_are_taken_by_reference_too)
{
    BOOST_TEST(run_encoded(tandem::task<length>("four", std::vector<long>(3))) == 7U);
    BOOST_TEST(tandem::task<length>("four", std::vector<long>(3))() == 7U);
}

BOOST_AUTO_TEST_CASE(a_span_views_elements_that_are_decoded)
{
    BOOST_TEST(run_encoded(tandem::task<sum_of_some>(std::vector<std::optional<int>>{1, std::nullopt, 4})) == 5);
}

BOOST_AUTO_TEST_CASE(a_bool_in_a_span_that_is_none_is_an_error)
{
    tandem::byte_buffer arguments, result;
    tandem::task<count_flags>(std::vector<flagged>{{1, true}, {2, true}}).encode_arguments(arguments);
    tandem::bound_task<count_flags>::entry().run(arguments, result);
    BOOST_TEST(tandem::decode<std::ptrdiff_t>(result) == 2);
    arguments[arguments.size() - sizeof(flagged) + offsetof(flagged, flag)] = std::byte{2};
    BOOST_CHECK_EXCEPTION(tandem::bound_task<count_flags>::entry().run(arguments, result), tandem::task_error,
                          [](const auto& e) { return e.code() == tandem::errc::decode_failed; });
}

BOOST_AUTO_TEST_CASE(arguments_that_do_not_decode_are_the_tasks_error)
{
    tandem::byte_buffer arguments, result;
    tandem::task<join>("a", "b", "c").encode_arguments(arguments);
    arguments.pop_back();
    BOOST_CHECK_EXCEPTION(tandem::bound_task<join>::entry().run(arguments, result), tandem::task_error,
                          [](const auto& e) { return e.code() == tandem::errc::decode_failed; });
}

BOOST_AUTO_TEST_CASE(are_registered_with_readable_names)
{
    const auto names = [] {
        std::vector<std::string> all;
        for (const auto* entry : tandem::detail::registered_tasks())
            all.push_back(entry->name());
        return all;
    }();
    const auto has = [&names](std::string_view part) {
        return std::ranges::any_of(names, [part](const auto& name) { return name.find(part) != std::string::npos; });
    };
    for (const auto& name : names)
        BOOST_TEST_MESSAGE("task " << name);
    BOOST_TEST(has("sum"));
    BOOST_TEST(has("twice<int>"));
    BOOST_TEST((has("lambda") || has("$_"))); // gcc's name for one, and Clang's
}

BOOST_AUTO_TEST_SUITE_END()
