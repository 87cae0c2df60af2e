#include "http/fixture.hpp"
#include "http/serve.hpp"
#include "support/memory.hpp"
#include "support/own_mounts.hpp"
#include "support/preconditions.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <set>

namespace asio = boost::asio;
using tandem::http::download_list;
using tandem::http::errc;
using tandem::http::list_item;
using tandem::http::list_outcome;
using tandem::http::list_report;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(list, test::fixture)

namespace {

struct list_result
{
    std::exception_ptr error{};
    list_report report{};
};

/// A list that has been started.
struct started_list
{
    started_list(const tandem::http::downloader& with, download_list what)
    {
        auto done = std::make_shared<std::promise<list_result>>();
        future = done->get_future();
        with.async_download_list(
            std::move(what), asio::bind_cancellation_slot(
                                 signal->slot(), [done, kept = signal](std::exception_ptr error, list_report report) {
                                     done->set_value({std::move(error), report});
                                 }));
    }

    list_result wait()
    {
        BOOST_REQUIRE_MESSAGE(future.wait_for(120s) == std::future_status::ready, "the list did not complete");
        return future.get();
    }

    /// The list's as well, which goes on where a test has waited long enough.
    std::shared_ptr<asio::cancellation_signal> signal = std::make_shared<asio::cancellation_signal>();
    std::future<list_result> future{};
};

std::function<asio::awaitable<std::optional<list_item>>()> all_of(std::vector<list_item> items)
{
    auto left = std::make_shared<std::vector<list_item>>(std::move(items));
    auto next = std::make_shared<std::size_t>(0);
    return [left, next]() -> asio::awaitable<std::optional<list_item>> {
        co_return *next < left->size() ? std::optional((*left)[(*next)++]) : std::nullopt;
    };
}

boost::system::error_code code_of(const std::exception_ptr& error)
{
    try {
        if (error) {
            std::rethrow_exception(error);
        }
    } catch (const boost::system::system_error& e) {
        return e.code();
    } catch (const std::exception&) {
        return boost::system::errc::make_error_code(boost::system::errc::io_error);
    }
    return {};
}

struct recorder final : tandem::http::list_observer
{
    void began(std::uint64_t, const list_item&,
               const std::shared_ptr<const tandem::http::download_progress>& progress) override
    {
        ++begun;
        shown += progress ? 1 : 0; // Boost.Test is not for other threads
        most = std::max(most, begun - gone);
    }
    void downloaded(const list_outcome&) override { ++gone; }
    void ended(const list_outcome& one) override
    {
        codes[one.number] = code_of(one.error);
        paths[one.number] = one.report.path;
    }

    int begun = 0;
    int shown = 0;
    int gone = 0;
    int most = 0;
    std::map<std::uint64_t, boost::system::error_code> codes{};
    std::map<std::uint64_t, std::filesystem::path> paths{};
};

struct list_fixture : test::fixture
{
    download_list of(std::vector<list_item> items)
    {
        download_list result;
        result.next = all_of(std::move(items));
        result.folder = folder;
        result.each = test::once();
        result.observer = seen;
        return result;
    }

    std::shared_ptr<recorder> seen = std::make_shared<recorder>();
};

} // namespace

BOOST_FIXTURE_TEST_CASE(good_and_bad, list_fixture)
{
    test::scripted_server server([](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            peer.send(request.starts_with("GET /bad") ? "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n"
                                                      : test::ok("hello"));
        }
    });
    download_list list =
        of({{server.url("/a")}, {server.url("/bad")}, {server.url("/c"), "sub/name"}, {server.url("/d"), "../out"}});
    list.parallel = 2;
    const list_result result = started_list(downloads, list).wait();
    BOOST_TEST((result.error == nullptr));
    BOOST_TEST(result.report.succeeded == 2u);
    BOOST_TEST(result.report.failed == 2u);
    BOOST_TEST(result.report.bytes == 10u);
    BOOST_TEST(result.report.received == 10u);
    BOOST_TEST(seen->shown == seen->begun);
    BOOST_TEST(seen->most <= 2);
    BOOST_TEST((seen->codes[1] == errc::bad_status));
    BOOST_TEST((seen->codes[3] == std::errc::invalid_argument));
    BOOST_TEST(seen->paths[2] == folder / "sub" / "name");
    BOOST_TEST(content("sub/name") == "hello");
    BOOST_TEST(listing() == "a sub");
}

BOOST_FIXTURE_TEST_CASE(one_name_twice_is_never_silent, list_fixture)
{
    using tandem::http::existing_file;
    test::scripted_server server([](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            peer.send(test::ok(request.substr(0, 6), "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
        }
    });
    for (const existing_file policy :
         {existing_file::fail, existing_file::rename, existing_file::replace, existing_file::skip_if_same}) {
        for (const std::size_t parallel : {1U, 8U}) {
            BOOST_TEST_CONTEXT("policy " << static_cast<int>(policy) << ", " << parallel << " at once")
            {
                std::filesystem::remove(folder / "x");
                if (policy != existing_file::fail) {
                    put("x", "from before");
                }
                seen = std::make_shared<recorder>();
                download_list list = of({{server.url("/a/x")}, {server.url("/b/x")}, {server.url("/c/x")}});
                list.parallel = parallel;
                list.each.existing = policy;
                const list_result result = started_list(downloads, list).wait();
                BOOST_TEST((result.error == nullptr));
                if (policy == existing_file::rename) {
                    BOOST_TEST(result.report.succeeded == 3u);
                    BOOST_TEST(listing() == "x x-2 x-3 x-4");
                    for (const char* name : {"x-2", "x-3", "x-4"}) {
                        std::filesystem::remove(folder / name);
                    }
                } else {
                    BOOST_TEST(result.report.succeeded == 1u);
                    BOOST_TEST(result.report.failed == 2u);
                    BOOST_TEST(listing() == "x");
                }
            }
        }
    }
}

BOOST_FIXTURE_TEST_CASE(asked_for_only_as_there_is_room, list_fixture)
{
    std::atomic<int> pulled = 0;
    test::scripted_server server([](test::peer& peer) {
        peer.read_request();
        peer.wait_for_end();
    });
    download_list list = of({});
    list.parallel = 3;
    list.next = [&]() -> asio::awaitable<std::optional<list_item>> {
        co_return list_item{server.url('/' + std::to_string(++pulled))};
    };
    started_list running(downloads, list);
    while (server.connections() < 3) {
        std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(50ms);
    BOOST_TEST(pulled == 3);
    running.signal->emit(asio::cancellation_type::total);
    const list_result result = running.wait();
    BOOST_TEST((code_of(result.error) == asio::error::operation_aborted));
    BOOST_TEST(result.report.failed == 3u);
    BOOST_TEST(pulled == 3);
}

BOOST_FIXTURE_TEST_CASE(cancelled_while_an_item_is_waited_for, list_fixture)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::promise<void> waiting;
    int calls = 0;
    download_list list = of({});
    list.next = [&]() -> asio::awaitable<std::optional<list_item>> {
        if (++calls == 1) {
            co_return list_item{server.url("/a")};
        }
        waiting.set_value();
        asio::steady_timer never(co_await asio::this_coro::executor, 1h);
        co_await never.async_wait(asio::use_awaitable);
        co_return std::nullopt;
    };
    started_list running(downloads, list);
    waiting.get_future().wait();
    while (listing() != "a") {
        std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(20ms);
    running.signal->emit(asio::cancellation_type::terminal);
    const list_result result = running.wait();
    BOOST_TEST((code_of(result.error) == asio::error::operation_aborted));
    BOOST_TEST(result.report.succeeded == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_is_thrown_ends_it, list_fixture)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    int calls = 0;
    download_list list = of({});
    list.next = [&]() -> asio::awaitable<std::optional<list_item>> {
        if (++calls == 3) {
            throw std::runtime_error("no more");
        }
        co_return list_item{server.url('/' + std::to_string(calls))};
    };
    const list_result result = started_list(downloads, list).wait();
    BOOST_CHECK_THROW(std::rethrow_exception(result.error), std::runtime_error);
    BOOST_TEST(result.report.succeeded == 2u);
    BOOST_TEST(listing() == "1 2");
}

BOOST_FIXTURE_TEST_CASE(finish_runs_beside_further_downloads, list_fixture)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::vector<list_item> items;
    for (int i = 0; i != 20; ++i) {
        items.push_back({server.url('/' + std::to_string(i))});
    }
    int running = 0;
    int most = 0;
    download_list list = of(items);
    list.parallel = 2;
    list.max_unfinished = 4;
    list.finish = [&](list_outcome& one) -> asio::awaitable<void> {
        most = std::max(most, ++running);
        asio::steady_timer pause(co_await asio::this_coro::executor, 5ms);
        co_await pause.async_wait(asio::use_awaitable);
        --running;
        if (one.number % 2 == 0) {
            throw std::runtime_error("odd");
        }
    };
    const list_result result = started_list(downloads, list).wait();
    BOOST_TEST((result.error == nullptr));
    BOOST_TEST(result.report.succeeded == 10u);
    BOOST_TEST(result.report.failed == 10u);
    BOOST_TEST(most > 1);
    BOOST_TEST(most <= 4 + 2);
}

BOOST_FIXTURE_TEST_CASE(what_finish_waits_for_ends_within_its_cancellation, list_fixture)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::atomic<int> waiting = 0;
    download_list list = of({{server.url("/1")}, {server.url("/2")}, {server.url("/3")}});
    list.finish = [&](list_outcome&) -> asio::awaitable<void> {
        const auto begin = [&](auto handler) {
            auto slot = asio::get_associated_cancellation_slot(handler);
            auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            slot.assign([kept](asio::cancellation_type) {
                auto completed = std::move(*kept);
                std::move(completed)(boost::system::error_code(asio::error::operation_aborted));
            });
            ++waiting;
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(boost::system::error_code)>(
            begin, asio::use_awaitable);
    };
    started_list running(downloads, list);
    while (waiting != 3) {
        std::this_thread::sleep_for(1ms);
    }
    running.signal->emit(asio::cancellation_type::terminal);
    const list_result result = running.wait();
    BOOST_TEST((code_of(result.error) == asio::error::operation_aborted));
    BOOST_TEST(result.report.failed == 3u);
    for (const auto& [number, code] : seen->codes) {
        BOOST_TEST((code == asio::error::operation_aborted), number << ": " << code);
    }
    BOOST_TEST(seen->codes.size() == 3u);
}

BOOST_FIXTURE_TEST_CASE(a_long_one_needs_no_memory, list_fixture)
{
    // Failures before anything is asked for are the quickest, and go through all of it.
    constexpr int length = test::sanitized ? 10'000 : 100'000;
    int pulled = 0;
    std::size_t first = 0;
    download_list list = of({});
    list.observer = nullptr;
    list.next = [&]() -> asio::awaitable<std::optional<list_item>> {
        if (pulled == length / 10) {
            first = test::allocated_memory();
        }
        if (pulled == length) {
            co_return std::nullopt;
        }
        co_return list_item{"ftp://host/" + std::to_string(pulled++)};
    };
    const list_result result = started_list(downloads, list).wait();
    BOOST_TEST((result.error == nullptr));
    BOOST_TEST(result.report.failed == static_cast<unsigned>(length));
    const std::size_t last = test::allocated_memory();
    BOOST_TEST(last < first + 64 * 1024, last << " bytes at the end, " << first << " after a tenth");
}

BOOST_FIXTURE_TEST_CASE(a_full_disk_ends_it, list_fixture, *test::mounts())
{
    const std::filesystem::path disk = "/mnt";
    if (!test::in_own_mounts("mount -t tmpfs -o size=1m none " + disk.string())) {
        return;
    }
    test::request_log log;
    const std::string body = test::noise(200'000);
    test::scripted_server server([&](test::peer& peer) {
        while (log.add(peer.read_request()) < 1000 && peer.send(test::ok(body))) {
        }
    });
    std::vector<list_item> items;
    for (int i = 0; i != 100; ++i) {
        items.push_back({server.url('/' + std::to_string(i))});
    }
    download_list list = of(items);
    list.folder = disk;
    list.parallel = 2;
    const list_result result = started_list(downloads, list).wait();
    BOOST_TEST((code_of(result.error) == std::errc::no_space_on_device));
    BOOST_TEST(result.report.succeeded >= 3u);
    BOOST_TEST(result.report.failed >= 1u);
    BOOST_TEST(result.report.succeeded + result.report.failed < 10u);
    for (const auto& entry : std::filesystem::directory_iterator(disk)) {
        BOOST_TEST(entry.file_size() == body.size(), entry.path());
    }
}

BOOST_AUTO_TEST_SUITE_END()
