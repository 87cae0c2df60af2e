#include "http/fixture.hpp"
#include "http/serve.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

using tandem::http::errc;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(segments, test::fixture)

namespace {

const std::string tag = "ETag: \"one\"\r\nAccept-Ranges: bytes\r\n";

const std::string& whole()
{
    static const std::string result = test::noise(12'000'017);
    return result;
}

tandem::http::download_options in_segments(unsigned retries = 0)
{
    tandem::http::download_options result = test::tries(retries);
    result.segments = 4;
    result.min_segment_size = 512 * 1024;
    return result;
}

/// Answers each request: `number` counts those for ranges from 1, and is 0 for the whole.
test::scripted_server::script serve(test::request_log& log,
                                    std::function<std::string(int number, const std::string& request)> answer)
{
    auto number = std::make_shared<std::atomic<int>>(0);
    return [&log, answer = std::move(answer), number](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            log.add(request);
            const std::string bytes = answer(test::field_of(request, "Range").empty() ? 0 : ++*number, request);
            if (bytes.empty() || !peer.send(bytes)) {
                return;
            }
        }
    };
}

std::string right(const std::string& request)
{
    const auto range = test::range_of(request, whole().size());
    return range ? test::part_of(whole(), *range, tag) : test::ok(whole(), tag);
}

} // namespace

BOOST_AUTO_TEST_CASE(over_several_connections)
{
    test::request_log log;
    test::scripted_server server(serve(log, [](int, const std::string& request) { return right(request); }));
    auto options = in_segments();
    options.progress = std::make_shared<tandem::http::download_progress>();
    options.expected = tandem::http::checksum::parse("md5=" + test::md5(whole()));
    const test::outcome seen = get(server.url("/"), options);
    check_complete(seen, whole());
    BOOST_TEST_MESSAGE(log.all().size() << " requests, " << server.connections() << " connections");
    BOOST_TEST(server.connections() >= 4);
    BOOST_TEST(options.progress->bytes == whole().size());
    BOOST_TEST(seen.report->received >= whole().size());
    for (const std::string& request : log.all()) {
        BOOST_TEST(test::field_of(request, "Range").empty() == test::field_of(request, "If-Range").empty());
    }
}

BOOST_AUTO_TEST_CASE(not_where_it_cannot_be)
{
    for (const char* fields :
         {"ETag: \"one\"\r\n", "Accept-Ranges: bytes\r\n", "Accept-Ranges: none\r\nETag: \"one\"\r\n",
          "Accept-Ranges: bytes\r\nETag: W/\"one\"\r\n",
          "Accept-Ranges: bytes\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
          "Date: Sun, 06 Nov 1994 10:49:37 GMT\r\n"}) {
        test::request_log log;
        test::scripted_server server(serve(log, [&](int, const std::string&) { return test::ok(whole(), fields); }));
        check_complete(get(server.url("/"), in_segments()), whole());
        BOOST_TEST(log.all().size() == 1u);
        std::filesystem::remove(folder / "file");
    }
}

BOOST_AUTO_TEST_CASE(one_that_fails_is_made_up_for)
{
    test::request_log log;
    test::scripted_server server(serve(log, [](int number, const std::string& request) {
        if (number == 2) {
            return std::string();
        }
        return number == 3 ? "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n" : right(request);
    }));
    check_complete(get(server.url("/"), in_segments(2)), whole());
}

BOOST_AUTO_TEST_CASE(a_server_that_allows_one_connection_only)
{
    test::request_log log;
    test::scripted_server server(serve(log, [](int number, const std::string& request) {
        return number > 0 && number < 4 ? "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" : right(request);
    }));
    check_complete(get(server.url("/"), in_segments()), whole());
}

// What is no failure of a server's, such as memory that runs out, is none of the others' either.
BOOST_AUTO_TEST_CASE(one_that_ends_in_any_way_leaves_no_hole)
{
    test::request_log log;
    test::scripted_server server(serve(log, [](int, const std::string& request) { return right(request); }));
    for (const int last : {1, 2, 3, 4}) {
        BOOST_TEST_CONTEXT("look-ups 1 to " << last << " of the further connections find no memory")
        {
            std::atomic<int> look_ups = 0;
            tandem::http::client_options with;
            with.resolver = [&look_ups, last](const std::string&, const tandem::http::resolved_handler& done) {
                const int number = look_ups++;
                if (number >= 1 && number <= last) {
                    throw std::bad_alloc();
                }
                done({}, {boost::asio::ip::address_v4::loopback()});
            };
            const tandem::http::downloader here(threads, with);
            const test::outcome seen = get(here, server.url("/", "far.example"), in_segments());
            if (last < 4) {
                check_complete(seen, whole());
            } else {
                BOOST_TEST(!seen.report.has_value(), seen);
                BOOST_TEST(seen.what == std::bad_alloc().what());
                BOOST_TEST(listing() == "file.part file.part.from");
                BOOST_TEST((whole().starts_with(content("file.part"))));
            }
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_CASE(of_what_is_stored_encoded)
{
    const std::string encoded = tag + "Content-Encoding: br\r\n";
    for (const std::string& of_parts : {encoded, tag}) {
        for (const bool compressed : {false, true}) {
            BOOST_TEST_CONTEXT(of_parts << "compressed " << compressed)
            {
                test::request_log log;
                test::scripted_server server(serve(log, [&](int, const std::string& request) {
                    const auto range = test::range_of(request, whole().size());
                    return range ? test::part_of(whole(), *range, of_parts) : test::ok(whole(), encoded);
                }));
                auto options = in_segments();
                options.compressed = compressed;
                const test::outcome seen = get(server.url("/"), options);
                check_complete(seen, whole());
                BOOST_TEST(seen.report->encoding.value_or("none") == "br");
                BOOST_TEST(seen.report->warnings.size() == 1u);
                // Parts that are encoded in another way are of no use: it is asked for the whole again.
                BOOST_TEST(seen.report->retries == (of_parts == encoded ? 0u : 1u));
                std::filesystem::remove(folder / "file");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_contradiction_begins_anew)
{
    const std::string changed(whole().size(), 'n');
    for (const int kind : {0, 1, 2}) {
        BOOST_TEST_CONTEXT("kind " << kind)
        {
            test::request_log log;
            std::atomic<bool> now_changed = false;
            test::scripted_server server(serve(log, [&](int number, const std::string& request) {
                if (number == 0) {
                    return now_changed ? test::ok(changed, "ETag: \"two\"\r\n") : right(request);
                }
                now_changed = true;
                const auto range = test::range_of(request, changed.size()).value();
                switch (kind) {
                case 0:
                    return test::ok(changed, "ETag: \"two\"\r\n");
                case 1:
                    return test::part_of(changed, range, "ETag: \"two\"\r\n");
                default:
                    return test::part_of(changed, {range.first + 1, range.second}, tag);
                }
            }));
            check_complete(get(server.url("/"), in_segments()), changed);
            std::filesystem::remove(folder / "file");
        }
    }
}

namespace {

/// Leads from "/" to an address that answers `good_for` requests.
struct signing_server
{
    std::string status = "403 Forbidden";
    int good_for = 1;
    std::function<std::string(const std::string& request)> answer = right;
    test::request_log log{};
    std::atomic<int> refused = 0;
    std::mutex mutex{};
    std::vector<int> uses{};

    test::scripted_server::script script()
    {
        return [this](test::peer& peer) {
            for (std::string request; !(request = peer.read_request()).empty();) {
                log.add(request);
                if (!peer.send(answer_to(request))) {
                    return;
                }
            }
        };
    }

    std::string answer_to(const std::string& request)
    {
        std::lock_guard guard(mutex);
        if (request.starts_with("GET / ")) {
            uses.push_back(0);
            return "HTTP/1.1 302 Found\r\nLocation: /signed/" + std::to_string(uses.size() - 1) +
                   "\r\nContent-Length: 0\r\n\r\n";
        }
        if (uses.at(std::stoul(request.substr(std::string("GET /signed/").size())))++ >= good_for) {
            ++refused;
            return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
        }
        return answer(request);
    }
};

} // namespace

// Where a redirect led was good for a while, or for one request.
BOOST_AUTO_TEST_CASE(an_address_that_expires_is_asked_for_again)
{
    for (const char* status : {"400 Bad", "401 Who", "403 No", "404 None", "410 Gone"}) {
        for (const int good_for : {1, 3}) {
            BOOST_TEST_CONTEXT(status << ", good for " << good_for)
            {
                signing_server here{.status = status, .good_for = good_for};
                test::scripted_server server(here.script());
                const test::outcome seen = get(server.url("/"), in_segments());
                check_complete(seen, whole());
                BOOST_TEST(here.refused > 0);
                BOOST_TEST(here.refused <= 4, "each connection may have been on its way with it");
                BOOST_TEST(seen.report->retries == 0u);
                std::filesystem::remove(folder / "file");
            }
        }
    }
}

// The server that a redirect led to goes away: another one of the same is found by asking again.
BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_any_more_is_asked_for_again)
{
    std::atomic<int> others = 0;
    test::scripted_server dies([&](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            if (!test::field_of(request, "Range").empty() || !peer.send(right(request))) {
                return;
            }
        }
    });
    test::request_log log;
    test::scripted_server lives(serve(log, [](int, const std::string& request) { return right(request); }));
    test::scripted_server source([&](test::peer& peer) {
        while (!peer.read_request().empty()) {
            peer.send("HTTP/1.1 302 Found\r\nLocation: " + (others++ == 0 ? dies : lives).url("/") +
                      "\r\nContent-Length: 0\r\n\r\n");
        }
    });
    check_complete(get(source.url("/"), in_segments(1)), whole());
    BOOST_TEST(others > 1);
}

// What the new address has is another file.
BOOST_AUTO_TEST_CASE(an_address_that_is_asked_for_again_must_have_the_same_file)
{
    const std::string changed(whole().size(), 'n');
    std::atomic<int> answers = 0;
    signing_server here{};
    here.answer = [&](const std::string& request) {
        const auto range = test::range_of(request, changed.size());
        if (answers++ == 0) {
            return right(request);
        }
        return range ? test::part_of(changed, *range, "ETag: \"two\"\r\n") : test::ok(changed, "ETag: \"two\"\r\n");
    };
    test::scripted_server server(here.script());
    check_complete(get(server.url("/"), in_segments()), changed);
}

// Siblings: a retry, the next download, and the question whether the copy that is there is the same.
BOOST_AUTO_TEST_CASE(an_address_that_is_good_once_is_never_asked_twice)
{
    const std::string dated = tag + "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    std::atomic<int> answers = 0;
    signing_server here{};
    here.answer = [&](const std::string& request) {
        const std::string bytes = right(request);
        return answers++ < 2 ? bytes.substr(0, 3'000'000) : bytes;
    };
    test::scripted_server breaking(here.script());
    auto options = test::tries(0);
    options.idle_timeout = 200ms;
    const test::outcome failed = get(breaking.url("/"), options);
    BOOST_TEST(!failed.report.has_value(), failed);
    options.idle_timeout = 2s; // more than the whole file takes on a busy machine
    options.retry.retries = 3;
    options.retry.first_delay = 1ms;
    check_complete(get(breaking.url("/"), options), whole());
    BOOST_TEST(here.refused == 0);

    signing_server other{};
    other.answer = [&](const std::string& request) {
        const auto range = test::range_of(request, whole().size());
        return range ? test::part_of(whole(), *range, dated) : test::ok(whole(), dated);
    };
    test::scripted_server server(other.script());
    options = test::once();
    options.existing = tandem::http::existing_file::skip_if_same;
    put("file", "another");
    check_complete(get(server.url("/"), options), whole());
    BOOST_TEST(other.refused == 0);
}

BOOST_AUTO_TEST_CASE(one_that_is_asked_to_wait_waits)
{
    test::request_log log;
    std::mutex mutex;
    std::vector<std::chrono::steady_clock::time_point> times; // of requests since the first refusal
    test::scripted_server server(serve(log, [&](int number, const std::string& request) {
        const std::lock_guard guard(mutex);
        if (number == 3 || !times.empty()) {
            times.push_back(std::chrono::steady_clock::now());
        }
        return number == 3 ? "HTTP/1.1 429 Many\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" : right(request);
    }));
    check_complete(get(server.url("/"), in_segments(2)), whole());
    // Some may have been on their way. Connections that went on would ask for most of them.
    const std::lock_guard guard(mutex);
    const auto is_early = [&](std::chrono::steady_clock::time_point time) { return time - times[0] < 990ms; };
    const auto early = static_cast<std::size_t>(std::ranges::count_if(times, is_early));
    BOOST_TEST(times.size() >= 4u);
    BOOST_TEST(2 * early <= times.size(), early << " of " << times.size() << " requests did not wait");
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_too_long_a_wait_is_asked_no_more)
{
    test::request_log log;
    std::atomic<int> parts = 0;
    test::scripted_server server(serve(log, [&](int number, const std::string& request) {
        parts = number;
        return number > 0 ? "HTTP/1.1 429 Many\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n" : right(request);
    }));
    const test::outcome seen = get(server.url("/"), in_segments(5));
    BOOST_TEST(!seen.report.has_value());
    BOOST_TEST((seen.code == errc::bad_status), seen);
    BOOST_TEST(seen.status == 429u);
    BOOST_TEST((seen.what.find("3600") != seen.what.npos), seen);
    BOOST_TEST(parts >= 1);
    BOOST_TEST(parts <= 4, "each connection may have been on its way: " << parts);
    BOOST_TEST((seen.what.find("tries") == seen.what.npos), seen);
    BOOST_TEST(listing() == "file.part file.part.from");
}

// Whatever it waits for: its next try, or a server that says nothing.
BOOST_AUTO_TEST_CASE(one_that_waits_does_not_hold_up_the_end)
{
    const auto start = std::chrono::steady_clock::now();
    for (const bool contradicts : {false, true}) {
        for (const bool is_silent : {false, true}) {
            BOOST_TEST_CONTEXT("silent " << is_silent << ", contradicts " << contradicts)
            {
                std::atomic<int> parts = 0;
                std::promise<void> over;
                std::shared_future<void> is_over = over.get_future().share();
                test::scripted_server server([&](test::peer& peer) {
                    for (std::string request; !(request = peer.read_request()).empty();) {
                        const auto range = test::range_of(request, whole().size());
                        if (!range) {
                            peer.send(right(request));
                        } else if (parts++ == 0) {
                            if (is_silent) {
                                is_over.wait_for(60s);
                                return;
                            }
                            peer.send("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
                        } else {
                            std::this_thread::sleep_for(200ms);
                            peer.send(contradicts
                                          ? test::part_of(whole(), {range->first + 1, range->second}, tag)
                                          : "HTTP/1.1 429 Many\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n");
                        }
                    }
                });
                auto options = in_segments(1);
                options.retry.first_delay = options.retry.max_delay = 60s;
                const test::outcome seen = get(server.url("/"), options);
                over.set_value();
                if (contradicts) {
                    check_complete(seen, whole());
                } else {
                    BOOST_TEST((seen.code == errc::bad_status), seen);
                    BOOST_TEST(seen.status == 429u);
                }
                for (const char* name : {"file", "file.part", "file.part.from"}) {
                    std::filesystem::remove(folder / name);
                }
            }
        }
    }
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
    BOOST_TEST(took.count() < 60, took.count() << " s");
}

// Each connection brings a byte and fails. A file's tries are counted over all of its connections, and a byte is none.
BOOST_AUTO_TEST_CASE(connections_that_bring_next_to_nothing_use_up_the_tries)
{
    constexpr int enough = 200; // then all is well, for the download to end in any case
    for (const char* kind : {"closes", "stalls", "trickles"}) {
        BOOST_TEST_CONTEXT("the server " << kind)
        {
            std::atomic<int> requests = 0;
            test::scripted_server server([&](test::peer& peer) {
                for (std::string request; !(request = peer.read_request()).empty();) {
                    const std::string bytes = right(request);
                    if (++requests > enough) {
                        peer.send(bytes);
                        continue;
                    }
                    const std::size_t body = bytes.find("\r\n\r\n") + 4;
                    peer.send(std::string_view(bytes).substr(0, body + 1));
                    if (*kind == 's') {
                        peer.wait_for_end();
                    }
                    for (std::size_t i = 1; *kind == 't' && peer.send(std::string_view(bytes).substr(body + i, 1)); ++i) {
                        std::this_thread::sleep_for(10ms);
                    }
                    return;
                }
            });
            auto options = in_segments(2);
            options.idle_timeout = *kind == 's' ? 200ms : 60s;
            options.min_rate = 10'000;
            options.min_rate_period = *kind == 't' ? 200ms : 60s;
            const test::outcome seen = get(server.url("/"), options);
            BOOST_TEST(!seen.report.has_value(), seen);
            BOOST_TEST((seen.code == (*kind == 'c' ? errc::truncated_body : *kind == 's' ? errc::idle_timeout : errc::too_slow)), seen);
            BOOST_TEST_MESSAGE(kind << ": " << requests << " requests");
            BOOST_TEST(requests <= 4 * 3, requests << " requests of four connections with three tries each");
            for (const char* name : {"file", "file.part", "file.part.from"}) {
                std::filesystem::remove(folder / name);
            }
        }
    }
}

namespace {

/// So many bytes at once, then a tenth of a second nothing.
test::scripted_server::script send_slowly(std::size_t bytes_at_once)
{
    return [bytes_at_once](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            const std::string bytes = right(request);
            for (std::size_t sent = 0; sent < bytes.size(); sent += bytes_at_once) {
                if (!peer.send(std::string_view(bytes).substr(sent, bytes_at_once))) {
                    return;
                }
                std::this_thread::sleep_for(100ms);
            }
        }
    };
}

} // namespace

// Also where each range is there before the time is over that the rate is the average of.
BOOST_AUTO_TEST_CASE(all_connections_together_must_be_quick_enough)
{
    test::scripted_server server(send_slowly(200'000));
    auto options = in_segments();
    options.min_rate = 100'000'000;
    options.min_rate_period = 500ms;
    const test::outcome seen = get(server.url("/"), options);
    BOOST_TEST(!seen.report.has_value(), seen);
    BOOST_TEST((seen.code == errc::too_slow), seen);
}

BOOST_AUTO_TEST_CASE(one_connection_alone_may_be_slow)
{
    test::scripted_server server(send_slowly(100'000)); // a MB/s each, four of all
    auto options = in_segments();
    options.min_rate = 1'200'000;
    options.min_rate_period = 1s;
    options.min_segment_size = whole().size() / 4;
    check_complete(get(server.url("/"), options), whole());
}

// What further connections are refused for good, the first kind of request may still get.
BOOST_AUTO_TEST_CASE(a_server_that_refuses_all_segments_is_asked_once_more_without)
{
    for (const char* status : {"401 Who", "403 No", "404 None"}) {
        BOOST_TEST_CONTEXT(status)
        {
            test::request_log log;
            std::atomic<int> refused = 0;
            test::scripted_server server(serve(log, [&](int number, const std::string& request) {
                // Those that four connections may send, and the first one's next.
                if (number > 0 && number <= 4) {
                    ++refused;
                    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n";
                }
                return right(request);
            }));
            const test::outcome seen = get(server.url("/"), in_segments());
            check_complete(seen, whole());
            BOOST_TEST(refused == 4);
            BOOST_TEST(log.all().size() == 6u);
            BOOST_TEST(seen.report->retries == 1u);
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_refuses_all_else_is_asked_no_more)
{
    test::request_log log;
    test::scripted_server server(serve(log, [&](int number, const std::string& request) {
        return number > 0 ? "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n" : right(request);
    }));
    const test::outcome seen = get(server.url("/"), in_segments(5));
    BOOST_TEST((seen.code == errc::bad_status), seen);
    BOOST_TEST(seen.status == 404u);
    BOOST_TEST(log.all().size() <= 6u, log.all().size() << " requests");
}

BOOST_AUTO_TEST_CASE(what_is_left_of_it_is_gone_on_with)
{
    test::request_log log;
    std::atomic<bool> works = false;
    test::scripted_server server(serve(log, [&](int number, const std::string& request) {
        std::string bytes = right(request);
        return works || number < 6 ? bytes : std::string();
    }));
    const test::outcome failed = get(server.url("/"), in_segments());
    BOOST_TEST(!failed.report.has_value(), failed);
    BOOST_TEST(listing() == "file.part file.part.from");
    const std::string left = content("file.part");
    BOOST_TEST(left.size() > 0u);
    BOOST_TEST((whole().starts_with(left)), "the .part holds other bytes");
    works = true;
    const test::outcome seen = get(server.url("/"), in_segments());
    check_complete(seen, whole());
    BOOST_TEST(seen.report->resumed_at == left.size());
}

BOOST_AUTO_TEST_CASE(cancelled)
{
    test::request_log log;
    std::promise<void> stalled;
    std::atomic<int> stalls = 0;
    test::scripted_server server([&](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            if (test::field_of(request, "Range").empty()) {
                peer.send(test::ok(whole(), tag));
                continue;
            }
            const std::string bytes = right(request);
            peer.send(std::string_view(bytes).substr(0, bytes.size() / 2));
            if (++stalls == 3) {
                stalled.set_value();
            }
            peer.wait_for_end();
        }
    });
    test::started download(downloads, server.url("/"), folder / "file", in_segments());
    stalled.get_future().wait();
    download.signal.emit(boost::asio::cancellation_type::terminal);
    const test::outcome seen = download.wait();
    BOOST_TEST((seen.code == boost::asio::error::operation_aborted), seen);
    BOOST_TEST(listing() == "file.part file.part.from");
    BOOST_TEST((whole().starts_with(content("file.part"))));
}

BOOST_AUTO_TEST_SUITE_END()
