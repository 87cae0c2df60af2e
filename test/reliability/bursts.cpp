// Many tasks at once with arguments of medium size, for a function that is known to be quick.
#include <support/preconditions.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <fstream>
#include <future>
#include <string>
#include <vector>

using namespace test;
using tandem::task;

namespace {

std::size_t length_of(const std::string& text)
{
    return text.size();
}

// Bytes that this process wrote into whatever it has open, its workers not included as long as they live.
std::uint64_t bytes_written()
{
    std::ifstream file("/proc/self/io");
    for (std::string name; file >> name;) {
        std::uint64_t value = 0;
        file >> value;
        if (name == "wchar:")
            return value;
    }
    return 0;
}

constexpr std::size_t count = sanitized ? 500 : 2000;
// It was 3 to 10. On an idle machine it is 1.00 to 1.01; a worker that waits for a processor loses to another one what its
// pipe holds.
constexpr double most_sent = 1.5;

// The bytes that go into pipes for a burst, as a multiple of its arguments'.
double times_sent(tandem::process_pool& pool, std::size_t size)
{
    const std::uint64_t before = bytes_written();
    std::vector<std::future<std::size_t>> sizes;
    for (std::size_t i = 0; i != count; ++i)
        sizes.push_back(pool.async_run(task<length_of>(std::string(size, 'x')), asio::use_future));
    for (auto& each : sizes)
        BOOST_REQUIRE_EQUAL(get_soon(std::move(each)), size);
    return static_cast<double>(bytes_written() - before) / static_cast<double>(count * size);
}

void learn_that_it_is_quick(tandem::process_pool& pool)
{
    for (int i = 0; i != 60; ++i)
        get_soon(pool.async_run(task<length_of>(std::string()), asio::use_future));
}

boost::unit_test::decorator::precondition counted()
{
    return precondition([] { return bytes_written() != 0; }, "this system does not count what a process writes");
}

} // namespace

BOOST_AUTO_TEST_SUITE(bursts)

BOOST_AUTO_TEST_CASE(each_argument_is_sent_once, *counted())
{
    processes side(2, {.shared_memory = 0});
    learn_that_it_is_quick(side.pool);
    for (const std::size_t size : {16'000U, 32'000U, 96'000U, 192'000U}) {
        const double sent = times_sent(side.pool, size);
        BOOST_TEST(sent <= most_sent, size << " bytes: " << sent << " times the data");
        BOOST_TEST(sent >= 1.0, size << " bytes did not go through pipes: " << sent);
    }
}

BOOST_AUTO_TEST_CASE(no_argument_goes_through_a_pipe_where_there_is_shared_memory, *counted())
{
    processes side(2);
    learn_that_it_is_quick(side.pool);
    for (const std::size_t size : {16'000U, 192'000U}) {
        const double sent = times_sent(side.pool, size);
        BOOST_TEST(sent <= 0.1, size << " bytes: " << sent << " times the data went through pipes");
    }
}

BOOST_AUTO_TEST_SUITE_END()
