#include "http/fixture.hpp"
#include "http/serve.hpp"

#include <atomic>

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
          "Accept-Ranges: bytes\r\nETag: W/\"one\"\r\n"}) {
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
