// The user's code that a map calls: it may do what it likes, as no lock of tandem's is held meanwhile.
#include <map/number_range.hpp>
#include <support/failing.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <tandem/map.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <list>
#include <string>
#include <thread>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::async_map;
using tandem::map_options;
using tandem::task;

namespace {

// What the user's code does where it is called for the last of so many times.
std::atomic<int> calls_until_probe{0};
std::function<void()> probe;

void call_probe()
{
    if (calls_until_probe.fetch_sub(1) == 1)
        probe();
}

// A value that is encoded, decoded and moved by the user's code.
struct probing
{
    int value = 0;
    bool probes_encoding = false, probes_moving = false;

    probing() = default;
    explicit probing(int v) : value(v) {}
    probing(const probing&) = default;
    probing(probing&& other) noexcept { *this = std::move(other); }
    probing& operator=(const probing&) = default;
    probing& operator=(probing&& other) noexcept
    {
        value = other.value;
        probes_encoding = other.probes_encoding;
        probes_moving = other.probes_moving;
        if (probes_moving)
            call_probe();
        return *this;
    }

    template <class Archive>
    void serialize(Archive& archive)
    {
        if (probes_encoding)
            call_probe();
        archive(value, probes_encoding, probes_moving);
    }
};

int add_one(int value)
{
    return value + 1;
}

// Much longer than all others.
int sleep_if_negative(int value)
{
    if (value < 0)
        std::this_thread::sleep_for(10ms);
    return value;
}

int value_of(const probing& p)
{
    return p.value;
}

probing moving(int value)
{
    probing p(value);
    p.probes_moving = true;
    return p;
}

// Whether a call that needs the map's lock returns while the user's code runs.
template <class Side, class Map>
bool is_free(Map map, int call = 1)
{
    Side side(2);
    asio::cancellation_signal signal;
    bool returned = false, was_called = false;
    std::thread emitter;
    probe = [&] {
        was_called = true;
        std::promise<void> emitted;
        auto done = emitted.get_future();
        emitter = std::thread([&signal, emitted = std::move(emitted)]() mutable {
            signal.emit(asio::cancellation_type::partial);
            emitted.set_value();
        });
        returned = done.wait_for(5s) == std::future_status::ready;
    };
    calls_until_probe = call;
    map(side.pool, signal.slot());
    calls_until_probe = 0;
    if (emitter.joinable())
        emitter.join();
    BOOST_TEST(was_called);
    return returned;
}

// Not contiguous, so that each kind of map takes elements one by one.
auto fifty_numbers(std::function<void(int)> on_element)
{
    return numbers(50, [on_element](int i) {
        on_element(i);
        return i;
    });
}

void call_at_13(int i)
{
    if (i == 13)
        call_probe();
}

} // namespace

BOOST_AUTO_TEST_SUITE(user_code)

BOOST_AUTO_TEST_CASE_TEMPLATE(iterators, Side, sides)
{
    BOOST_TEST(is_free<Side>([](auto& pool, asio::cancellation_slot slot) {
        const recording<std::vector<int>> seen;
        async_map(pool, task<add_one>, fifty_numbers(call_at_13), asio::bind_cancellation_slot(slot, seen.handler()));
        BOOST_TEST(seen.wait());
    }));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_ranges_end, Side, sides)
{
    BOOST_TEST(is_free<Side>([](auto& pool, asio::cancellation_slot slot) {
        const recording<std::vector<int>> seen;
        const numbers_while range([](int i) {
            call_at_13(i);
            return i != 50;
        });
        async_map(pool, task<add_one>, range, asio::bind_cancellation_slot(slot, seen.handler()));
        BOOST_TEST(seen.wait());
    }));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_callable_that_binds, Side, sides)
{
    BOOST_TEST(is_free<Side>([](auto& pool, asio::cancellation_slot slot) {
        const recording<std::vector<int>> seen;
        const auto bind = [](int i) {
            call_at_13(i);
            return task<add>(i, 1);
        };
        async_map(pool, bind, fifty_numbers([](int) {}), asio::bind_cancellation_slot(slot, seen.handler()));
        BOOST_TEST(seen.wait());
    }));
}

BOOST_AUTO_TEST_CASE(encoding)
{
    BOOST_TEST(is_free<processes>([](auto& pool, asio::cancellation_slot slot) {
        const recording<std::vector<int>> seen;
        std::vector<probing> values(50);
        values[13].probes_encoding = true;
        async_map(pool, task<value_of>, values, asio::bind_cancellation_slot(slot, seen.handler()));
        BOOST_TEST(seen.wait());
    }));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(moving_results, Side, sides)
{
    for (const bool is_sized : {true, false})
        for (int call = 1; call != 8; ++call) { // on the result's way from the function to its place
            const auto map = [is_sized](auto& pool, asio::cancellation_slot slot) {
                const recording<std::vector<probing>> seen;
                const auto token = [&] { return asio::bind_cancellation_slot(slot, seen.handler()); };
                const auto is_before_the_end = [](int i) { return i != 50; };
                if (is_sized)
                    async_map(pool, task<moving>, std::list<int>(50), token());
                else
                    async_map(pool, task<moving>, numbers_while(is_before_the_end), token());
                BOOST_TEST(seen.wait());
            };
            BOOST_TEST(is_free<Side>(map, call), "move " << call << (is_sized ? " of a sized range's" : ""));
        }
}

// The pool calls the map under its own lock when it takes elements back, and the range calls the pool.
BOOST_AUTO_TEST_CASE(a_range_that_asks_the_pool)
{
    processes side(2);
    const auto nothing_much = [](int) {};
    get_soon(async_map(side.pool, task<add_one>, fifty_numbers(nothing_much), asio::use_future)); // its cost is known now
    for (int round = 0; round != 5; ++round) {
        const numbers asks(200'000, [&side](int i) {
            static_cast<void>(side.pool.stats());
            return i % 20'000 == 10'000 ? -i : i;
        });
        const auto results = get_soon(async_map(side.pool, task<sleep_if_negative>, asks, asio::use_future));
        BOOST_TEST(results.size() == 200'000U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
