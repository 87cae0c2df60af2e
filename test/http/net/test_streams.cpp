// Bodies that are not held in memory: of a request from a source, of an answer to a sink; and parts of them.
#include "http/net/asked.hpp"
#include "http/net/samples.hpp"
#include "http/serve.hpp"
#include "support/memory.hpp"
#include "support/preconditions.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

namespace asio = boost::asio;
using tandem::http::errc;
using tandem::http::request;
using tandem::http::response;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(streams, test::net_fixture)

namespace {

constexpr std::size_t one_mebibyte = 1024 * 1024;

std::function<asio::awaitable<std::string>()> pieces_of(const std::string& whole, std::size_t each)
{
    return [left = std::make_shared<std::string>(whole), each]() -> asio::awaitable<std::string> {
        std::string piece = left->substr(0, each);
        left->erase(0, each);
        co_return piece;
    };
}

/// Reads a chunked body as simply as that can be done.
std::string read_chunks(test::peer& client)
{
    std::string result;
    for (;;) {
        std::string line;
        while (!line.ends_with("\r\n")) {
            line += client.read(1);
        }
        const std::size_t size = std::stoul(line, nullptr, 16);
        result += client.read(size);
        client.read(2);
        if (size == 0) {
            return result;
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(an_answer_goes_to_a_sink)
{
    const std::string body = test::noise(3'000'000);
    std::string chunks;
    for (std::size_t begin = 0; begin < body.size(); begin += 0x8000) {
        const std::string piece = body.substr(begin, 0x8000);
        std::ostringstream size;
        size << std::hex << piece.size();
        chunks += size.str() + "\r\n" + piece + "\r\n";
    }
    chunks += "0\r\n\r\n";
    std::string text;
    for (int i = 0; i < 250'000; ++i) {
        text += std::to_string(i * 7919) + ' ';
    }
    struct row
    {
        const char* framing;
        std::string answer;
        const std::string& expected;
    };
    for (const row& r : {row{"a length", test::ok(body), body},
                         row{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, body},
                         row{"until the end", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body, body},
                         row{"gzip", test::ok(test::gzipped(text), "Content-Encoding: gzip\r\n"), text}}) {
        BOOST_TEST_CONTEXT(r.framing)
        {
            test::scripted_server server(test::answer_once("HTTP/1.1 302 Found\r\nLocation: /there\r\n"
                                                           "Content-Length: 7\r\nConnection: close\r\n\r\nignored"));
            test::scripted_server redirected(test::answer_once(r.answer));
            std::string seen;
            std::size_t most = 0;
            bool within = false;
            bool overlapped = false;
            unsigned status = 0;
            request what{.url = redirected.url("/")};
            what.options.compressed = true;
            what.sink = [&](const response& head, std::string_view piece) -> asio::awaitable<void> {
                overlapped = overlapped || std::exchange(within, true);
                status = head.status;
                asio::steady_timer pause(co_await asio::this_coro::executor, 1ms);
                co_await pause.async_wait(asio::use_awaitable);
                seen += piece;
                most = std::max(most, piece.size());
                within = false;
            };
            const test::asked answer = ask(what);
            check_answer(answer, 200, "");
            BOOST_TEST((seen == r.expected), seen.size() << " bytes, " << seen.substr(0, 100));
            BOOST_TEST(status == 200u);
            BOOST_TEST(!overlapped);
            BOOST_TEST(most <= one_mebibyte);
            BOOST_TEST(answer.answer->received > 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_slow_sink_holds_up_the_server)
{
    std::atomic<std::size_t> sent = 0;
    std::atomic<bool> ended = false;
    const std::string piece(one_mebibyte, 'x');
    test::scripted_server server([&](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(64 * piece.size()) + "\r\n\r\n");
        for (int i = 0; i != 64 && client.send(piece); ++i) {
            sent += piece.size();
        }
        ended = true;
    });
    std::size_t seen = 0;
    asio::io_context one_thread;
    tandem::http::client here(one_thread);
    asio::steady_timer gate(one_thread, asio::steady_timer::time_point::max());
    request what{.url = server.url("/")};
    what.options.max_body_size = UINT64_MAX;
    // Time that the sink takes is not the server's.
    what.options.idle_timeout = 200ms;
    what.options.min_rate = 1000;
    what.options.min_rate_period = 200ms;
    what.sink = [&](const response&, std::string_view bytes) -> asio::awaitable<void> {
        seen += bytes.size();
        boost::system::error_code woken;
        co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    };
    test::asking one(here, what);
    one_thread.run_for(1s);
    BOOST_TEST(seen <= one_mebibyte);
    BOOST_TEST(!ended, "what nobody takes is not read: the server has sent " << sent << " bytes");
    const std::size_t before = test::allocated_memory();
    gate.expires_at(asio::steady_timer::time_point::min());
    one_thread.run();
    check_answer(one.wait(), 200, "");
    BOOST_TEST(seen == 64 * one_mebibyte);
    BOOST_TEST(test::allocated_memory() < before + one_mebibyte);
}

BOOST_AUTO_TEST_CASE(what_a_sink_throws_is_the_error)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    request what{.url = server.url("/")};
    what.sink = [](const response&, std::string_view) -> asio::awaitable<void> {
        throw std::out_of_range("full");
        co_return;
    };
    BOOST_CHECK_THROW(direct.async_request(what, asio::use_future).get(), std::out_of_range);
    test::scripted_server silent([](test::peer& client) { // an answer could come before the body is asked for
        client.read_request();
        client.wait_for_end();
    });
    what.url = silent.url("/");
    what.sink = nullptr;
    what.method = "POST";
    what.source_size = 5;
    what.source = []() -> asio::awaitable<std::string> {
        throw std::out_of_range("empty");
        co_return "";
    };
    BOOST_CHECK_THROW(direct.async_request(what, asio::use_future).get(), std::out_of_range);
}

// A function that returns what another coroutine does is none itself.
BOOST_AUTO_TEST_CASE(what_a_sink_throws_before_it_returns_is_the_error)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    const auto full = []() -> asio::awaitable<void> { throw std::out_of_range("full"); };
    request what{.url = server.url("/")};
    what.sink = [full](const response&, std::string_view) { return full(); };
    BOOST_CHECK_THROW(direct.async_request(what, asio::use_future).get(), std::out_of_range);
    test::scripted_server silent([](test::peer& client) {
        client.read_request();
        client.wait_for_end();
    });
    what.url = silent.url("/");
    what.sink = nullptr;
    what.method = "POST";
    what.source_size = 5;
    what.source = []() -> asio::awaitable<std::string> { throw std::out_of_range("empty"); };
    BOOST_CHECK_THROW(direct.async_request(what, asio::use_future).get(), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(what_waits_in_a_sink_or_a_source_is_cancelled)
{
    test::scripted_server server([](test::peer& client) {
        if (client.read_request().starts_with("GET ")) {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        }
        client.wait_for_end();
    });
    for (const bool by_time : {false, true}) {
        for (const bool to_sink : {true, false}) {
            std::promise<void> waiting;
            request what{.url = server.url("/"), .method = to_sink ? "GET" : "PUT"};
            if (by_time) {
                what.options.total_timeout = 1s;
            }
            if (to_sink) {
                what.sink = [&](const response&, std::string_view) -> asio::awaitable<void> {
                    waiting.set_value();
                    asio::steady_timer never(co_await asio::this_coro::executor, 1h);
                    co_await never.async_wait(asio::use_awaitable);
                };
            } else {
                what.source_size = 10;
                what.source = [&]() -> asio::awaitable<std::string> {
                    waiting.set_value();
                    asio::steady_timer never(co_await asio::this_coro::executor, 1h);
                    co_await never.async_wait(asio::use_awaitable);
                    co_return "";
                };
            }
            test::asking one(direct, what);
            waiting.get_future().wait();
            if (!by_time) {
                one.signal.emit(asio::cancellation_type::total);
            }
            check_failed(one.wait(), by_time ? make_error_code(errc::total_timeout) : asio::error::operation_aborted,
                         to_sink ? 200 : 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_request_comes_from_a_source)
{
    const std::string body = test::noise(300'000);
    test::log seen;
    test::scripted_server server([&](test::peer& client) {
        for (std::string header; !(header = client.read_request()).empty();) {
            seen.add(header);
            if (test::has_line(header, "Expect: 100-continue")) {
                client.send("HTTP/1.1 100 Continue\r\n\r\n");
            }
            const std::string sent =
                test::has_line(header, "Transfer-Encoding: chunked") ? read_chunks(client) : client.read(body.size());
            client.send(test::ok(sent == body ? "all" : "other"));
        }
    });
    request what{.url = server.url("/"), .method = "POST"};
    what.source = pieces_of(body, 70'000);
    test::asked answer = ask(what);
    check_answer(answer, 200, "all");
    BOOST_TEST(answer.answer->sent == body.size());
    BOOST_TEST(!test::has_line(seen.last(), "Content-Length: 300000"), seen.last());

    what.source = pieces_of(body, 1'000'000);
    what.source_size = body.size();
    answer = ask(what);
    check_answer(answer, 200, "all");
    BOOST_TEST(answer.answer->sent == body.size());
    BOOST_TEST(test::has_line(seen.last(), "Content-Length: 300000"), seen.last());
    BOOST_TEST(server.connections() == 1);

    for (const std::size_t other : {body.size() + 1, body.size() - 1}) {
        what.source = pieces_of(body, 70'000);
        what.source_size = other;
        check_failed(ask(what), errc::source_size_mismatch);
    }
    what.body = "and a body";
    check_failed(ask(what), errc::invalid_option);
}

BOOST_AUTO_TEST_CASE(a_source_is_not_read_twice)
{
    test::scripted_server server([](test::peer& client) {
        const std::string header = client.read_request();
        client.read(5);
        client.send(header.starts_with("POST /see-other ")
                        ? "HTTP/1.1 303 See Other\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                    : header.starts_with("GET ") ? test::ok("seen", "Connection: close\r\n")
                                                 : "HTTP/1.1 307 Again\r\nLocation: /\r\nConnection: close\r\n"
                                                   "Content-Length: 0\r\n\r\n");
    });
    request what{.url = server.url("/"), .method = "POST", .source = pieces_of("hello", 5), .source_size = 5};
    check_failed(ask(what), errc::source_not_repeatable, 307);
}

BOOST_AUTO_TEST_CASE(an_answer_ends_a_source)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge");
        client.wait_for_end();
    });
    request what{.url = server.url("/"), .method = "POST"};
    what.options.headers = {{"Expect", "nothing"}};
    what.source = []() -> asio::awaitable<std::string> { // without an end
        asio::steady_timer pause(co_await asio::this_coro::executor, 1ms);
        co_await pause.async_wait(asio::use_awaitable);
        co_return "piece";
    };
    check_answer(ask(what), 413, "large");

    what.options.headers.clear(); // a body of unknown length is announced, as a large one is
    bool asked_for = false;
    what.source = [&]() -> asio::awaitable<std::string> {
        asked_for = true;
        co_return "piece";
    };
    check_answer(ask(what), 413, "large");
    BOOST_TEST(!asked_for);
}

BOOST_AUTO_TEST_CASE(a_part_is_asked_for)
{
    const std::string whole = "0123456789";
    test::log seen;
    test::scripted_server server([&](test::peer& client) {
        for (std::string header; !(header = client.read_request()).empty();) {
            seen.add(header);
            const auto range = test::range_of(header, whole.size());
            client.send(range ? test::part_of(whole, *range, "") : test::ok(whole));
        }
    });
    request what{.url = server.url("/")};
    what.options.headers = {{"Range", "bytes=2-4"}, {"If-Range", "\"tag\""}};
    const test::asked answer = ask(what);
    check_answer(answer, 206, "234");
    BOOST_TEST(answer.answer->header("Content-Range").value_or("") == "bytes 2-4/10");
    BOOST_TEST(test::has_line(seen.last(), "If-Range: \"tag\""), seen.last());
    what.options.compressed = true;
    check_failed(ask(what), errc::invalid_option);
}

BOOST_AUTO_TEST_CASE(times_and_counts_are_told)
{
    test::scripted_server server([](test::peer& client) {
        for (std::string header; !(header = client.read_request()).empty();) {
            client.read(test::has_line(header, "Content-Length: 4") ? 4 : 0);
            std::this_thread::sleep_for(50ms);
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
            std::this_thread::sleep_for(50ms);
            client.send("hello");
        }
    });
    request what{.url = server.url("/", "localhost"), .method = "POST", .body = "four"};
    for (const bool again : {false, true}) {
        const test::asked seen = ask(what);
        check_answer(seen, 200, "hello");
        const response& answer = *seen.answer;
        BOOST_TEST(answer.sent == 4u);
        BOOST_TEST(answer.received == 5u);
        BOOST_TEST((answer.times.look_up > 0s) == !again);
        BOOST_TEST((answer.times.connect > 0s) == !again);
        BOOST_TEST((answer.times.handshake == 0s));
        BOOST_TEST((answer.times.first_byte > 0s));
        BOOST_TEST((answer.elapsed >= answer.times.look_up + answer.times.connect + answer.times.first_byte));
        BOOST_TEST((answer.elapsed >= 95ms)); // on a busy machine the answer's parts may be seen at once
    }
}

BOOST_AUTO_TEST_SUITE_END()
