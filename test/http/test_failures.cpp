#include "http/failure.hpp"
#include "http/fixture.hpp"

#include <new>
#include <stdexcept>

#include <sys/stat.h>

using tandem::http::errc;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(failures, test::fixture)

namespace {

struct hostile
{
    const char* name;
    std::string bytes;
    errc expected;
    unsigned status;
};

const std::vector<hostile>& hostile_answers()
{
    static const std::vector<hostile> all = {
        {"a body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", errc::truncated_body,
         200},
        {"a length and no body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", errc::truncated_body, 200},
        {"a body longer than its length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nlonger", errc::body_too_long,
         200},
        {"chunks without the last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
         errc::truncated_body, 200},
        {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nfirst", errc::truncated_body, 200},
        {"more than the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\nmore",
         errc::body_too_long, 200},
        {"a chunk size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nfirst\r\n",
         errc::malformed_response, 200},
        {"a chunk size over 64 bits",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\nfirst\r\n",
         errc::malformed_response, 200},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nfirst",
         errc::malformed_response, 0},
        {"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nfirst", errc::malformed_response, 0},
        {"a length that is chunked",
         "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         errc::malformed_response, 0},
        {"a status below 100", "HTTP/1.1 099 What\r\nContent-Length: 5\r\n\r\nhello", errc::malformed_response, 0},
        {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", errc::malformed_response, 0},
        {"nothing", "", errc::connection_closed, 0},
        {"half a header", "HTTP/1.1 200 OK\r\nContent-Le", errc::connection_closed, 0},
        {"a huge header", "HTTP/1.1 200 OK\r\nX: " + std::string(300'000, 'x') + "\r\n\r\n", errc::header_too_large, 0},
        {"a gzip transfer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         errc::unexpected_encoding, 200},
        {"404", "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry", errc::bad_status, 404},
        {"500", "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry", errc::bad_status, 500},
        {"503 until close", "HTTP/1.0 503 Later\r\n\r\nsorry", errc::bad_status, 503},
        {"206 unasked", "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-2/9\r\nContent-Length: 3\r\n\r\nabc",
         errc::bad_status, 206},
        {"304 unasked", "HTTP/1.1 304 Not Modified\r\n\r\n", errc::bad_status, 304},
        {"101 unasked", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", errc::malformed_response, 101},
        {"204 with a body", "HTTP/1.1 204 No Content\r\n\r\nbody", errc::bad_status, 204},
        {"202", "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nlater", errc::bad_status, 202},
        {"205", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", errc::bad_status, 205},
    };
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_a_hostile_server_answers_leaves_no_file)
{
    for (const hostile& row : hostile_answers()) {
        BOOST_TEST_CONTEXT(row.name)
        {
            test::scripted_server server(test::answer_once(row.bytes));
            const test::outcome seen = get(server.url("/row"));
            check_failed(seen, row.expected);
            BOOST_TEST(seen.status == row.status);
            BOOST_TEST(seen.url == server.url("/row"));
            BOOST_TEST(seen.what.starts_with(server.url("/row") + ": "), seen.what);
            BOOST_TEST(seen.what.ends_with(": " + seen.code.message()), seen.what);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_from_before_survives_a_failure)
{
    std::ofstream(folder / "file") << "from before";
    test::scripted_server server(test::answer_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"));
    const test::outcome seen = get(server.url("/"));
    BOOST_TEST((seen.code == errc::truncated_body), seen);
    BOOST_TEST(content() == "from before");
    BOOST_TEST(listing() == "file");
}

BOOST_AUTO_TEST_CASE(a_reset_in_the_middle)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + test::noise(100'000));
        client.reset();
    });
    check_failed(get(server.url("/")), errc::truncated_body);
}

BOOST_AUTO_TEST_CASE(endless_interim_responses)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        while (client.send("HTTP/1.1 103 Early Hints\r\n\r\n")) {
        }
    });
    check_failed(get(server.url("/")), errc::header_too_large);
}

BOOST_AUTO_TEST_CASE(a_stalled_body)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort");
        client.wait_for_end();
    });
    tandem::http::download_options options = test::once();
    options.idle_timeout = 100ms;
    check_failed(get(server.url("/"), options), errc::idle_timeout);
}

BOOST_AUTO_TEST_CASE(a_stalled_header)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-");
        client.wait_for_end();
    });
    tandem::http::download_options options = test::once();
    options.idle_timeout = 100ms;
    check_failed(get(server.url("/"), options), errc::idle_timeout);
}

BOOST_AUTO_TEST_CASE(a_trickle_meets_the_total_timeout)
{
    test::scripted_server server([](test::peer& client) {
        client.read_request();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while (client.send("x")) {
            std::this_thread::sleep_for(10ms);
        }
    });
    tandem::http::download_options options = test::once();
    options.idle_timeout = 30s;
    options.total_timeout = 200ms;
    const test::outcome seen = get(server.url("/"), options);
    check_failed(seen, errc::total_timeout);
    BOOST_TEST((seen.code == std::errc::timed_out), seen);
}

BOOST_AUTO_TEST_CASE(nobody_listens)
{
    std::string url;
    {
        test::scripted_server server(test::answer_once(""));
        url = server.url("/");
    }
    const test::outcome seen = get(url);
    check_failed(seen, boost::asio::error::connection_refused);
    BOOST_TEST((seen.code == std::errc::connection_refused), seen);
    BOOST_TEST((seen.code.category() == boost::system::system_category()));
    BOOST_TEST(seen.what.ends_with(" port " + url.substr(17, url.size() - 18) + ": Connection refused"), seen.what);
}

BOOST_AUTO_TEST_CASE(the_error_is_one_of_asios)
{
    const tandem::http::download_error error(errc::bad_status, "http://a/b", 404, "404 Not Found");
    const boost::system::system_error& general = error;
    BOOST_TEST((general.code() == errc::bad_status));
    BOOST_TEST((general.code().category() == tandem::http::error_category()));
    BOOST_TEST(general.what() == "http://a/b: 404 Not Found: " + general.code().message());
    BOOST_TEST((boost::system::error_code(errc::idle_timeout) == std::errc::timed_out));
    BOOST_TEST((boost::system::error_code(errc::idle_timeout) == boost::system::errc::timed_out));
    BOOST_TEST(std::is_nothrow_copy_constructible_v<tandem::http::download_error>);
}

BOOST_AUTO_TEST_CASE(a_host_that_is_not_there)
{
    // ".invalid" is reserved never to exist (RFC 6761).
    const test::outcome seen = get("http://nowhere.invalid/");
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(!seen.report.has_value());
        BOOST_TEST((seen.what.find("cannot find the host nowhere.invalid") != seen.what.npos));
        BOOST_TEST(listing() == "");
    }
}

BOOST_AUTO_TEST_CASE(bodies_over_the_limit)
{
    tandem::http::download_options options = test::once();
    options.max_body_size = 4;
    {
        test::scripted_server server(test::answer_always(test::ok("12345")));
        check_failed(get(server.url("/"), options), errc::body_too_large);
    }
    {
        test::scripted_server server(test::answer_always(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n2\r\n45\r\n0\r\n\r\n"));
        check_failed(get(server.url("/"), options), errc::body_too_large);
    }
    {
        test::scripted_server server(test::answer_always(test::ok("1234")));
        check_complete(get(server.url("/"), options), "1234");
    }
}

BOOST_AUTO_TEST_CASE(urls_that_are_none)
{
    for (const char* url : {"", "example.com/file", "//example.com/file", "http://", "http:///file", "http://a:0/",
                            "http://a:65536/", "http://[::1/", "http://user:secret@example.com:0/",
                            "http://ex%zzmple.com/", "http://a/b\r\nX: y"}) {
        BOOST_TEST_CONTEXT(url)
        {
            const test::outcome seen = get(url);
            check_failed(seen, errc::invalid_url);
            BOOST_TEST((seen.what.find_first_of("\r\n") == seen.what.npos));
            BOOST_TEST((seen.what.find("secret") == seen.what.npos));
        }
    }
    for (const char* url : {"file:///etc/passwd", "ftp://example.com/file", "mailto:someone@example.com"}) {
        BOOST_TEST_CONTEXT(url)
        {
            check_failed(get(url), errc::unsupported_scheme);
        }
    }
}

BOOST_AUTO_TEST_CASE(options_out_of_bounds)
{
    tandem::http::client_options options;
    options.max_connections = 0;
    BOOST_CHECK_THROW(tandem::http::downloader(threads, options), std::invalid_argument);
    options = {};
    options.user_agent = "a\r\nb: c";
    BOOST_CHECK_THROW(tandem::http::downloader(threads, options), std::invalid_argument);
    options = {};
    options.ca_file = folder / "missing.pem";
    BOOST_CHECK_THROW(tandem::http::downloader(threads, options), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(a_downloads_ranges_are_its_own)
{
    test::scripted_server server(test::answer_always(test::ok("hello")));
    for (const char* name : {"Range", "If-Range"}) {
        tandem::http::download_options options = test::once();
        options.headers = {{name, "bytes=1-"}};
        check_failed(get(server.url("/"), options), errc::invalid_option);
    }
    BOOST_TEST(server.connections() == 0);
}

BOOST_AUTO_TEST_CASE(whatever_is_thrown_is_an_error_of_the_url)
{
    using boost::system::errc::io_error;
    const std::string url = "http://user:secret@far.example/";
    const auto told_of = [&](const auto& thrown) {
        std::exception_ptr error;
        try {
            throw thrown;
        } catch (...) {
            error = tandem::http::current_as_download_error(url, 200);
        }
        return test::as_outcome(error, {});
    };
    for (const test::outcome& seen : {told_of(42), told_of(std::runtime_error("text"))}) {
        BOOST_TEST((seen.code == io_error), seen);
        BOOST_TEST(seen.url == "http://far.example/");
        BOOST_TEST(seen.status == 200u);
    }
    BOOST_TEST(told_of(std::bad_alloc()).what == std::bad_alloc().what());
}

BOOST_AUTO_TEST_SUITE_END()
