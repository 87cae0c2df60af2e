#include "http/fixture.hpp"
#include "http/serve.hpp"
#include "http/syntax/http_date.hpp"

#include <climits>
#include <ctime>

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

const std::string date = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::time_t changed = 784111777; ///< the same

std::string last_modified(const std::string& when = date)
{
    return "Last-Modified: " + when + "\r\n";
}

/// A server of one file, which was changed at `date`.
struct file_server
{
    std::string bytes;
    bool knows_conditions = false;
    bool knows_ranges = false;
    std::string fields = last_modified();
    test::request_log log{};

    std::string answer(const std::string& request) const
    {
        const std::string since = test::field_of(request, "If-Modified-Since");
        const auto time = tandem::http::parse_http_date(since, std::chrono::sys_seconds(std::chrono::seconds(changed)));
        if (knows_conditions && time && time->time_since_epoch().count() >= changed) {
            return "HTTP/1.1 304 Not Modified\r\n" + fields + "\r\n";
        }
        const auto range = knows_ranges ? test::range_of(request, bytes.size()) : std::nullopt;
        if (!range) {
            return test::ok(bytes, fields);
        }
        if (range->first >= bytes.size()) {
            return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */" + std::to_string(bytes.size()) +
                   "\r\nContent-Length: 0\r\n\r\n";
        }
        return test::part_of(bytes, {range->first, std::min(range->second, bytes.size() - 1)}, fields);
    }

    test::scripted_server::script script()
    {
        return [this](test::peer& peer) {
            for (std::string request; !(request = peer.read_request()).empty();) {
                log.add(request);
                peer.send(answer(request));
            }
        };
    }
};

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
    const auto options = with(existing_file::skip_if_same);
    for (const bool knows_ranges : {true, false}) {
        file_server here{"hello", true, knows_ranges};
        test::scripted_server server(here.script());
        test::outcome seen = get(server.url("/"), options);
        check_complete(seen, "hello");
        BOOST_TEST(!seen.report->skipped);
        BOOST_TEST(!seen.report->replaced);
        BOOST_TEST(test::field_of(here.log.all().at(0), "Range") == "");

        here.log.clear();
        seen = get(server.url("/"), options);
        check_complete(seen, "hello");
        BOOST_TEST(seen.report->skipped);
        BOOST_TEST(!seen.report->replaced);
        BOOST_TEST(seen.report->status == (knows_ranges ? 206u : 200u));
        BOOST_TEST(here.log.all().size() == 1u);
        BOOST_TEST(seen.report->received == (knows_ranges ? 1u : 5u));
        BOOST_TEST(server.connections() == 1);

        here.fields = last_modified("Mon, 07 Nov 1994 08:49:37 GMT");
        seen = get(server.url("/"), options);
        check_complete(seen, "hello");
        BOOST_TEST(!seen.report->skipped);
        BOOST_TEST(seen.report->replaced);
        std::filesystem::remove(folder / "file");
    }
}

BOOST_AUTO_TEST_CASE(one_of_another_size_or_time_is_not_called_the_same)
{
    const std::string bytes = "all of the file";
    for (const bool knows_conditions : {false, true}) {
        for (const bool knows_ranges : {false, true}) {
            for (const std::string& local : {bytes, bytes.substr(0, 5), std::string(), bytes + bytes}) {
                for (const std::time_t time : {changed - 1, changed, changed + 1, std::time(nullptr)}) {
                    BOOST_TEST_CONTEXT(local.size() << " bytes of " << time << ", conditions " << knows_conditions
                                                    << ", ranges " << knows_ranges)
                    {
                        file_server here{bytes, knows_conditions, knows_ranges};
                        test::scripted_server server(here.script());
                        put("file", local);
                        set_time("file", time);
                        const test::outcome seen = get(server.url("/"), with(existing_file::skip_if_same));
                        check_complete(seen, bytes);
                        const bool same = local == bytes && time == changed;
                        BOOST_TEST(seen.report->skipped == same);
                        BOOST_TEST(here.log.all().size() <= (same || !knows_ranges ? 1u : 2u));
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(one_of_another_size_is_not_the_same_to_a_mirror)
{
    test::scripted_server broken(test::answer_always("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    for (const bool knows_ranges : {false, true}) {
        file_server here{"all of the file", true, knows_ranges};
        test::scripted_server server(here.script());
        auto options = with(existing_file::skip_if_same);
        options.mirrors = {server.url("/")};
        put("file", "all of");
        test::outcome seen = get(broken.url("/"), options);
        check_complete(seen, "all of the file");
        BOOST_TEST(!seen.report->skipped);
        seen = get(broken.url("/"), options);
        check_complete(seen, "all of the file");
        BOOST_TEST(seen.report->skipped);
    }
}

BOOST_AUTO_TEST_CASE(one_of_another_size_is_not_the_same_where_the_server_names_it)
{
    file_server here{"all of the file", true, true};
    test::scripted_server server(here.script());
    auto options = with(existing_file::skip_if_same);
    options.content_disposition = true;
    put("file", "all of");
    set_time("file", changed);
    for (const bool same : {false, true}) {
        const test::outcome seen = test::started(downloads, server.url("/file"), folder, options).wait();
        check_complete(seen, "all of the file");
        BOOST_TEST(seen.report->skipped == same);
    }
}

BOOST_AUTO_TEST_CASE(where_the_server_says_too_little_the_file_is_asked_for)
{
    struct row
    {
        const char* name;
        std::string to_range; ///< the answer to a request for a part
        std::string to_whole; ///< and to any other
        std::string expected = "other";
        bool compressed = false;
    };
    const std::string part = "HTTP/1.1 206 Partial Content\r\n";
    const std::string right = "Content-Range: bytes 4-4/5\r\n";
    const std::string byte = "Content-Length: 1\r\n\r\nl";
    const std::string dated = last_modified();
    const std::string same = test::ok("LOCAL", dated);
    const std::string other = test::ok("other", last_modified("Mon, 07 Nov 1994 08:49:37 GMT"));
    const std::string no_length = "HTTP/1.1 200 OK\r\n" + dated + "Connection: close\r\n\r\nother";
    const std::string chunked =
        "HTTP/1.1 200 OK\r\n" + dated + "Transfer-Encoding: chunked\r\n\r\n5\r\nother\r\n0\r\n\r\n";
    for (const row& r : {
             row{"enough", part + right + dated + byte, other, "local"},
             row{"enough of the whole", part + right + byte, same, "local"},
             row{"no total", part + "Content-Range: bytes 4-4/*\r\n" + dated + byte, other},
             row{"another total", part + "Content-Range: bytes 4-4/6\r\n" + dated + byte, other},
             row{"two totals", part + right + "Content-Range: bytes 4-4/6\r\n" + dated + byte, other},
             row{"no Content-Range", part + dated + byte, other},
             row{"no time", part + right + byte, other},
             row{"the size of what is encoded, and stored so",
                 part + right + "Content-Encoding: gzip\r\n" + dated + byte, other, "local"},
             row{"the size of what is to be decoded", part + right + "Content-Encoding: gzip\r\n" + dated + byte, other,
                 "other", true},
             row{"416", "HTTP/1.1 416 No\r\n" + dated + "Content-Length: 5\r\n\r\nwrong", other},
             row{"no time of the whole", test::ok("other"), test::ok("other")},
             row{"no length of the whole", no_length, no_length},
             row{"chunks", chunked, chunked},
         }) {
        BOOST_TEST_CONTEXT(r.name)
        {
            test::scripted_server server([&](test::peer& peer) {
                for (std::string request; !(request = peer.read_request()).empty();) {
                    const std::string& to = test::field_of(request, "Range").empty() ? r.to_whole : r.to_range;
                    if (!peer.send(to) || to == no_length) {
                        return;
                    }
                }
            });
            put("file", "local");
            set_time("file", changed);
            auto options = with(existing_file::skip_if_same);
            options.compressed = r.compressed;
            const test::outcome seen = get(server.url("/"), options);
            check_complete(seen, r.expected);
            BOOST_TEST(seen.report->skipped == (r.expected == "local"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_replacement_that_was_interrupted_goes_on)
{
    file_server here{large(), true, true, last_modified() + "ETag: \"a\"\r\n"};
    bool interrupts = true;
    test::scripted_server server([&](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            here.log.add(request);
            const std::string bytes = here.answer(request);
            const bool breaks_off = interrupts && bytes.starts_with("HTTP/1.1 200 ");
            peer.send(breaks_off ? bytes.substr(0, 1'500'000) : bytes);
            if (breaks_off) {
                return;
            }
        }
    });
    put("file", "too short");
    test::outcome seen = get(server.url("/"), with(existing_file::skip_if_same));
    BOOST_TEST((seen.code == errc::truncated_body), seen);
    BOOST_TEST(content() == "too short");
    BOOST_TEST(listing() == "file file.part file.part.from");
    interrupts = false;
    here.log.clear();
    seen = get(server.url("/"), with(existing_file::skip_if_same));
    check_complete(seen, large());
    BOOST_TEST(!seen.report->skipped);
    BOOST_TEST(seen.report->resumed_at > 1'400'000u);
    BOOST_TEST(here.log.all().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_link_is_not_the_same)
{
    file_server here{"hello", true, true};
    test::scripted_server server(here.script());
    put("behind", "hello");
    set_time("behind", changed);
    std::filesystem::create_symlink("behind", folder / "file");
    const test::outcome seen = get(server.url("/"), with(existing_file::skip_if_same));
    BOOST_REQUIRE(seen.report.has_value());
    BOOST_TEST(!seen.report->skipped);
    BOOST_TEST(!std::filesystem::is_symlink(folder / "file"));
    BOOST_TEST(content() == "hello");
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

BOOST_AUTO_TEST_CASE(an_empty_file_that_is_called_like_a_part)
{
    put("file.part", "");
    test::scripted_server refusing(test::answer_always("HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n"));
    BOOST_TEST((get(refusing.url("/")).code == errc::bad_status));
    BOOST_TEST(listing() == "file.part");
    test::scripted_server server(test::answer_always(test::ok(large(), "ETag: \"a\"\r\n")));
    check_complete(get(server.url("/")), large());
}

BOOST_AUTO_TEST_CASE(names_as_long_as_the_file_system_takes_them)
{
    test::scripted_server small(test::answer_always(test::ok("small")));
    test::scripted_server big(test::answer_always(test::ok(large())));
    for (const std::size_t size : {244U, 245U, 246U, 250U, 251U, 255U}) {
        BOOST_TEST_CONTEXT("a name of " << size << " bytes")
        {
            const std::string name(size, 'n');
            for (int i = 0; i != 2; ++i) {
                const test::outcome seen = test::started(downloads, small.url("/"), folder / name).wait();
                BOOST_TEST(seen.report.has_value(), seen);
                BOOST_TEST(listing() == name);
            }
            const test::outcome seen = test::started(downloads, big.url("/"), folder / name).wait();
            // Beside it there is NAME.part.from.
            const bool fits = size + 10 <= NAME_MAX;
            BOOST_TEST(seen.report.has_value() == fits, seen);
            if (!fits) {
                BOOST_TEST((seen.code == std::errc::filename_too_long), seen);
                BOOST_TEST((seen.what.find("choose a name of 245 bytes at most") != seen.what.npos), seen);
                BOOST_TEST(content(name) == "small");
            }
            BOOST_TEST(listing() == name);
            std::filesystem::remove(folder / name);
        }
    }
    const test::outcome none = test::started(downloads, small.url("/"), folder / std::string(256, 'n')).wait();
    BOOST_TEST((none.code == std::errc::filename_too_long), none);
    BOOST_TEST(listing() == "");
    // Whatever was too long, small files still need no .part.
    put("file.part", "somebody else's");
    BOOST_TEST(get(small.url("/")).report.has_value());
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
    BOOST_TEST((seen.code == errc::part_changed), seen);
    BOOST_TEST(content("file.part") == "second");
    BOOST_TEST(listing() == "file.part");
}

// Neither is written over, nor removed; what tells nothing of itself any more is no download's.
BOOST_AUTO_TEST_CASE(a_target_named_like_anothers_record)
{
    for (const bool completes : {true, false}) {
        for (const bool syncs : {true, false}) {
            BOOST_TEST_CONTEXT("the first completes " << completes << ", syncs " << syncs)
            {
                std::promise<void> go;
                const std::shared_future<void> gone = go.get_future().share();
                const std::string body = test::noise(3'000'000);
                test::scripted_server server([&](test::peer& peer) {
                    while (!peer.read_request().empty()) {
                        const std::string bytes = test::ok(body, "ETag: \"a\"\r\nAccept-Ranges: bytes\r\n");
                        peer.send(std::string_view(bytes).substr(0, bytes.size() / 2));
                        gone.wait();
                        if (!completes) {
                            return;
                        }
                        peer.send(std::string_view(bytes).substr(bytes.size() / 2));
                    }
                });
                test::scripted_server small(test::answer_always(test::ok("second")));
                auto options = test::once();
                options.sync = syncs;
                test::started first(downloads, server.url("/1"), folder / "file", options);
                for (int i = 0; i != 10'000 && content("file.part").size() < 500'000; ++i) {
                    std::this_thread::sleep_for(1ms);
                }
                const test::outcome second =
                    test::started(downloads, small.url("/2"), folder / "file.part.from").wait();
                BOOST_TEST(second.report.has_value(), second);
                go.set_value();
                const test::outcome seen = first.wait();
                BOOST_TEST(seen.report.has_value() == completes, seen);
                BOOST_TEST(content("file.part.from") == "second");
                BOOST_TEST(listing() == (completes ? "file file.part.from" : "file.part.from"));
                std::filesystem::remove(folder / "file.part.from");
                std::filesystem::remove(folder / "file");
            }
        }
    }
}

// By another program, which leaves no file with a hole, and no record of what is not there.
BOOST_AUTO_TEST_CASE(a_part_that_is_changed_meanwhile)
{
    for (const std::string change : {"removed", "renamed", "emptied"}) {
        for (const bool in_segments : {false, true}) {
            BOOST_TEST_CONTEXT(change << ", in segments " << in_segments)
            {
                std::promise<void> go;
                const std::shared_future<void> gone = go.get_future().share();
                const std::string body = test::noise(3'000'000);
                const std::string fields = "ETag: \"a\"\r\nAccept-Ranges: bytes\r\n";
                test::scripted_server server([&](test::peer& peer) {
                    for (std::string request; !(request = peer.read_request()).empty();) {
                        const auto range = test::range_of(request, body.size());
                        const std::string bytes = range ? test::part_of(body, *range, fields) : test::ok(body, fields);
                        peer.send(std::string_view(bytes).substr(0, bytes.size() / 2));
                        gone.wait();
                        peer.send(std::string_view(bytes).substr(bytes.size() / 2));
                    }
                });
                auto options = test::once();
                options.segments = in_segments ? 2 : 1;
                options.min_segment_size = 1'000'000;
                options.expected = tandem::http::checksum::parse("md5=" + test::md5(body));
                test::started download(downloads, server.url("/"), folder / "file", options);
                for (int i = 0; i != 10'000 && content("file.part").size() < 500'000; ++i) {
                    std::this_thread::sleep_for(1ms);
                }
                BOOST_TEST(content("file.part").size() >= 500'000u);
                if (change == "removed") {
                    std::filesystem::remove(folder / "file.part");
                } else if (change == "renamed") {
                    std::filesystem::rename(folder / "file.part", folder / "other");
                } else {
                    std::filesystem::resize_file(folder / "file.part", 0);
                }
                go.set_value();
                const test::outcome seen = download.wait();
                BOOST_TEST((seen.code == errc::part_changed), seen);
                BOOST_TEST((seen.what.find("file.part") != seen.what.npos), seen);
                BOOST_TEST(listing() == (change == "renamed" ? "other" : ""));
                std::filesystem::remove(folder / "other");
                std::filesystem::remove(folder / "file");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_folder_in_which_no_part_can_be_made)
{
    test::scripted_server server(test::answer_always(test::ok(large())));
    const test::outcome seen = test::started(downloads, server.url("/"), "/dev/fd/-1").wait();
    BOOST_TEST((seen.code == std::errc::no_such_file_or_directory), seen);
}

// What is to be remembered has no room: the file is there all the same.
BOOST_AUTO_TEST_CASE(an_url_and_a_tag_that_are_too_long_to_be_remembered)
{
    for (const bool resume : {false, true}) {
        const std::string fields = "ETag: \"" + std::string(40'000, 't') + "\"\r\n";
        test::scripted_server server(test::answer_always(test::ok(large(), fields)));
        auto options = test::once();
        options.resume = resume;
        check_complete(get(server.url("/" + std::string(40'000, 'u')), options), large());
        std::filesystem::remove(folder / "file");
        test::scripted_server breaking(test::answer_once(test::broken_off(large(), large().size() / 2, fields)));
        check_failed(get(breaking.url("/" + std::string(40'000, 'u')), options), errc::truncated_body);
    }
}

BOOST_AUTO_TEST_SUITE_END()
