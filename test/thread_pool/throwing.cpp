// Where the user's own types throw on an operation's way, one position after the other: either the initiating call throws, and
// the handler is destroyed, or it is called once. Nothing stays behind for which the pool would wait.
#include <support/failing.hpp>
#include <support/sides.hpp>

#include <tandem/map.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace test;
using namespace std::chrono_literals;
using tandem::run_options;

BOOST_AUTO_TEST_SUITE(throwing)

namespace {

// Throws at its n-th step; never at zero.
std::atomic<int> steps{0}, throws_at{0};

void step()
{
    if (++steps == throws_at)
        throw std::runtime_error("step " + std::to_string(throws_at));
}

struct thrower
{
    thrower() = default;
    thrower(const thrower&) { step(); }
    thrower(thrower&&) { step(); }
    thrower& operator=(const thrower&) = default;
    thrower& operator=(thrower&&) = default;
};

/// Its default constructor throws; so it does where an operation fails.
struct result
{
    result() { step(); }
    explicit result(int n) : number(n) {}
    result(result&&) noexcept = default;
    result& operator=(result&&) noexcept = default;
    int number = 0;
};

struct work
{
    result operator()() const { return fails ? throw std::invalid_argument("work") : result(7); }
    thrower held{};
    bool fails = false;
};

struct coroutine_work
{
    asio::awaitable<int> operator()() const { co_return 7; }
    thrower held;
};

struct mapped
{
    int operator()(int x) const { return x; }
    thrower held;
};

struct outcome
{
    std::atomic<int> calls{0};
    std::string error;
};

/// Handler of any signature, which is destroyed or called.
struct handler
{
    template <class... Value>
    void operator()(std::exception_ptr error, Value&&...)
    {
        state->error = describe(error);
        ++state->calls;
    }
    std::shared_ptr<outcome> state;
};

template <class Begin>
void throw_at_each_position(const char* name, Begin begin)
{
    int positions = 0;
    for (int n = 1;; ++n) {
        const auto seen = std::make_shared<outcome>();
        bool is_thrown = false;
        bool is_over = false;
        {
            threads side(1);
            steps = 0;
            throws_at = n;
            try {
                begin(side.pool, handler{seen});
            } catch (const std::runtime_error&) {
                is_thrown = true;
            }
            BOOST_TEST(eventually([&] { return seen.use_count() == 1; }));
            is_over = steps < n;
            throws_at = 0;
            BOOST_TEST_INFO(name << ", step " << n << ", thrown " << is_thrown);
            BOOST_TEST(eventually([&] {
                const auto counts = side.pool.stats();
                return counts.queued == 0 && counts.running == 0;
            }));
            BOOST_TEST_INFO(name << ", step " << n);
            BOOST_TEST(get_soon(side.pool.async_run([] { return 3; }, asio::use_future)) == 3);
        } // and its destructor returns
        BOOST_TEST_INFO(name << ", step " << n << ", error " << seen->error);
        BOOST_TEST(seen->calls == (is_thrown ? 0 : 1));
        if (is_over)
            break;
        ++positions;
    }
    BOOST_TEST_MESSAGE(name << ": " << positions << " positions");
    BOOST_TEST(positions != 0);
}

} // namespace

BOOST_AUTO_TEST_CASE(plain_work)
{
    const work kept;
    throw_at_each_position("copied", [&](auto& pool, handler h) { pool.async_run(kept, std::move(h)); });
    const work failing{.fails = true};
    throw_at_each_position("failing", [&](auto& pool, handler h) { pool.async_run(failing, std::move(h)); });
}

BOOST_AUTO_TEST_CASE(work_with_options)
{
    const work kept;
    throw_at_each_position("priority", [&](auto& pool, handler h) {
        pool.async_run(kept, run_options{.priority = 1}, std::move(h));
    });
    throw_at_each_position("timeouts and a retry", [&](auto& pool, handler h) {
        pool.async_run(kept, run_options{.run_timeout = 1h, .queue_timeout = 1h, .retries = 1}, std::move(h));
    });
    asio::cancellation_signal signal;
    throw_at_each_position("cancellable", [&](auto& pool, handler h) {
        pool.async_run(kept, asio::bind_cancellation_slot(signal.slot(), std::move(h)));
    });
}

BOOST_AUTO_TEST_CASE(work_that_is_removed)
{
    asio::cancellation_signal signal;
    throw_at_each_position("removed", [&](tandem::thread_pool& pool, handler h) {
        std::promise<void> release;
        pool.async_run([held = release.get_future().share()] { held.wait(); }, [](const std::exception_ptr&) {});
        const auto releases = [&](void*) { release.set_value(); };
        const std::unique_ptr<void, decltype(releases)> guard(&release, releases);
        pool.async_run(work(), asio::bind_cancellation_slot(signal.slot(), std::move(h)));
        signal.emit(asio::cancellation_type::total);
    });
}

BOOST_AUTO_TEST_CASE(coroutines)
{
    const coroutine_work kept;
    throw_at_each_position("coroutine", [&](auto& pool, handler h) { pool.async_run(kept, std::move(h)); });
}

BOOST_AUTO_TEST_CASE(maps)
{
    const mapped kept;
    const std::vector<int> elements{1, 2, 3, 4};
    throw_at_each_position("map", [&](auto& pool, handler h) { tandem::async_map(pool, kept, elements, std::move(h)); });
    throw_at_each_position("map one by one", [&](auto& pool, handler h) {
        tandem::async_map(pool, kept, elements, tandem::map_options{.run = {.queue_timeout = 1h}}, std::move(h));
    });
}

BOOST_AUTO_TEST_SUITE_END()
