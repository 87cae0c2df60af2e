#include "http/fixture.hpp"
#include "http/serve.hpp"

#include <sys/stat.h>

using tandem::http::errc;
using tandem::http::existing_file;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(existing, test::fixture)

namespace {

constexpr existing_file every_policy[] = {existing_file::fail, existing_file::rename, existing_file::replace,
                                          existing_file::skip_if_same};

tandem::http::download_options with(existing_file policy)
{
    tandem::http::download_options result = test::once();
    result.existing = policy;
    return result;
}

const std::string& large()
{
    static const std::string result = test::noise(2'700'001);
    return result;
}

/// Holds each answer back, in its middle, until it is told to go on.
struct gate
{
    std::promise<void> go{};
    std::shared_future<void> gone = go.get_future().share();
    std::string body = large();

    test::scripted_server::script script()
    {
        return [this](test::peer& peer) {
            peer.read_request();
            const std::string bytes = test::ok(body);
            peer.send(std::string_view(bytes).substr(0, 400'000));
            gone.wait();
            peer.send(std::string_view(bytes).substr(400'000));
        };
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_file_that_is_there)
{
    for (const std::string& body : {std::string("small"), large()}) {
        test::request_log log;
        test::scripted_server server([&](test::peer& peer) {
            while (log.add(peer.read_request()), peer.send(test::ok(body))) {
            }
        });
        for (const existing_file policy : every_policy) {
            BOOST_TEST_CONTEXT("policy " << static_cast<int>(policy) << ", " << body.size() << " bytes")
            {
                put("file.txt", "old");
                const test::outcome seen =
                    test::started(downloads, server.url("/"), folder / "file.txt", with(policy)).wait();
                switch (policy) {
                case existing_file::fail:
                    BOOST_TEST((seen.code == errc::target_exists), seen);
                    BOOST_TEST(log.all().empty());
                    BOOST_TEST(content("file.txt") == "old");
                    BOOST_TEST(listing() == "file.txt");
                    break;
                case existing_file::rename:
                    BOOST_REQUIRE(seen.report);
                    BOOST_TEST(seen.report->path == folder / "file-2.txt");
                    BOOST_TEST(content("file.txt") == "old");
                    BOOST_TEST((content("file-2.txt") == body));
                    std::filesystem::remove(folder / "file-2.txt");
                    BOOST_TEST(listing() == "file.txt");
                    break;
                case existing_file::replace:
                case existing_file::skip_if_same:
                    BOOST_REQUIRE(seen.report);
                    BOOST_TEST(seen.report->path == folder / "file.txt");
                    BOOST_TEST((content("file.txt") == body));
                    BOOST_TEST(listing() == "file.txt");
                    break;
                }
            }
        }
        std::filesystem::remove(folder / "file.txt");
    }
}

BOOST_AUTO_TEST_CASE(two_of_one_name_at_once)
{
    for (const std::string& body : {large(), std::string(1'450'000, 'x')}) {
        gate held;
        held.body = body;
        test::scripted_server server(held.script());
        test::started first(downloads, server.url("/1"), folder / "file", with(existing_file::rename));
        wait_until_locked("file.part");
        test::started second(downloads, server.url("/2"), folder / "file", with(existing_file::rename));
        wait_until_locked("file-2.part");
        BOOST_TEST((get(server.url("/3"), with(existing_file::replace)).code == errc::target_in_use));
        held.go.set_value();
        BOOST_TEST(first.wait().report.has_value());
        BOOST_TEST(second.wait().report.has_value());
        BOOST_TEST(listing() == "file file-2");
        BOOST_TEST((content("file") == body));
        BOOST_TEST((content("file-2") == body));
        std::filesystem::remove(folder / "file");
        std::filesystem::remove(folder / "file-2");
    }
}

BOOST_AUTO_TEST_CASE(one_that_came_meanwhile)
{
    gate held;
    test::scripted_server server(held.script());
    test::started download(downloads, server.url("/1"), folder / "file", with(existing_file::fail));
    wait_until_locked("file.part");
    put("file", "somebody else's");
    held.go.set_value();
    const test::outcome seen = download.wait();
    BOOST_TEST((seen.code == errc::target_exists), seen);
    BOOST_TEST(content() == "somebody else's");
    BOOST_TEST(listing() == "file");
}

BOOST_AUTO_TEST_CASE(not_written_since)
{
    test::scripted_server server([&](test::peer& peer) {
        while (!peer.read_request().empty() && peer.send(test::ok("new"))) {
        }
    });
    for (const existing_file policy : every_policy) {
        put("file", "old");
        tandem::http::download_options options = with(policy);
        options.not_written_since = std::filesystem::file_time_type::clock::now() - 1h;
        test::outcome seen = get(server.url("/"), options);
        const bool fails = policy != existing_file::rename;
        BOOST_TEST(seen.report.has_value() == !fails, seen);
        if (fails) {
            BOOST_TEST(
                (seen.code == (policy == existing_file::fail ? errc::target_exists : errc::target_written_meanwhile)),
                seen);
            BOOST_TEST(content() == "old");
        }
        options.not_written_since = std::filesystem::file_time_type::clock::now() + 1h;
        if (policy == existing_file::replace) {
            check_complete(get(server.url("/"), options), "new");
        }
        std::filesystem::remove(folder / "file");
        std::filesystem::remove(folder / "file-2");
    }
}

BOOST_AUTO_TEST_CASE(the_same_is_skipped)
{
    test::request_log log;
    const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
    std::string fields = "Last-Modified: " + date + "\r\n";
    bool conditional = true;
    test::scripted_server server([&](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            log.add(request);
            const bool same = conditional && test::field_of(request, "If-Modified-Since") == date;
            peer.send(same ? "HTTP/1.1 304 Not Modified\r\n\r\n" : test::ok("hello", fields));
        }
    });
    const auto options = with(existing_file::skip_if_same);
    test::outcome seen = get(server.url("/"), options);
    check_complete(seen, "hello");
    BOOST_TEST(!seen.report->skipped);
    BOOST_TEST(test::field_of(log.all().at(0), "If-Modified-Since") == "");

    seen = get(server.url("/"), options);
    check_complete(seen, "hello");
    BOOST_TEST(seen.report->skipped);
    BOOST_TEST(seen.report->status == 304u);

    // A server that knows no conditions.
    conditional = false;
    seen = get(server.url("/"), options);
    check_complete(seen, "hello");
    BOOST_TEST(seen.report->skipped);
    BOOST_TEST(seen.report->status == 200u);

    fields = "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT\r\n";
    seen = get(server.url("/"), options);
    check_complete(seen, "hello");
    BOOST_TEST(!seen.report->skipped);
}

BOOST_AUTO_TEST_CASE(the_same_by_its_checksum)
{
    test::request_log log;
    test::scripted_server server([&](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            log.add(request);
            peer.send(test::ok("hello"));
        }
    });
    auto options = with(existing_file::skip_if_same);
    options.expected = tandem::http::checksum::parse("md5=" + test::md5("hello"));
    put("file", "other");
    test::outcome seen = get(server.url("/"), options);
    check_complete(seen, "hello");
    BOOST_TEST(!seen.report->skipped);
    seen = get(server.url("/"), options);
    check_complete(seen, "hello");
    BOOST_TEST(seen.report->skipped);
    BOOST_TEST(log.all().size() == 1u);
    BOOST_TEST(test::field_of(log.all().at(0), "If-Modified-Since") == "");
}

BOOST_AUTO_TEST_CASE(a_wrong_checksum)
{
    for (const std::string& body : {std::string("hello"), large()}) {
        test::scripted_server server(test::answer_always(test::ok(body, "ETag: \"a\"\r\n")));
        tandem::http::download_options options = test::once();
        options.expected = tandem::http::checksum::parse("md5=" + test::md5("other"));
        put("file", "old");
        const test::outcome seen = get(server.url("/"), options);
        BOOST_TEST((seen.code == errc::checksum_mismatch), seen);
        BOOST_TEST((seen.what.find(test::md5(body)) != seen.what.npos), seen);
        BOOST_TEST(content() == "old");
        BOOST_TEST(listing() == "file");
    }
}

BOOST_AUTO_TEST_CASE(the_time_that_the_server_says)
{
    test::scripted_server server(
        test::answer_always(test::ok("hello", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n")));
    check_complete(get(server.url("/")), "hello");
    struct stat seen
    {
    };
    BOOST_REQUIRE(::stat((folder / "file").c_str(), &seen) == 0);
    BOOST_TEST(seen.st_mtim.tv_sec == 784111777);
    tandem::http::download_options options = test::once();
    options.keep_time = false;
    check_complete(get(server.url("/"), options), "hello");
    BOOST_REQUIRE(::stat((folder / "file").c_str(), &seen) == 0);
    BOOST_TEST(seen.st_mtim.tv_sec > 784111777);
}

BOOST_AUTO_TEST_CASE(the_name_that_the_server_says)
{
    test::scripted_server server(
        test::answer_always(test::ok("hello", "Content-Disposition: attachment; filename=\"../a/b\"\r\n")));
    test::scripted_server silent(test::answer_always(test::ok("hello")));
    tandem::http::download_options options = test::once();
    options.content_disposition = true;
    test::outcome seen = test::started(downloads, server.url("/x"), folder, options).wait();
    BOOST_REQUIRE(seen.report);
    BOOST_TEST(seen.report->path.parent_path() == folder);
    std::filesystem::remove(seen.report->path);
    seen = test::started(downloads, silent.url("/c/d"), folder, options).wait();
    BOOST_REQUIRE(seen.report);
    BOOST_TEST(seen.report->path == folder / "d");
    BOOST_TEST(listing() == "d");
}

BOOST_AUTO_TEST_CASE(a_link_is_replaced_and_never_written_through)
{
    put("elsewhere", "kept");
    for (const std::string& body : {std::string("small"), large()}) {
        test::scripted_server server(test::answer_always(test::ok(body)));
        for (const char* to : {"elsewhere", "nowhere"}) {
            std::filesystem::create_symlink(to, folder / "file");
            const test::outcome seen = get(server.url("/"));
            BOOST_TEST(seen.report.has_value(), seen);
            BOOST_TEST(!std::filesystem::is_symlink(folder / "file"));
            BOOST_TEST((content() == body));
            BOOST_TEST(content("elsewhere") == "kept");
            BOOST_TEST(listing() == "elsewhere file");
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_file)
{
    std::filesystem::create_directory(folder / "taken");
    std::filesystem::create_directory_symlink("taken", folder / "link");
    BOOST_REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    std::filesystem::create_directory(folder / "half.part");
    std::filesystem::create_symlink("elsewhere", folder / "link2.part");
    BOOST_REQUIRE(::mkfifo((folder / "fifo2.part").c_str(), 0600) == 0);
    const std::string before = listing();
    for (const std::string& body : {std::string("small"), large()}) {
        test::scripted_server server(test::answer_always(test::ok(body)));
        for (const std::filesystem::path& target :
             {folder / "taken", folder / "link", folder / "fifo", folder / "half", folder / "link2", folder / "fifo2",
              std::filesystem::path("/dev/null"), std::filesystem::path("/dev/full"), folder / ""}) {
            const test::outcome seen = test::started(downloads, server.url("/"), target).wait();
            BOOST_TEST((seen.code == errc::target_is_not_a_file), target << ": " << seen);
        }
        const test::outcome seen = test::started(downloads, server.url("/"), folder / "missing" / "file").wait();
        BOOST_TEST((seen.code == std::errc::no_such_file_or_directory), seen);
    }
    BOOST_TEST(listing() == before);
}

BOOST_AUTO_TEST_CASE(a_finished_file_that_is_called_like_a_part)
{
    put("file.part", "finished");
    test::scripted_server small(test::answer_always(test::ok("small")));
    test::scripted_server server(test::answer_always(test::ok(large(), "ETag: \"a\"\r\n")));
    const test::outcome seen = get(server.url("/"));
    BOOST_TEST((seen.code == errc::target_exists), seen);
    BOOST_TEST((seen.what.find("file.part is in the way") != seen.what.npos), seen);
    BOOST_TEST(get(small.url("/")).report.has_value());
    BOOST_TEST(content("file.part") == "finished");
    BOOST_TEST(listing() == "file file.part");
    BOOST_TEST(get(server.url("/"), with(existing_file::rename)).report.has_value());
    BOOST_TEST(listing() == "file file-2 file.part");
}

BOOST_AUTO_TEST_CASE(a_target_named_like_anothers_part)
{
    gate held;
    test::scripted_server server(held.script());
    test::scripted_server small(test::answer_always(test::ok("second")));
    test::started first(downloads, server.url("/1"), folder / "file");
    wait_until_locked("file.part");
    const test::outcome second = test::started(downloads, small.url("/2"), folder / "file.part").wait();
    BOOST_TEST(second.report.has_value(), second);
    held.go.set_value();
    const test::outcome seen = first.wait();
    BOOST_TEST((seen.code == errc::target_in_use), seen);
    BOOST_TEST(content("file.part") == "second");
}

BOOST_AUTO_TEST_SUITE_END()
