#include "http/fixture.hpp"
#include "http/serve.hpp"

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

using tandem::http::errc;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(retries, test::fixture)

namespace {

std::string status(const std::string& line, const std::string& fields = {})
{
    return "HTTP/1.1 " + line + "\r\n" + fields + "Content-Length: 0\r\n\r\n";
}

/// The first answers in turn, then the last one always.
test::scripted_server::script in_turn(std::vector<std::string> answers, test::request_log& log)
{
    return [answers = std::move(answers), &log](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            const std::size_t number = log.add(request);
            const std::string& bytes = answers.at(std::min(number, answers.size()) - 1);
            if (bytes.empty() || !peer.send(bytes)) {
                return;
            }
        }
    };
}

} // namespace

BOOST_AUTO_TEST_CASE(what_may_pass_is_tried_again)
{
    for (const char* line : {"202 Wait", "408 Late", "429 Many", "500 Oops", "502 Bad", "503 Later", "504 Late", ""}) {
        BOOST_TEST_CONTEXT(line)
        {
            test::request_log log;
            const std::string bad = *line ? status(line) : std::string();
            test::scripted_server server(in_turn({bad, bad, test::ok("hello")}, log));
            const test::outcome seen = get(server.url("/"), test::tries(2));
            check_complete(seen, "hello");
            BOOST_TEST(seen.report->retries == 2u);
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_CASE(what_will_not_pass_is_not)
{
    for (const char* line : {"400 Bad", "401 Who", "403 No", "404 None", "410 Gone", "501 Not", "505 Not"}) {
        test::request_log log;
        test::scripted_server server(in_turn({status(line)}, log));
        const test::outcome seen = get(server.url("/"), test::tries(2));
        check_failed(seen, std::string_view(line).starts_with("401") ? errc::login_required : errc::bad_status);
        BOOST_TEST(log.all().size() == 1u);
        BOOST_TEST((seen.what.find("tries") == seen.what.npos), seen);
    }
}

BOOST_AUTO_TEST_CASE(the_error_says_how_often_it_was_tried)
{
    test::request_log log;
    test::scripted_server server(in_turn({status("503 Later")}, log));
    const test::outcome seen = get(server.url("/"), test::tries(3));
    check_failed(seen, errc::bad_status);
    BOOST_TEST(seen.status == 503u);
    BOOST_TEST((seen.what.find("503 Later, after 4 tries: ") != seen.what.npos), seen);
    BOOST_TEST(log.all().size() == 4u);
}

BOOST_AUTO_TEST_CASE(retry_after_is_waited_for)
{
    test::request_log log;
    test::scripted_server server(in_turn({status("429 Many", "Retry-After: 1\r\n"), test::ok("hello")}, log));
    const auto start = std::chrono::steady_clock::now();
    check_complete(get(server.url("/"), test::tries(1)), "hello");
    BOOST_TEST((std::chrono::steady_clock::now() - start >= 1s));
}

BOOST_AUTO_TEST_CASE(retry_after_that_is_too_long)
{
    test::request_log log;
    test::scripted_server server(in_turn({status("503 Later", "Retry-After: 3600\r\n"), test::ok("hello")}, log));
    const test::outcome seen = get(server.url("/"), test::tries(5));
    check_failed(seen, errc::bad_status);
    BOOST_TEST((seen.what.find("3600") != seen.what.npos), seen);
    BOOST_TEST(log.all().size() == 1u);
}

BOOST_AUTO_TEST_CASE(all_downloads_from_a_host_wait)
{
    test::request_log log;
    test::scripted_server server(in_turn({status("503 Later", "Retry-After: 1\r\n"), test::ok("hello")}, log));
    const auto start = std::chrono::steady_clock::now();
    test::started first(downloads, server.url("/1"), folder / "1", test::tries(1));
    while (log.all().empty()) {
        std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(50ms);
    auto progress = std::make_shared<tandem::http::download_progress>();
    tandem::http::download_options options = test::once();
    options.progress = progress;
    test::started second(downloads, server.url("/2"), folder / "2", options);
    std::this_thread::sleep_for(50ms);
    BOOST_TEST((progress->now == tandem::http::download_progress::phase::pausing));
    BOOST_TEST(second.wait().report.has_value());
    BOOST_TEST((std::chrono::steady_clock::now() - start >= 1s));
    BOOST_TEST(first.wait().report.has_value());
    BOOST_TEST((progress->now == tandem::http::download_progress::phase::ended));
    BOOST_TEST(progress->bytes == 5u);
    BOOST_TEST(progress->total == 5u);
}

namespace {

using clock = std::chrono::steady_clock;

/// Answers the first request with 503 and Retry-After, all others with a file; when they came.
struct busy_server
{
    test::scripted_server::script script()
    {
        return [this](test::peer& peer) {
            while (!peer.read_request().empty()) {
                bool first = false;
                {
                    std::lock_guard guard(mutex);
                    first = times.empty();
                    times.push_back(clock::now());
                }
                peer.send(first ? status("503 Later", "Retry-After: 1\r\n") : test::ok("hello"));
            }
        };
    }

    std::size_t requests()
    {
        std::lock_guard guard(mutex);
        return times.size();
    }

    /// All but the first came when they might.
    void check_left_alone()
    {
        std::lock_guard guard(mutex);
        for (std::size_t i = 1; i < times.size(); ++i) {
            const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(times[i] - times[0]);
            BOOST_TEST(waited.count() >= 990, "request " << i << " came after " << waited.count() << " ms");
        }
    }

    std::mutex mutex{};
    std::vector<clock::time_point> times{};
};

} // namespace

BOOST_AUTO_TEST_CASE(a_server_behind_a_redirect_is_left_alone_too)
{
    busy_server busy;
    test::scripted_server server(busy.script());
    test::scripted_server redirector(test::answer_always(
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + server.url("/file") + "\r\n\r\n"));
    test::started first(downloads, redirector.url("/"), folder / "first", test::tries(1));
    while (busy.requests() == 0) {
        std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(50ms);
    std::list<test::started> others;
    tandem::http::download_options options = test::once();
    for (int i = 0; i != 10; ++i) {
        options.progress = std::make_shared<tandem::http::download_progress>();
        others.emplace_back(downloads, redirector.url("/"), folder / std::to_string(i), options);
    }
    std::this_thread::sleep_for(200ms);
    BOOST_TEST(busy.requests() == 1u);
    BOOST_TEST((options.progress->now == tandem::http::download_progress::phase::pausing));
    BOOST_TEST(first.wait().report.has_value());
    for (test::started& one : others) {
        BOOST_TEST(one.wait().report.has_value());
    }
    busy.check_left_alone();
}

BOOST_AUTO_TEST_CASE(those_that_wait_for_a_connection_leave_the_server_alone_too)
{
    busy_server busy;
    test::scripted_server server(busy.script());
    tandem::http::client_options one_connection;
    one_connection.max_connections_per_host = 1;
    const tandem::http::downloader narrow(threads, one_connection);
    std::list<test::started> all;
    for (int i = 0; i != 10; ++i) {
        all.emplace_back(narrow, server.url("/"), folder / std::to_string(i), test::tries(1));
    }
    for (test::started& one : all) {
        const test::outcome seen = one.wait();
        BOOST_TEST(seen.report.has_value(), seen);
    }
    busy.check_left_alone();
    BOOST_TEST(busy.requests() == 11u);
}

BOOST_AUTO_TEST_CASE(who_gives_up_has_the_server_left_alone_all_the_same)
{
    busy_server busy;
    test::scripted_server server(busy.script());
    check_failed(get(server.url("/"), test::once()), errc::bad_status);
    check_complete(get(server.url("/"), test::once()), "hello");
    busy.check_left_alone();
}

BOOST_AUTO_TEST_CASE(cancelled_in_a_pause)
{
    test::request_log log;
    test::scripted_server server(in_turn({status("503 Later", "Retry-After: 60\r\n")}, log));
    test::started download(downloads, server.url("/"), folder / "file", test::tries(1));
    while (log.all().empty()) {
        std::this_thread::sleep_for(1ms);
    }
    std::this_thread::sleep_for(20ms);
    download.signal.emit(boost::asio::cancellation_type::total);
    check_failed(download.wait(), boost::asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(the_total_time_counts_pauses)
{
    test::request_log log;
    test::scripted_server server(in_turn({status("503 Later", "Retry-After: 60\r\n")}, log));
    tandem::http::download_options options = test::tries(5);
    options.total_timeout = 100ms;
    check_failed(get(server.url("/"), options), errc::total_timeout);
}

BOOST_AUTO_TEST_CASE(no_limit_is_none)
{
    using tandem::http::retry_options;
    for (std::chrono::milliseconds retry_options::*limit :
         {&retry_options::max_delay, &retry_options::max_retry_after}) {
        test::request_log log;
        test::scripted_server server(in_turn({status("503 Later", "Retry-After: 1\r\n"), test::ok("hello")}, log));
        tandem::http::download_options options = test::tries(1);
        options.retry.*limit = std::chrono::milliseconds::max();
        options.idle_timeout = 0ms;
        options.total_timeout = std::chrono::milliseconds::max();
        check_complete(get(server.url("/"), options), "hello");
    }
}

BOOST_AUTO_TEST_CASE(an_idle_time_out_is_tried_again)
{
    test::request_log log;
    test::scripted_server server([&](test::peer& peer) {
        if (log.add(peer.read_request()) == 1) {
            peer.wait_for_end();
        } else {
            peer.send(test::ok("hello"));
        }
    });
    tandem::http::download_options options = test::tries(1);
    options.idle_timeout = 100ms;
    check_complete(get(server.url("/"), options), "hello");
}

BOOST_AUTO_TEST_CASE(what_was_won_is_worth_another_try)
{
    // Each answer brings two MiB: more often broken off than there are retries.
    const std::string whole = test::noise(9 * 1024 * 1024);
    constexpr std::size_t each = 2 * 1024 * 1024;
    test::request_log log;
    test::scripted_server server([&](test::peer& peer) {
        const std::string request = peer.read_request();
        log.add(request);
        const auto range = test::range_of(request, whole.size());
        const std::string bytes = range ? test::part_of(whole, *range, "ETag: \"a\"\r\n")
                                        : test::broken_off(whole, whole.size(), "ETag: \"a\"\r\n");
        peer.send(std::string_view(bytes).substr(0, each + 200));
    });
    const test::outcome seen = get(server.url("/"), test::tries(1));
    check_complete(seen, whole);
    BOOST_TEST(log.all().size() == 5u);
}

BOOST_AUTO_TEST_CASE(mirrors)
{
    test::request_log log;
    test::scripted_server missing(in_turn({status("404 None")}, log));
    test::scripted_server broken(in_turn({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ""}, log));
    test::scripted_server good(test::answer_always(test::ok("hello")));
    tandem::http::download_options options = test::once();
    options.mirrors = {missing.url("/b"), good.url("/c")};
    test::outcome seen = get(missing.url("/a"), options);
    check_complete(seen, "hello");
    BOOST_TEST(seen.report->url == good.url("/c"));
    BOOST_TEST(seen.report->retries == 2u);
    std::filesystem::remove(folder / "file");

    // The sum decides which one is right.
    test::scripted_server wrong(test::answer_always(test::ok("wrong")));
    options.mirrors = {good.url("/c")};
    options.expected = tandem::http::checksum::parse("md5=" + test::md5("hello"));
    seen = get(wrong.url("/a"), options);
    check_complete(seen, "hello");
    std::filesystem::remove(folder / "file");

    options.mirrors = {missing.url("/b"), missing.url("/c")};
    seen = get(missing.url("/a"), options);
    check_failed(seen, errc::bad_status);
    BOOST_TEST(seen.url == missing.url("/a"));
    BOOST_TEST((seen.what.find("after 3 tries") != seen.what.npos), seen);
}

// What an address does wrong, or a redirect from it, is nobody else's fault.
BOOST_AUTO_TEST_CASE(mirrors_are_asked_after_whatever_one_of_them_does_wrong)
{
    const auto redirect = [](const std::string& to) {
        return test::answer_always("HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n");
    };
    test::scripted_server to_ftp(redirect("ftp://127.0.0.1/file"));
    test::scripted_server to_nothing(redirect("http://"));
    test::scripted_server to_a_port(redirect("http://127.0.0.1:0/"));
    test::scripted_server to_itself(redirect("/again"));
    test::scripted_server nowhere(test::answer_always("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"));
    test::scripted_server good(test::answer_always(test::ok("hello")));
    for (const std::string& bad :
         {to_ftp.url("/"), to_nothing.url("/"), to_a_port.url("/"), to_itself.url("/"), nowhere.url("/"),
          std::string("ftp://127.0.0.1/file"), std::string("no URL"), std::string("http://"),
          std::string("http://[fe80::1]/file"), std::string("http://255.255.255.255/file")}) {
        BOOST_TEST_CONTEXT(bad)
        {
            tandem::http::download_options options = test::once();
            options.mirrors = {good.url("/")};
            check_complete(get(bad, options), "hello");
            std::filesystem::remove(folder / "file");
            options.mirrors = {bad, good.url("/")};
            check_complete(get(to_ftp.url("/"), options), "hello");
            std::filesystem::remove(folder / "file");
        }
    }
    // What is the user's is told at once.
    tandem::http::download_options options = test::once();
    options.mirrors = {good.url("/")};
    options.headers = {{"Host", "other"}};
    check_failed(get(good.url("/"), options), errc::invalid_option);
}

namespace {

using tandem::http::download_progress;

/// A download on its way, which says how far it is.
struct watched
{
    watched(const tandem::http::downloader& with, const std::string& url, const std::filesystem::path& target,
            tandem::http::download_options options = test::once())
        : download(with, url, target, with_progress(options))
    {
    }

    bool is_pausing()
    {
        for (int i = 0; i != 20'000 && progress->now != download_progress::phase::pausing &&
                        progress->now != download_progress::phase::ended;
             ++i) {
            std::this_thread::sleep_for(1ms);
        }
        return progress->now == download_progress::phase::pausing;
    }

    test::outcome cancel()
    {
        download.cancel(boost::asio::cancellation_type::total);
        return download.wait();
    }

    std::shared_ptr<download_progress> progress = std::make_shared<download_progress>();
    test::started download;

private:
    tandem::http::download_options& with_progress(tandem::http::download_options& options) const
    {
        options.progress = progress;
        return options;
    }
};

/// Answers `line` to "/bad", and a file to all else.
test::scripted_server::script bad_or_good(std::string line)
{
    return [line = std::move(line)](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            peer.send(request.starts_with("GET /bad ") ? status(line) : test::ok("hello"));
        }
    };
}

tandem::http::download_options long_pause()
{
    tandem::http::download_options result = test::tries(1);
    result.retry.first_delay = result.retry.max_delay = 60s;
    return result;
}

} // namespace

// Whatever mirrors answer, or are.
BOOST_AUTO_TEST_CASE(who_asked_to_be_left_alone_is)
{
    test::scripted_server busy(bad_or_good("503 Later"));
    test::scripted_server other(bad_or_good("404 None"));
    const std::string host = "a-name-that-is-longer-than-what-a-string-holds-within-itself.example";
    for (const std::string& mirror :
         {std::string(), other.url("/bad", host), std::string("http://[bad/"), std::string("no URL at all")}) {
        BOOST_TEST_CONTEXT("mirror " << mirror)
        {
            tandem::http::client_options with;
            with.resolver = [](const std::string&, const tandem::http::resolved_handler& done) {
                done({}, {boost::asio::ip::address_v4::loopback()});
            };
            const tandem::http::downloader here(threads, with);
            tandem::http::download_options options = long_pause();
            if (!mirror.empty()) {
                options.mirrors = {mirror};
            }
            watched first(here, busy.url("/bad", host), folder / "first", options);
            BOOST_TEST_REQUIRE(first.is_pausing());
            watched of_busy(here, busy.url("/good", host), folder / "busy");
            watched of_other(here, other.url("/good", host), folder / "other");
            BOOST_TEST(of_busy.is_pausing());
            BOOST_TEST(!of_other.is_pausing());
            for (watched* one : {&first, &of_busy, &of_other}) {
                one->cancel();
            }
        }
    }
}

// Of a file in segments, the answer may come from elsewhere than the first one.
BOOST_AUTO_TEST_CASE(who_asked_to_be_left_alone_by_a_part_of_a_file_is)
{
    const std::string whole = test::noise(4'000'000);
    const std::string fields = "ETag: \"one\"\r\nAccept-Ranges: bytes\r\n";
    const auto only_whole = [&](const std::string& line) {
        return [&, line](test::peer& peer) {
            for (std::string request; !(request = peer.read_request()).empty();) {
                if (request.starts_with("GET /good ")) {
                    peer.send(test::ok("hello"));
                } else if (!test::field_of(request, "Range").empty()) {
                    peer.send(status(line));
                } else {
                    peer.send(test::ok(whole, fields));
                }
            }
        };
    };
    test::scripted_server begins(only_whole("404 None"));
    test::scripted_server busy(only_whole("503 Later"));
    std::atomic<int> asked = 0;
    test::scripted_server source([&](test::peer& peer) {
        while (!peer.read_request().empty()) {
            peer.send("HTTP/1.1 302 Found\r\nLocation: " + (asked++ == 0 ? begins : busy).url("/file") +
                      "\r\nContent-Length: 0\r\n\r\n");
        }
    });
    tandem::http::download_options options = test::tries(1);
    options.segments = 2;
    options.min_segment_size = 2'000'000; // the first one is worth a retry, when the tries of the other are used up
    options.retry.first_delay = options.retry.max_delay = 4s; // a helper waits as well, before it gives up
    watched first(downloads, source.url("/"), folder / "first", options);
    BOOST_TEST_REQUIRE(first.is_pausing());
    watched of_busy(downloads, busy.url("/good"), folder / "busy");
    watched of_first(downloads, begins.url("/good"), folder / "other");
    BOOST_TEST(of_busy.is_pausing());
    BOOST_TEST(!of_first.is_pausing());
    for (watched* one : {&first, &of_busy, &of_first}) {
        one->cancel();
    }
}

// What it throws is as what it tells.
BOOST_AUTO_TEST_CASE(a_resolver_that_throws_is_tried_again_and_mirrors_are_asked)
{
    using boost::system::error_code;
    using tandem::http::resolved_handler;
    test::scripted_server server(test::answer_always(test::ok("hello")));
    std::function<void()> fail;
    std::atomic<int> look_ups = 0;
    tandem::http::client_options with;
    with.idle_connection_timeout = 0ms; // each connection is looked up
    with.resolver = [&](const std::string& host, const resolved_handler& done) {
        if (host == "bad.example" || look_ups++ == 0) {
            fail();
        }
        done({}, {boost::asio::ip::address_v4::loopback()});
    };
    const tandem::http::downloader here(threads, with);

    struct row
    {
        const char* name;
        std::function<void()> fail;
        error_code code;
        bool may_pass;
        std::string text;
    };
    for (const row& r :
         {row{"for a while", [] { throw boost::system::system_error(boost::asio::error::host_not_found_try_again); },
              boost::asio::error::host_not_found_try_again, true, "cannot find the host"},
          row{"as the standard library's", [] { throw std::system_error(ECONNREFUSED, std::system_category()); },
              boost::asio::error::connection_refused, true, "cannot find the host"},
          row{"as the standard's conditions",
              [] { throw std::system_error(std::make_error_code(std::errc::connection_refused)); },
              boost::asio::error::connection_refused, true, "cannot find the host"},
          row{"for good", [] { throw boost::system::system_error(boost::asio::error::access_denied); },
              boost::asio::error::access_denied, false, "cannot find the host"},
          row{"any exception", [] { throw std::runtime_error("no such zone"); }, boost::asio::error::host_not_found,
              false, "no such zone"},
          row{"no exception", [] { throw 42; }, boost::asio::error::host_not_found, false, "cannot find the host"}}) {
        BOOST_TEST_CONTEXT(r.name)
        {
            fail = r.fail;
            look_ups = 0;
            test::outcome seen = get(here, server.url("/", "good.example"), test::tries(1));
            if (r.may_pass) {
                check_complete(seen, "hello");
                BOOST_TEST(seen.report->retries == 1u);
            } else {
                check_failed(seen, r.code);
            }
            std::filesystem::remove(folder / "file");

            seen = get(here, server.url("/", "bad.example"));
            check_failed(seen, r.code);
            BOOST_TEST((seen.what.find(r.text) != seen.what.npos), seen);

            tandem::http::download_options options = test::once();
            options.mirrors = {server.url("/", "good.example")};
            check_complete(get(here, server.url("/", "bad.example"), options), "hello");
            std::filesystem::remove(folder / "file");
        }
    }
    fail = [] { throw std::bad_alloc(); };
    const test::outcome seen = get(here, server.url("/", "bad.example"), test::tries(1));
    BOOST_TEST(!seen.report.has_value());
    BOOST_TEST(seen.what == std::bad_alloc().what());
}

BOOST_AUTO_TEST_SUITE_END()
