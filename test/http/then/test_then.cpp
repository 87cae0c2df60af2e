#include "http/fixture.hpp"

#include <tandem/cancellation_source.hpp>
#include <tandem/http/then.hpp>
#include <tandem/process_pool.hpp>
#include <tandem/thread_pool.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>

namespace asio = boost::asio;
using tandem::http::async_download_then;

using namespace std::chrono_literals;

namespace {

std::uint64_t size_of(const std::string& path)
{
    return std::filesystem::file_size(path);
}

std::uint64_t size_plus(const std::string& path, std::uint64_t more)
{
    return std::filesystem::file_size(path) + more;
}

void remove_it(const std::string& path)
{
    std::filesystem::remove(path);
}

void crash(const std::string&)
{
    std::abort();
}

void sleep_long(const std::string& path)
{
    std::ofstream(path + ".begun") << "x";
    std::this_thread::sleep_for(60s);
}

/// Counts what it has given and not got back.
template <class T>
struct counting_allocator
{
    using value_type = T;

    explicit counting_allocator(std::shared_ptr<std::atomic<int>> count) : held(std::move(count)) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) : held(other.held)
    {
    }

    T* allocate(std::size_t count)
    {
        ++*held;
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T* memory, std::size_t count)
    {
        std::allocator<T>().deallocate(memory, count);
        --*held;
    }

    template <class U>
    bool operator==(const counting_allocator<U>& other) const
    {
        return held == other.held;
    }

    std::shared_ptr<std::atomic<int>> held;
};

/// Has completed, on another thread, before `async_run` returns.
struct quick_pool
{
    template <class Work, class Token>
    auto async_run(Work&&, Token&& token)
    {
        return asio::async_initiate<Token, void(std::exception_ptr, std::uint64_t)>(
            [](auto handler) { std::thread([&] { std::move(handler)(nullptr, std::uint64_t{5}); }).join(); }, token);
    }
};

/// Takes nothing.
struct full_pool
{
    template <class Work, class Token>
    auto async_run(Work&&, Token&& token)
    {
        return asio::async_initiate<Token, void(std::exception_ptr, std::uint64_t)>(
            [](auto) { throw std::bad_alloc(); }, token);
    }
};

template <class Pool>
void check(Pool& pool, test::fixture& in)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const auto target = in.folder / "file";
    std::future<std::uint64_t> size = async_download_then(in.downloads, server.url("/"), target, test::once(), pool,
                                                          tandem::task<size_of>, asio::use_future);
    BOOST_TEST(size.get() == 5u);
    const auto plus_two = [](std::string path) { return tandem::task<size_plus>(std::move(path), 2u); };
    const auto run = [&]() -> asio::awaitable<void> {
        BOOST_TEST(
            (co_await async_download_then(in.downloads, server.url("/"), target, test::once(), pool, plus_two)) == 7u);
        co_await async_download_then(in.downloads, server.url("/"), target, test::once(), pool,
                                     tandem::task<remove_it>);
    };
    asio::co_spawn(in.threads, run(), asio::use_future).get();
    BOOST_TEST(in.listing() == "");

    // Of a failed download nothing is run.
    std::future<void> failed = async_download_then(in.downloads, "ftp://host/", target, test::once(), pool,
                                                   tandem::task<remove_it>, asio::use_future);
    BOOST_CHECK_THROW(failed.get(), tandem::http::download_error);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(then, test::fixture)

BOOST_AUTO_TEST_CASE(on_threads)
{
    tandem::thread_pool pool(2);
    check(pool, *this);
}

BOOST_AUTO_TEST_CASE(in_processes)
{
    tandem::process_pool_options options;
    options.workers = 1;
    tandem::process_pool pool(threads, options);
    check(pool, *this);

    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::future<void> crashed = async_download_then(downloads, server.url("/"), folder / "file", test::once(), pool,
                                                    tandem::task<crash>, asio::use_future);
    BOOST_CHECK_THROW(crashed.get(), tandem::task_error);
    BOOST_TEST(content() == "hello");
}

BOOST_AUTO_TEST_CASE(cancelled_in_either_step)
{
    tandem::process_pool_options options;
    options.workers = 1;
    tandem::process_pool pool(threads, options);
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::promise<void> asked;
    test::scripted_server stalled([&](test::peer& peer) {
        peer.read_request();
        asked.set_value();
        peer.wait_for_end();
    });
    const auto start = [&](const std::string& url, asio::cancellation_signal& signal) {
        auto done = std::make_shared<std::promise<boost::system::error_code>>();
        async_download_then(downloads, url, folder / "file", test::once(), pool, tandem::task<sleep_long>,
                            asio::bind_cancellation_slot(signal.slot(), [done](std::exception_ptr error) {
                                try {
                                    std::rethrow_exception(std::move(error));
                                } catch (const boost::system::system_error& e) {
                                    done->set_value(e.code());
                                }
                            }));
        return done->get_future();
    };
    asio::cancellation_signal first;
    auto seen = start(stalled.url("/"), first);
    asked.get_future().wait();
    first.emit(asio::cancellation_type::terminal);
    BOOST_REQUIRE((seen.wait_for(30s) == std::future_status::ready));
    BOOST_TEST((seen.get() == asio::error::operation_aborted));
    BOOST_TEST(listing() == "");

    asio::cancellation_signal second;
    seen = start(server.url("/"), second);
    for (int i = 0; i != 30'000 && !std::filesystem::exists(folder / "file.begun"); ++i) {
        std::this_thread::sleep_for(1ms);
    }
    second.emit(asio::cancellation_type::terminal);
    BOOST_REQUIRE((seen.wait_for(30s) == std::future_status::ready));
    BOOST_TEST((seen.get() == asio::error::operation_aborted));
    BOOST_TEST(content() == "hello");
}

BOOST_AUTO_TEST_CASE(cancelled_between_the_steps_where_the_handler_runs)
{
    // One thread goes from step to step while another one emits the signal on the handler's strand, as Asio asks.
    tandem::thread_pool pool(1);
    test::scripted_server server(test::answer_always(test::ok("hello")));
    int cancelled = 0;
    for (int i = 0; i != 200; ++i) {
        const auto strand = asio::make_strand(threads.get_executor());
        auto signal = std::make_shared<asio::cancellation_signal>();
        auto done = std::make_shared<std::promise<bool>>();
        auto between = std::make_shared<std::atomic<bool>>(false);
        // First, so that the handler waits for it; not for ever, where nothing comes between.
        asio::post(strand, [between, signal] {
            const auto latest = std::chrono::steady_clock::now() + 30s;
            while (!*between && std::chrono::steady_clock::now() < latest) {
                std::this_thread::yield();
            }
            signal->emit(asio::cancellation_type::terminal);
        });
        const auto size_then = [between](std::string path) {
            *between = true;
            return tandem::task<size_of>(std::move(path));
        };
        async_download_then(
            downloads, server.url("/"), folder / "file", test::once(), pool, size_then,
            asio::bind_executor(strand, asio::bind_cancellation_slot(
                                            signal->slot(), [done, signal](std::exception_ptr error, std::uint64_t) {
                                                done->set_value(error != nullptr);
                                            })));
        auto seen = done->get_future();
        BOOST_REQUIRE((seen.wait_for(60s) == std::future_status::ready));
        cancelled += seen.get() ? 1 : 0;
    }
    BOOST_TEST_MESSAGE(cancelled << " of 200 were cancelled");
}

BOOST_AUTO_TEST_CASE(cancelled_by_a_source_in_either_step)
{
    tandem::process_pool_options options;
    options.workers = 1;
    tandem::process_pool pool(threads, options);
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::promise<void> asked;
    test::scripted_server stalled([&](test::peer& peer) {
        peer.read_request();
        asked.set_value();
        peer.wait_for_end();
    });
    const auto check_cancelled = [](std::future<void> seen) {
        BOOST_REQUIRE((seen.wait_for(30s) == std::future_status::ready));
        BOOST_CHECK_EXCEPTION(seen.get(), boost::system::system_error, [](const boost::system::system_error& error) {
            return error.code() == asio::error::operation_aborted;
        });
    };
    const tandem::cancellation_source first;
    std::future<void> seen =
        async_download_then(downloads, stalled.url("/"), folder / "file", test::once(), pool, tandem::task<sleep_long>,
                            tandem::cancellable(first, asio::use_future));
    asked.get_future().wait();
    first.cancel(asio::cancellation_type::total);
    check_cancelled(std::move(seen));
    BOOST_TEST(listing() == "");

    const tandem::cancellation_source second;
    seen = async_download_then(downloads, server.url("/"), folder / "file", test::once(), pool,
                               tandem::task<sleep_long>, tandem::cancellable(second, asio::use_future));
    for (int i = 0; i != 30'000 && !std::filesystem::exists(folder / "file.begun"); ++i) {
        std::this_thread::sleep_for(1ms);
    }
    second.cancel(asio::cancellation_type::terminal);
    check_cancelled(std::move(seen));
    BOOST_TEST(content() == "hello");

    // What cancels before it begins counts as well.
    seen = async_download_then(downloads, server.url("/"), folder / "other", test::once(), pool,
                               tandem::task<sleep_long>, tandem::cancellable(second, asio::use_future));
    check_cancelled(std::move(seen));
}

BOOST_AUTO_TEST_CASE(what_makes_the_work_may_throw)
{
    tandem::thread_pool pool(1);
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const auto none = [](std::string path) {
        if (!path.empty()) {
            throw std::runtime_error("no work");
        }
        return tandem::task<size_of>(std::move(path));
    };
    std::future<std::uint64_t> seen =
        async_download_then(downloads, server.url("/"), folder / "file", test::once(), pool, none, asio::use_future);
    BOOST_CHECK_THROW(seen.get(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_handlers_memory_is_free_when_it_runs)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const auto check = [&](auto& pool, const std::string& url) {
        const auto held = std::make_shared<std::atomic<int>>(0);
        const auto done = std::make_shared<std::promise<int>>();
        async_download_then(downloads, url, folder / "file", test::once(), pool, tandem::task<size_of>,
                            asio::bind_allocator(counting_allocator<void>(held),
                                                 [held, done](const std::exception_ptr&, std::uint64_t) {
                                                     done->set_value(*held);
                                                 }));
        std::future<int> seen = done->get_future();
        BOOST_REQUIRE((seen.wait_for(60s) == std::future_status::ready));
        return seen.get();
    };
    quick_pool quick;
    BOOST_TEST(check(quick, server.url("/")) == 0);
    tandem::thread_pool pool(1);
    for (int i = 0; i != 300; ++i) {
        BOOST_TEST(check(pool, i % 2 == 0 ? server.url("/") : "ftp://host/") == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_pool_that_takes_no_work_is_an_error)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    full_pool full;
    std::future<std::uint64_t> seen = async_download_then(downloads, server.url("/"), folder / "file", test::once(),
                                                          full, tandem::task<size_of>, asio::use_future);
    BOOST_REQUIRE((seen.wait_for(60s) == std::future_status::ready));
    BOOST_CHECK_THROW(seen.get(), std::bad_alloc);
}

BOOST_AUTO_TEST_SUITE_END()
