#include "simulated_pool.hpp"

#include <io/continuation.hpp>
#include <simulate/heap.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <memory>
#include <optional>

namespace pool_parts {
namespace {

using boost::system::error_code;
using tandem::io::continuation;

} // namespace

BOOST_AUTO_TEST_SUITE(continuations)

BOOST_AUTO_TEST_CASE(is_called_with_the_error)
{
    error_code given;
    continuation done([&given](const error_code& error) { given = error; });
    done(boost::asio::error::operation_aborted);
    BOOST_TEST(given == boost::asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(what_it_holds_moves_with_it_and_is_there_once)
{
    const auto held = std::make_shared<int>(0);
    {
        std::optional<continuation> first([held](const error_code&) { ++*held; });
        BOOST_TEST(held.use_count() == 2);
        continuation second(std::move(*first));
        BOOST_TEST(held.use_count() == 2);
        first.reset();
        BOOST_TEST(held.use_count() == 2);
        continuation third(std::move(second));
        third({});
        BOOST_TEST(*held == 1);
        BOOST_TEST(held.use_count() == 2);
    }
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(*held == 1);
}

BOOST_AUTO_TEST_CASE(is_destroyed_without_being_called)
{
    const auto held = std::make_shared<int>(0);
    {
        const continuation done([held](const error_code&) { ++*held; });
    }
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(*held == 0);
}

BOOST_AUTO_TEST_CASE(takes_a_function_that_can_only_be_moved)
{
    int seen = 0;
    continuation first([held = std::make_unique<int>(7), &seen](const error_code&) { seen = *held; });
    continuation second(std::move(first));
    second({});
    BOOST_TEST(seen == 7);
}

BOOST_AUTO_TEST_CASE(never_allocates)
{
    std::array<std::byte, 40> most{};
    most.back() = std::byte{1};
    int seen = 0;
    const std::size_t before = simulate::heap::blocks();
    continuation first([most, &seen](const error_code&) { seen = static_cast<int>(most.back()); });
    continuation second(std::move(first));
    const std::size_t after = simulate::heap::blocks();
    second({});
    BOOST_TEST(after == before);
    BOOST_TEST(seen == 1);
    static_assert(std::is_nothrow_move_constructible_v<continuation>);
}

BOOST_AUTO_TEST_CASE(has_room_for_a_wait_of_the_pools)
{
    // Two shared pointers and a pointer, as its header says.
    const auto pool = std::make_shared<int>(), link = std::make_shared<int>();
    int part = 0;
    continuation done([pool, link, &part](const error_code&) { part = 1; });
    done({});
    BOOST_TEST(part == 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
