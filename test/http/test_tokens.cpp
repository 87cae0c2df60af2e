#include "http/fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

namespace asio = boost::asio;
using tandem::http::download_report;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(tokens, test::fixture)

namespace {

struct allocations
{
    std::atomic<int> live = 0;
    std::atomic<int> ever = 0;
};

/// Counts what it holds, so that memory not given back, or given back late, shows.
template <class T>
struct counting_allocator
{
    using value_type = T;
    explicit counting_allocator(allocations& in) : count(&in) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) : count(other.count)
    {
    }
    T* allocate(std::size_t n)
    {
        ++count->live;
        ++count->ever;
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n)
    {
        --count->live;
        std::allocator<T>().deallocate(p, n);
    }
    template <class U>
    bool operator==(const counting_allocator<U>& other) const
    {
        return count == other.count;
    }
    allocations* count;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_callback_on_one_thread)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    asio::io_context context;
    tandem::http::downloader here(context);
    int calls = 0;
    const auto started = std::this_thread::get_id();
    here.async_download(server.url("/"), folder / "file", [&](std::exception_ptr error, download_report report) {
        ++calls;
        BOOST_TEST((error == nullptr));
        BOOST_TEST(report.bytes == 5u);
        BOOST_TEST((std::this_thread::get_id() == started));
    });
    BOOST_TEST(calls == 0);
    context.run();
    BOOST_TEST(calls == 1);

    // A kept connection and a far deadline hold no run() open: it has returned.
    BOOST_TEST(context.stopped());
}

BOOST_AUTO_TEST_CASE(never_within_the_initiating_call)
{
    // Initiated on a thread of the pool, where dispatching could run it at once.
    for (const char* url : {"not a url", "ftp://a/"}) {
        std::promise<bool> within;
        asio::post(threads, [&] {
            auto inside = std::make_shared<std::atomic<bool>>(true);
            downloads.async_download(url, folder / "file", [&, inside](std::exception_ptr, download_report) {
                within.set_value(inside->load());
            });
            // On another thread it may complete meanwhile; on this one it must not.
            inside->store(false);
        });
        auto future = within.get_future();
        BOOST_TEST((future.wait_for(30s) == std::future_status::ready));
    }
    asio::io_context context;
    tandem::http::downloader here(context);
    asio::post(context, [&] {
        bool called = false;
        here.async_download("not a url", folder / "file", [&](std::exception_ptr, download_report) { called = true; });
        BOOST_TEST(!called);
        while (!called && context.run_one_for(10s) > 0) {
        }
        BOOST_TEST(called);
    });
    context.run();
}

BOOST_AUTO_TEST_CASE(a_future)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::future<download_report> waiting = downloads.async_download(server.url("/"), folder / "file", asio::use_future);
    BOOST_TEST(waiting.get().bytes == 5u);
}

BOOST_AUTO_TEST_CASE(coroutines)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const auto run = [&]() -> asio::awaitable<void> {
        download_report report = co_await downloads.async_download(server.url("/"), folder / "1");
        BOOST_TEST(report.bytes == 5u);
        report = co_await downloads.async_download(server.url("/"), folder / "2", asio::use_awaitable);
        BOOST_TEST(report.bytes == 5u);
        tandem::http::download_options options = test::once();
        options.max_body_size = 2;
        auto [error, none] = co_await downloads.async_download(server.url("/"), folder / "3", options,
                                                               asio::as_tuple(asio::use_awaitable));
        BOOST_TEST((error != nullptr));
        BOOST_TEST(none.bytes == 0u);
        using namespace asio::experimental::awaitable_operators;
        auto [a, b] = co_await (downloads.async_download(server.url("/"), folder / "4", asio::use_awaitable) &&
                                downloads.async_download(server.url("/"), folder / "5", asio::use_awaitable));
        BOOST_TEST(a.bytes + b.bytes == 10u);
    };
    asio::co_spawn(threads, run(), asio::use_future).get();
    BOOST_TEST(listing() == "1 2 4 5");
}

BOOST_AUTO_TEST_CASE(a_client_and_a_downloader_are_made_in_a_coroutine)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const auto run = [&]() -> asio::awaitable<void> {
        const tandem::http::client asks{co_await asio::this_coro::executor};
        const tandem::http::response answer = co_await asks.async_get(server.url("/"));
        BOOST_TEST(answer.body == "hello");
        const tandem::http::downloader writes{co_await asio::this_coro::executor};
        const download_report report = co_await writes.async_download(server.url("/"), folder / "1");
        BOOST_TEST(report.bytes == 5u);
    };
    asio::co_spawn(threads, run(), asio::use_future).get();
}

BOOST_AUTO_TEST_CASE(the_slower_of_two_is_cancelled)
{
    test::scripted_server quick(test::answer_always(test::ok("hello")));
    test::scripted_server slow([](test::peer& peer) {
        peer.read_request();
        peer.wait_for_end();
    });
    asio::io_context context;
    tandem::http::downloader here(context);
    const auto run = [&]() -> asio::awaitable<void> {
        using namespace asio::experimental::awaitable_operators;
        auto won = co_await (here.async_download(slow.url("/"), folder / "slow", asio::use_awaitable) ||
                             here.async_download(quick.url("/"), folder / "quick", asio::use_awaitable));
        BOOST_TEST(won.index() == 1u);

        auto group = co_await asio::experimental::make_parallel_group(
                         here.async_download(slow.url("/"), folder / "slow", asio::deferred),
                         here.async_download(quick.url("/"), folder / "quick", asio::deferred))
                         .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
        BOOST_TEST(std::get<0>(group)[0] == 1u);
        BOOST_TEST((std::get<1>(group) != nullptr));
        BOOST_TEST((std::get<3>(group) == nullptr));
    };
    std::future<void> done = asio::co_spawn(context, run(), asio::use_future);
    context.run();
    done.get();
    BOOST_TEST(listing() == "quick");
}

BOOST_AUTO_TEST_CASE(executor_and_allocator_of_the_handler)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    asio::io_context elsewhere;
    allocations count;
    bool called = false;
    auto only_movable = std::make_unique<int>(1);
    downloads.async_download(
        server.url("/"), folder / "file",
        asio::bind_executor(elsewhere, asio::bind_allocator(counting_allocator<char>(count),
                                                            [&, held = std::move(only_movable)](
                                                                std::exception_ptr error, download_report report) {
                                                                called = true;
                                                                BOOST_TEST((error == nullptr));
                                                                BOOST_TEST(report.bytes == 5u);
                                                                BOOST_TEST(count.live == 0);
                                                            })));
    BOOST_TEST(count.ever > 0);
    // Work is tracked there: run() waits for the download, and the handler runs here.
    elsewhere.run();
    BOOST_TEST(called);
    BOOST_TEST(count.live == 0);
}

BOOST_AUTO_TEST_CASE(detached)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    asio::io_context context;
    tandem::http::downloader(context).async_download(server.url("/"), folder / "file", asio::detached);
    context.run();
    BOOST_TEST(content() == "hello");
}

BOOST_AUTO_TEST_CASE(the_default_token_is_the_executors)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    using executor = asio::use_awaitable_t<>::executor_with_default<asio::any_io_executor>;
    tandem::http::basic_downloader<executor> here(threads);
    const auto run = [&]() -> asio::awaitable<void> {
        asio::awaitable<download_report> waiting = here.async_download(server.url("/"), folder / "file");
        BOOST_TEST((co_await std::move(waiting)).bytes == 5u);
    };
    asio::co_spawn(threads, run(), asio::use_future).get();
}

BOOST_AUTO_TEST_CASE(a_default_token_is_given_to_a_client_and_a_downloader)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const tandem::http::client plain(threads);
    const auto asks = asio::use_awaitable_t<>::as_default_on(plain);
    const auto writes = asio::use_awaitable_t<>::as_default_on(tandem::http::downloader(plain));
    using asks_type = asio::use_awaitable_t<>::as_default_on_t<tandem::http::client>;
    using writes_type = asio::use_awaitable_t<>::as_default_on_t<tandem::http::downloader>;
    static_assert(std::same_as<decltype(asks), const asks_type>);
    static_assert(std::same_as<decltype(writes), const writes_type>);
    const auto run = [&]() -> asio::awaitable<void> {
        asio::awaitable<tandem::http::response> answer = asks.async_get(server.url("/"));
        BOOST_TEST((co_await std::move(answer)).body == "hello");
        asio::awaitable<download_report> report = writes.async_download(server.url("/"), folder / "file");
        const download_report seen = co_await std::move(report);
        BOOST_TEST(seen.bytes == 5u);
        BOOST_TEST(seen.reused_connection, "they share their connections");
        BOOST_TEST((seen.times.first_byte > 0s));
    };
    asio::co_spawn(threads, run(), asio::use_future).get();
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
