#include "http/exchange/speed_watch.hpp"
#include "http/net/asked.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <future>
#include <list>
#include <string>
#include <thread>

namespace asio = boost::asio;
using tandem::http::errc;
using tandem::http::request;
using tandem::http::speed_watch;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(pace, test::net_fixture)

BOOST_AUTO_TEST_CASE(a_watch_counts_by_period)
{
    const speed_watch::clock::time_point start{};
    speed_watch watch(100, 2s, start);
    BOOST_TEST((watch.due() == start + 2s));
    BOOST_TEST(watch.add(150, start + 1s));
    BOOST_TEST((watch.due() == start + 2s));
    BOOST_TEST(watch.add(50, start + 1500ms));
    BOOST_TEST((watch.due() == start + 4s));
    BOOST_TEST(watch.add(199, start + 3s));
    BOOST_TEST((watch.due() == start + 4s));
    watch.excuse(10s);
    BOOST_TEST((watch.due() == start + 14s));
    BOOST_TEST(watch.add(1, start + 13s));
    BOOST_TEST(watch.add(1000, start + 15s));
    BOOST_TEST(!watch.add(1000, start + 19s), "nothing came within the last period");

    speed_watch slow(100, 2s, start);
    BOOST_TEST(slow.add(199, start + 1s));
    BOOST_TEST(!slow.add(1'000'000, start + 2s));

    speed_watch none(0, 2s, start);
    BOOST_TEST(none.add(0, start + 1h));
    BOOST_TEST((none.due() == speed_watch::clock::time_point::max()));

    speed_watch far(UINT64_MAX, std::chrono::milliseconds::max(), start);
    BOOST_TEST(far.add(1, start + 1h));
    BOOST_TEST((far.due() == speed_watch::clock::time_point::max()));
    speed_watch longer(UINT64_MAX, 1h, start);
    BOOST_TEST((longer.due() == start + 1h));
}

BOOST_AUTO_TEST_CASE(no_limit_is_none)
{
    const std::string body(300'000, 'x');
    test::scripted_server server([&](test::peer& client) {
        while (!client.read_request().empty()) {
            std::this_thread::sleep_for(20ms);
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
            std::this_thread::sleep_for(20ms);
            client.send(body);
        }
    });
    for (const std::chrono::milliseconds none :
         {0ms, std::chrono::milliseconds::max(), std::chrono::milliseconds::max() - 1ms}) {
        BOOST_TEST_CONTEXT(none.count() << " ms")
        {
            request what{.url = server.url("/")};
            what.options.idle_timeout = none;
            what.options.total_timeout = none;
            what.options.min_rate = UINT64_MAX;
            what.options.min_rate_period = none;
            check_answer(ask(what), 200, body);
        }
    }
}

BOOST_AUTO_TEST_CASE(too_slow_a_trickle)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while (client.send("x")) {
            std::this_thread::sleep_for(5ms);
        }
    });
    request what{.url = server.url("/")};
    what.options.min_rate = 100'000;
    what.options.min_rate_period = 200ms;
    const test::asked seen = ask(what);
    check_failed(seen, errc::too_slow, 200);
    BOOST_TEST((seen.code == std::errc::timed_out), seen);
}

BOOST_AUTO_TEST_CASE(too_slow_a_silence)
{
    for (const char* framing : {"Content-Length: 1000000", "Transfer-Encoding: chunked"}) {
        test::scripted_server server([&](test::peer& client) {
            client.read_request();
            client.send("HTTP/1.1 200 OK\r\n" + std::string(framing) + "\r\n\r\n");
            client.wait_for_end();
        });
        request what{.url = server.url("/")};
        what.options.min_rate = 1;
        what.options.min_rate_period = 1s;
        check_failed(ask(what), errc::too_slow, 200);

        what.options.idle_timeout = 50ms;
        check_failed(ask(what), errc::idle_timeout, 200);
    }
}

BOOST_AUTO_TEST_CASE(a_rate_holds_for_all_together)
{
    const std::string body(150'000, 'x');
    test::scripted_server server(test::answer_always(test::ok(body)));
    tandem::http::client_options options;
    options.max_rate = 500'000;
    tandem::http::client slow(threads, options);
    request what{.url = server.url("/")};
    // Time that the limit takes counts for none of these.
    what.options.idle_timeout = 200ms;
    what.options.min_rate = 2'000;
    what.options.min_rate_period = 100ms;
    const auto start = std::chrono::steady_clock::now();
    std::list<test::asking> all;
    for (int i = 0; i < 4; ++i) {
        all.emplace_back(slow, what);
    }
    for (auto& one : all) {
        check_answer(one.wait(), 200, body);
    }
    const auto elapsed = std::chrono::steady_clock::now() - start;
    BOOST_TEST((elapsed >= 900ms),
               "4 x 150,000 bytes at 500,000 a second, of which a tenth of a second's worth is free");
}

BOOST_AUTO_TEST_CASE(a_pause_can_be_cancelled)
{
    test::scripted_server server(test::answer_always(test::ok(std::string(1'000'000, 'x'))));
    tandem::http::client_options options;
    options.max_rate = 20'000;
    tandem::http::client slow(threads, options);
    test::asking one(slow, {.url = server.url("/")});
    std::this_thread::sleep_for(200ms);
    one.signal.emit(boost::asio::cancellation_type::terminal);
    const test::asked seen = one.wait();
    check_failed(seen, boost::asio::error::operation_aborted, 200);
}

BOOST_AUTO_TEST_CASE(time_in_which_nobody_could_read_is_no_idleness)
{
    // The executor's only thread is held up, as all of them are where the process is stopped.
    const std::string half(100'000, 'x');
    for (const bool idle : {true, false}) {
        const std::string framing = idle ? "Content-Length: 200000" : "Connection: close";
        BOOST_TEST_CONTEXT(framing)
        {
            std::promise<void> held_up;
            std::promise<void> over;
            test::scripted_server server([&](test::peer& client) {
                client.read_request();
                client.send("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n" + half);
                std::this_thread::sleep_for(50ms);
                held_up.set_value();
                over.get_future().wait();
                std::this_thread::sleep_for(200ms);
                client.send(half);
            });
            boost::asio::io_context one_thread;
            tandem::http::client here(one_thread);
            request what{.url = server.url("/")};
            if (idle) {
                what.options.idle_timeout = 3s;
            } else {
                what.options.min_rate = 1000;
                what.options.min_rate_period = 3s;
            }
            test::asking one(here, what);
            std::thread holds_up([&] {
                held_up.get_future().wait();
                boost::asio::post(one_thread, [&] {
                    std::this_thread::sleep_for(idle ? 5s : 7s);
                    over.set_value();
                });
            });
            one_thread.run();
            holds_up.join();
            check_answer(one.wait(), 200, half + half);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_total_time_does_not_run_in_line)
{
    std::promise<void> asked;
    std::promise<void> go_on;
    std::shared_future<void> went_on = go_on.get_future().share();
    test::scripted_server server([&](test::peer& client) {
        client.read_request();
        asked.set_value();
        went_on.wait();
        client.send(test::ok("first"));
        client.read_request();
        client.send(test::ok("second"));
        client.read_request();
        client.wait_for_end();
    });
    tandem::http::client_options options;
    options.max_connections = 1;
    tandem::http::client one_at_a_time(threads, options);
    test::asking first(one_at_a_time, {.url = server.url("/")});
    asked.get_future().wait();
    request what{.url = server.url("/")};
    what.options.total_timeout = 2s;
    test::asking second(one_at_a_time, what);
    std::this_thread::sleep_for(2500ms);
    go_on.set_value();
    check_answer(first.wait(), 200, "first");
    check_answer(second.wait(), 200, "second");

    // It does run when the turn has come.
    what.options.total_timeout = 100ms;
    check_failed(ask(one_at_a_time, what), errc::total_timeout);
}

// Also where it ran out in line, and nothing that comes next has a time limit of its own.
BOOST_AUTO_TEST_CASE(the_total_time_runs_on_after_the_line)
{
    std::promise<void> asked;
    std::promise<void> go_on;
    std::shared_future<void> went_on = go_on.get_future().share();
    test::scripted_server server([&](test::peer& client) {
        client.read_request();
        asked.set_value();
        went_on.wait();
        client.send(test::ok("first"));
        client.wait_for_end();
    });
    tandem::http::client_options options;
    options.max_connections = 1;
    tandem::http::client one_at_a_time(threads, options);
    test::asking first(one_at_a_time, {.url = server.url("/")});
    asked.get_future().wait();
    std::atomic<bool> at_work = false;
    request what{.url = server.url("/"), .method = "PUT"};
    what.options.total_timeout = 300ms;
    what.source_size = 5;
    what.source = [&]() -> asio::awaitable<std::string> {
        at_work = true;
        asio::steady_timer slow(co_await asio::this_coro::executor, 20s);
        co_await slow.async_wait(asio::use_awaitable);
        co_return "hello";
    };
    test::asking second(one_at_a_time, what);
    std::this_thread::sleep_for(800ms);
    BOOST_TEST(!at_work);
    go_on.set_value();
    check_answer(first.wait(), 200, "first");
    check_failed(second.wait(), errc::total_timeout);
    BOOST_TEST(at_work);
}

BOOST_AUTO_TEST_CASE(each_byte_of_a_header_is_a_sign_of_life)
{
    const std::string header = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    std::vector<std::string> by_the_byte;
    for (const char c : header) {
        by_the_byte.emplace_back(1, c);
    }
    std::vector<std::string> interim(8, "HTTP/1.1 102 Working\r\n\r\n");
    interim.push_back(header);
    for (const std::vector<std::string>& pieces : {by_the_byte, interim}) {
        test::scripted_server server([&](test::peer& client) {
            client.read_request();
            for (const std::string& piece : pieces) {
                client.send(piece);
                std::this_thread::sleep_for(4500ms / pieces.size());
            }
            client.send("hello");
        });
        request what{.url = server.url("/")};
        what.options.idle_timeout = 2s;
        check_answer(ask(what), 200, "hello");

        what.options.total_timeout = 1s;
        check_failed(ask(what), errc::total_timeout);
    }
}

BOOST_AUTO_TEST_SUITE_END()
