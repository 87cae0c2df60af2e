// Calls that are short travel to a process many in one message; nobody is to notice.
#include <support/failing.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::async_map;
using tandem::errc;
using tandem::task;

namespace {

// By its first letter; mostly nothing, and that is what the pool learns of it.
int act(const std::string& text)
{
    switch (text.empty() ? ' ' : text[0]) {
    case 'h':
        return hold_stubbornly(text.substr(1));
    case 'a':
        return static_cast<int>(announce(text.substr(1)));
    case 'd':
        return die("kill");
    case 'o': // dies once
        return announce(text.substr(1)) == 1 ? die("kill") : 2;
    case 'n':
        std::this_thread::sleep_for(5ms);
        return 5;
    case 't':
        throw std::invalid_argument(text);
    default:
        return 0;
    }
}

const std::vector<std::string> many(5000);

// So that the pool knows that it is short.
struct taught : processes
{
    explicit taught(std::size_t size = 2) : processes(size)
    {
        get_soon(async_map(pool, task<act>, many, asio::use_future));
    }
};

std::vector<std::string> with(std::size_t at, const std::string& text, std::size_t count = 1)
{
    auto all = many;
    std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(at), count, text);
    return all;
}

boost::system::error_code error_of(std::future<std::vector<int>> results)
{
    try {
        get_soon(std::move(results));
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

double sum(std::span<const double> values)
{
    if (reinterpret_cast<std::uintptr_t>(values.data()) % alignof(double) != 0)
        throw std::logic_error("misaligned");
    return std::accumulate(values.begin(), values.end(), 0.0);
}

std::vector<double> twice(std::vector<double> values)
{
    for (double& value : values)
        value *= 2;
    return values;
}

std::size_t size_of(const std::string& text)
{
    return text.size();
}

int id_after(int)
{
    return ::getpid();
}

bool is_even(int x)
{
    return x % 2 == 0;
}

std::string repeat_x(int size)
{
    return std::string(static_cast<std::size_t>(size), 'x');
}

} // namespace

BOOST_AUTO_TEST_SUITE(many_at_once)

BOOST_AUTO_TEST_CASE(results_are_in_order_and_each_call_counts)
{
    processes side;
    std::vector<int> numbers(20'000);
    std::iota(numbers.begin(), numbers.end(), 0);
    const std::vector<bool> even = get_soon(async_map(side.pool, task<is_even>, numbers, asio::use_future));
    BOOST_REQUIRE(even.size() == numbers.size());
    for (std::size_t i = 0; i != even.size(); ++i)
        BOOST_REQUIRE(even[i] == (i % 2 == 0));
    BOOST_TEST(side.pool.stats().completed == numbers.size());
}

BOOST_AUTO_TEST_CASE(results_of_many_sizes)
{
    processes side;
    std::vector<int> sizes;
    for (int i = 0; i != 2000; ++i)
        sizes.push_back(i % 97 == 0 ? 100'000 : i % 100);
    const auto texts = get_soon(async_map(side.pool, task<repeat_x>, sizes, asio::use_future));
    BOOST_REQUIRE(texts.size() == sizes.size());
    for (std::size_t i = 0; i != sizes.size(); ++i)
        BOOST_REQUIRE(texts[i] == repeat_x(sizes[i]));
}

BOOST_AUTO_TEST_CASE(arguments_are_viewed_where_they_lie)
{
    processes side;
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; i != 2000; ++i)
        rows.emplace_back(i % 7, 1.5);
    const auto sums = get_soon(async_map(side.pool, task<sum>, rows, asio::use_future));
    BOOST_REQUIRE(sums.size() == rows.size());
    for (std::size_t i = 0; i != sums.size(); ++i)
        BOOST_REQUIRE(sums[i] == 1.5 * static_cast<double>(i % 7));
}

BOOST_AUTO_TEST_CASE(large_values_among_small_ones)
{
    processes side;
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; i != 3000; ++i)
        rows.emplace_back(i % 100 == 99 ? 100'000 : 2, static_cast<double>(i));
    const auto doubled = get_soon(async_map(side.pool, task<twice>, rows, asio::use_future));
    BOOST_REQUIRE(doubled.size() == rows.size());
    for (std::size_t i = 0; i != rows.size(); ++i)
        BOOST_REQUIRE(doubled[i] == std::vector<double>(rows[i].size(), 2.0 * static_cast<double>(i)));
}

BOOST_AUTO_TEST_CASE(together_they_keep_the_limit)
{
    constexpr std::size_t limit = 200'000;
    processes side(2, {.max_message_size = limit});
    std::vector<std::string> texts;
    for (std::size_t i = 0; i != 3000; ++i)
        texts.emplace_back(i % 10 == 9 ? limit - 1000 : i % 10 * 3000, 'x');
    const auto sizes = get_soon(async_map(side.pool, task<size_of>, texts, asio::use_future));
    BOOST_REQUIRE(sizes.size() == texts.size());
    for (std::size_t i = 0; i != sizes.size(); ++i)
        BOOST_REQUIRE(sizes[i] == texts[i].size());
}

BOOST_AUTO_TEST_CASE(a_long_call_holds_up_no_other)
{
    taught side;
    const gate place, others;
    auto all = with(1000, 'a' + others.path(), 50);
    all[999] = 'h' + place.path();
    auto results = async_map(side.pool, task<act>, all, asio::use_future);
    BOOST_TEST(others.wait_for_begun(50));
    BOOST_TEST((results.wait_for(std::chrono::seconds(0)) == std::future_status::timeout));
    place.open();
    BOOST_TEST(get_soon(std::move(results)).at(999) == gate_opened);
}

BOOST_AUTO_TEST_CASE(a_death_is_the_maps_failure_and_the_pool_goes_on)
{
    taught side;
    BOOST_TEST(error_of(async_map(side.pool, task<act>, with(2500, "d"), asio::use_future)) == errc::worker_died);
    BOOST_TEST(get_soon(async_map(side.pool, task<act>, many, asio::use_future)).size() == many.size());
    BOOST_TEST(side.pool.stats().workers_died == 1U);
}

BOOST_AUTO_TEST_CASE(an_exception_is_the_maps_failure_and_the_pool_goes_on)
{
    taught side;
    BOOST_CHECK_THROW(get_soon(async_map(side.pool, task<act>, with(2500, "t"), asio::use_future)),
                      std::invalid_argument);
    BOOST_TEST(get_soon(async_map(side.pool, task<act>, many, asio::use_future)).size() == many.size());
}

// Those before it in its message are run again, and nobody else.
BOOST_AUTO_TEST_CASE(with_retries_a_death_is_nobodys_failure)
{
    taught side;
    const gate place;
    const auto results = get_soon(async_map(side.pool, task<act>, with(2500, "o" + place.path()), {.run = {.retries = 1}}, asio::use_future));
    BOOST_REQUIRE(results.size() == many.size());
    for (std::size_t i = 0; i != results.size(); ++i)
        BOOST_REQUIRE(results[i] == (i == 2500 ? 2 : 0));
    BOOST_TEST(place.begun() == 2);
    BOOST_TEST(side.pool.stats().retried == 1U);
    BOOST_TEST(side.pool.stats().workers_died == 1U);
}

BOOST_AUTO_TEST_CASE(without_enough_of_them_it_is_the_maps)
{
    taught side;
    BOOST_TEST(error_of(async_map(side.pool, task<act>, with(2500, "d"), {.run = {.retries = 2}}, asio::use_future)) == errc::worker_died);
    BOOST_TEST(side.pool.stats().retried == 2U);
}

BOOST_AUTO_TEST_CASE(each_has_its_own_run_timeout)
{
    taught side(1);
    const gate place;
    const auto few = with(1, "h" + place.path());
    BOOST_TEST(error_of(async_map(side.pool, task<act>, few, {.run = {.run_timeout = 100ms}}, asio::use_future)) == errc::run_timeout);
    BOOST_TEST(place.begun() == 1);
    // Together they take far longer than each may.
    const std::vector<std::string> naps(200, "n");
    const auto results = get_soon(async_map(side.pool, task<act>, naps, {.run = {.run_timeout = 500ms}}, asio::use_future));
    BOOST_TEST(results == std::vector<int>(naps.size(), 5));
}

BOOST_AUTO_TEST_CASE(what_waits_behind_a_long_one_has_its_queue_timeout)
{
    taught side(1);
    const gate place;
    auto results = async_map(side.pool, task<act>, with(0, "h" + place.path()), {.run = {.queue_timeout = 50ms}}, asio::use_future);
    BOOST_TEST(place.wait_for_begun());
    std::this_thread::sleep_for(100ms);
    place.open();
    BOOST_TEST(error_of(std::move(results)) == errc::queue_timeout);
}

BOOST_AUTO_TEST_CASE(a_worker_that_retires_has_no_call_more)
{
    processes side(2, {.retire = {.tasks = 100}});
    const auto ids = get_soon(async_map(side.pool, task<id_after>, std::vector<int>(2000, 0), asio::use_future));
    std::map<int, int> calls;
    for (const int id : ids)
        ++calls[id];
    for (const auto& [id, count] : calls)
        BOOST_TEST(count <= 100, "worker " << id << " had " << count);
    BOOST_TEST(ids.size() == 2000U);
}

BOOST_AUTO_TEST_CASE(what_was_not_begun_is_not_run_after_a_cancellation)
{
    taught side(1);
    const gate place, others;
    auto all = with(0, 'a' + others.path(), 1000);
    all[0] = 'h' + place.path();
    asio::cancellation_signal signal;
    auto results = async_map(side.pool, task<act>, all, asio::bind_cancellation_slot(signal.slot(), asio::use_future));
    BOOST_TEST(place.wait_for_begun());
    signal.emit(asio::cancellation_type::partial);
    place.open();
    BOOST_CHECK_THROW(get_soon(std::move(results)), boost::system::system_error);
    BOOST_TEST(others.begun() == 0U);
}

BOOST_AUTO_TEST_CASE(the_pool_may_end_meanwhile)
{
    for (int i = 0; i != 10; ++i) {
        taught side;
        auto results = async_map(side.pool, task<act>, std::vector<std::string>(100'000), asio::use_future);
        side.pool
            .async_shutdown(i % 2 == 0 ? tandem::shutdown_mode::kill : tandem::shutdown_mode::drain, asio::use_future)
            .get();
        BOOST_TEST((results.wait_for(long_time) == std::future_status::ready));
    }
}

BOOST_AUTO_TEST_SUITE_END()
