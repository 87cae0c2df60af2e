#include "http/fixture.hpp"
#include "http/serve.hpp"

#include <functional>

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>

using tandem::http::errc;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(resume, test::fixture)

namespace {

const std::string tag = "ETag: \"one\"\r\n";
const std::string new_tag = "ETag: \"two\"\r\n";
constexpr std::size_t sent = 1'500'000;

const std::string& old_bytes()
{
    static const std::string result = test::noise(2'000'003);
    return result;
}

const std::string& new_bytes()
{
    static const std::string result(2'000'003, 'n');
    return result;
}

/// Answers the first request with a beginning, the others as told.
struct interrupting
{
    std::function<std::string(const std::string& request)> then;
    std::string first_fields = tag;
    test::request_log log{};

    test::scripted_server::script script()
    {
        return [this](test::peer& peer) {
            for (std::string request; !(request = peer.read_request()).empty();) {
                if (log.add(request) == 1) {
                    peer.send(test::broken_off(old_bytes(), sent, first_fields));
                    return;
                }
                if (!peer.send(then(request))) {
                    return;
                }
            }
        };
    }
};

std::pair<std::size_t, std::size_t> range(const std::string& request)
{
    return test::range_of(request, old_bytes().size()).value();
}

struct row
{
    const char* name;
    std::function<std::string(const std::string& request)> to_range;
    bool is_old = false; ///< what is there in the end
};

const std::vector<row>& rows()
{
    static const std::vector<row> all = {
        {"the rest", [](const std::string& r) { return test::part_of(old_bytes(), range(r), tag); }, true},
        {"changed: the whole", [](const std::string&) { return test::ok(new_bytes(), new_tag); }},
        {"changed, If-Range ignored: another tag",
         [](const std::string& r) { return test::part_of(new_bytes(), range(r), new_tag); }},
        {"changed, If-Range ignored: no tag",
         [](const std::string& r) { return test::part_of(new_bytes(), range(r), ""); }},
        {"the tag has become weak",
         [](const std::string& r) { return test::part_of(new_bytes(), range(r), "ETag: W/\"one\"\r\n"); }},
        {"another beginning",
         [](const std::string& r) {
             return test::part_of(old_bytes(), {range(r).first + 1, range(r).second}, tag);
         }},
        {"another end",
         [](const std::string& r) {
             return test::part_of(old_bytes(), {range(r).first, range(r).second - 1}, tag);
         }},
        {"another total", [](const std::string& r) { return test::part_of(old_bytes() + "x", range(r), tag); }},
        {"no Content-Range",
         [](const std::string& r) {
             return "HTTP/1.1 206 Partial Content\r\n" + tag + "Content-Length: 3\r\n\r\n" + std::string(r, 0, 3);
         }},
        {"416",
         [](const std::string&) {
             return "HTTP/1.1 416 No\r\nContent-Range: bytes */" + std::to_string(old_bytes().size()) +
                    "\r\nContent-Length: 0\r\n\r\n";
         }},
    };
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_next_download_goes_on_or_begins_anew)
{
    for (const row& each : rows()) {
        BOOST_TEST_CONTEXT(each.name)
        {
            interrupting server_script;
            server_script.then = [&](const std::string& request) {
                return test::field_of(request, "Range").empty() ? test::ok(new_bytes(), new_tag)
                                                                : each.to_range(request);
            };
            test::scripted_server server(server_script.script());
            test::outcome seen = get(server.url("/file"));
            BOOST_TEST((seen.code == errc::truncated_body), seen);
            BOOST_TEST(listing() == "file.part file.part.from");
            BOOST_TEST((content("file.part") == old_bytes().substr(0, sent)));

            seen = get(server.url("/file"));
            check_complete(seen, each.is_old ? old_bytes() : new_bytes());
            BOOST_REQUIRE(seen.report);
            BOOST_TEST(seen.report->resumed_at == (each.is_old ? sent : 0u));
            const auto requests = server_script.log.all();
            BOOST_TEST(test::field_of(requests.at(1), "Range") == "bytes=" + std::to_string(sent) + '-');
            BOOST_TEST(test::field_of(requests.at(1), "If-Range") == "\"one\"");
            std::filesystem::remove(folder / "file");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_retry_goes_on_too)
{
    interrupting server_script;
    server_script.then = [](const std::string& request) { return test::part_of(old_bytes(), range(request), tag); };
    test::scripted_server server(server_script.script());
    const test::outcome seen = get(server.url("/"), test::tries(1));
    check_complete(seen, old_bytes());
    BOOST_TEST(seen.report->retries == 1u);
    BOOST_TEST(seen.report->resumed_at == 0u);
    BOOST_TEST(seen.report->received == old_bytes().size());
}

BOOST_AUTO_TEST_CASE(nothing_is_left_without_a_strong_tag)
{
    for (const char* fields :
         {"", "ETag: W/\"one\"\r\n", "ETag: one\r\n", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"}) {
        BOOST_TEST_CONTEXT(fields)
        {
            interrupting server_script;
            server_script.first_fields = fields;
            server_script.then = [](const std::string&) { return test::ok(new_bytes()); };
            test::scripted_server server(server_script.script());
            check_failed(get(server.url("/")), errc::truncated_body);
            check_complete(get(server.url("/")), new_bytes());
            BOOST_TEST(test::field_of(server_script.log.all().at(1), "Range") == "");
            std::filesystem::remove(folder / "file");
        }
    }
}

// The tag is of what is stored, and so is its part.
BOOST_AUTO_TEST_CASE(what_is_stored_encoded_goes_on_encoded)
{
    const std::string gzip = "Content-Encoding: gzip\r\n";
    struct stored_row
    {
        std::string first;
        std::string rest;
        bool goes_on;
    };
    for (const stored_row& each :
         {stored_row{tag + gzip, tag + gzip, true}, stored_row{tag + gzip, tag, false},
          stored_row{tag, tag + gzip, false}, stored_row{tag + gzip, tag + "Content-Encoding: br\r\n", false}}) {
        for (const bool compressed : {false, true}) {
            BOOST_TEST_CONTEXT(each.first << "then " << each.rest << "compressed " << compressed)
            {
                interrupting server_script;
                server_script.first_fields = each.first;
                server_script.then = [&](const std::string& request) {
                    return test::field_of(request, "Range").empty()
                               ? test::ok(new_bytes(), new_tag)
                               : test::part_of(old_bytes(), range(request), each.rest);
                };
                test::scripted_server server(server_script.script());
                tandem::http::download_options options = test::once();
                options.compressed = compressed;
                const auto target = folder / "file.gz";
                test::started(downloads, server.url("/file"), target, options).wait();
                BOOST_TEST(listing() == "file.gz.part file.gz.part.from");
                const test::outcome seen = test::started(downloads, server.url("/file"), target, options).wait();
                BOOST_REQUIRE_MESSAGE(seen.report.has_value(), seen);
                BOOST_TEST((content("file.gz") == (each.goes_on ? old_bytes() : new_bytes())), seen);
                BOOST_TEST(seen.report->resumed_at == (each.goes_on ? sent : 0u));
                BOOST_TEST(seen.report->encoding.has_value() == each.goes_on);
                BOOST_TEST(seen.report->warnings.empty());
                std::filesystem::remove(target);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_decoded_does_not_go_on)
{
    interrupting server_script;
    server_script.first_fields = tag + "Content-Encoding: gzip\r\n";
    test::scripted_server server(server_script.script());
    tandem::http::download_options options = test::once();
    options.compressed = true;
    BOOST_TEST(!get(server.url("/"), options).report.has_value());
    BOOST_TEST(listing() == "");
}

BOOST_AUTO_TEST_CASE(what_is_left_survives_other_failures)
{
    interrupting server_script;
    server_script.then = [](const std::string&) { return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"; };
    test::scripted_server server(server_script.script());
    get(server.url("/"));
    BOOST_TEST((get(server.url("/")).code == errc::bad_status));
    BOOST_TEST(listing() == "file.part file.part.from");
    BOOST_TEST((content("file.part") == old_bytes().substr(0, sent)));
}

BOOST_AUTO_TEST_CASE(only_its_own_url_goes_on)
{
    interrupting server_script;
    server_script.then = [](const std::string&) { return test::ok(new_bytes(), tag); };
    test::scripted_server server(server_script.script());
    get(server.url("/a"));
    check_complete(get(server.url("/b")), new_bytes());
    BOOST_TEST(test::field_of(server_script.log.all().at(1), "Range") == "");
}

BOOST_AUTO_TEST_CASE(not_when_it_is_not_wanted)
{
    interrupting server_script;
    server_script.then = [](const std::string&) { return test::ok(new_bytes(), tag); };
    test::scripted_server server(server_script.script());
    get(server.url("/"));
    tandem::http::download_options options = test::once();
    options.resume = false;
    check_complete(get(server.url("/"), options), new_bytes());
    BOOST_TEST(test::field_of(server_script.log.all().at(1), "Range") == "");
}

BOOST_AUTO_TEST_CASE(a_part_that_only_lacks_its_name)
{
    interrupting server_script;
    server_script.then = [](const std::string& request) { return test::part_of(old_bytes(), range(request), tag); };
    test::scripted_server server(server_script.script());
    get(server.url("/"));
    std::ofstream(folder / "file.part", std::ios::binary | std::ios::app) << old_bytes().substr(sent);
    const test::outcome seen = get(server.url("/"));
    check_complete(seen, old_bytes());
    BOOST_TEST(seen.report->received == 1u);
}

BOOST_AUTO_TEST_CASE(from_before_the_system_was_started_anew)
{
    interrupting server_script;
    server_script.then = [](const std::string&) { return test::ok(new_bytes(), tag); };
    test::scripted_server server(server_script.script());
    get(server.url("/"));
    // Another boot's, of the same length.
    std::string record = content("file.part.from");
    const std::size_t at = record.find("\nboot ");
    BOOST_REQUIRE(at != record.npos);
    record[at + 6] = record[at + 6] == '0' ? '1' : '0';
    put("file.part.from", record);
    check_complete(get(server.url("/")), new_bytes());
    BOOST_TEST(test::field_of(server_script.log.all().at(1), "Range") == "");
}

BOOST_AUTO_TEST_CASE(what_begins_anew_is_not_what_an_older_record_tells_of)
{
    // The system fails when it has begun anew. Names are on the disk, and a file's length, but not what was written last: to
    // the file and to the record.
    constexpr std::size_t sent_later = 1'200'000;
    test::request_log log;
    test::scripted_server server([&](test::peer& peer) {
        for (std::string request; !(request = peer.read_request()).empty();) {
            switch (log.add(request)) {
            case 1:
                peer.send(test::broken_off(old_bytes(), sent, tag));
                return;
            case 2:
                peer.send("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n");
                break;
            case 3:
                peer.send(test::broken_off(old_bytes(), sent_later, tag));
                return;
            default:
                peer.send(test::field_of(request, "Range").empty() ? test::ok(old_bytes(), tag)
                                                                   : test::part_of(old_bytes(), range(request), tag));
            }
        }
    });
    tandem::http::download_options options = test::once();
    options.sync = true;
    test::outcome seen = get(server.url("/"), options);
    BOOST_TEST((seen.code == errc::truncated_body), seen);
    const std::string record = content("file.part.from");
    BOOST_TEST((record.find("good 00000000000001500000\n") != record.npos), record);
    const auto number_of_record = [this] {
        struct stat status
        {
        };
        BOOST_REQUIRE(::stat((folder / "file.part.from").c_str(), &status) == 0);
        return status.st_ino;
    };
    const ino_t number = number_of_record();
    const std::ifstream held(folder / "file.part.from"); // so that the number is not used again
    seen = get(server.url("/"), options);
    BOOST_TEST((seen.code == errc::truncated_body), seen);
    BOOST_TEST(listing() == "file.part file.part.from");
    put("file.part.from", number_of_record() == number ? record : "");
    std::filesystem::resize_file(folder / "file.part", sent);
    check_complete(get(server.url("/"), options), old_bytes());
}

BOOST_AUTO_TEST_CASE(with_a_checksum_of_the_whole)
{
    interrupting server_script;
    server_script.then = [](const std::string& request) {
        return test::field_of(request, "Range").empty() ? test::ok(old_bytes(), tag)
                                                        : test::part_of(old_bytes(), range(request), tag);
    };
    test::scripted_server server(server_script.script());
    tandem::http::download_options options = test::once();
    options.expected = tandem::http::checksum::parse("md5=" + test::md5(old_bytes()));
    get(server.url("/"), options);
    test::outcome seen = get(server.url("/"), options);
    check_complete(seen, old_bytes());
    BOOST_TEST(seen.report->resumed_at == sent);
    std::filesystem::remove(folder / "file");

    // Bytes that have changed on the disk are found out, and healed.
    server_script.log.clear();
    get(server.url("/"), options);
    std::fstream(folder / "file.part", std::ios::binary | std::ios::in | std::ios::out) << "damage";
    seen = get(server.url("/"), options);
    check_complete(seen, old_bytes());
    BOOST_TEST(seen.report->resumed_at == 0u);
}

BOOST_AUTO_TEST_CASE(killed_in_the_middle)
{
    test::request_log log;
    test::scripted_server server([&](test::peer& peer) {
        const std::string request = peer.read_request();
        if (log.add(request) == 1) {
            peer.send(test::broken_off(old_bytes(), sent, tag));
            peer.wait_for_end();
        } else {
            peer.send(test::part_of(old_bytes(), range(request), tag));
        }
    });
    const std::string url = server.url("/");
    const std::string target = folder / "file";
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        ::execl("/proc/self/exe", "test_http", "--download", url.c_str(), target.c_str(), nullptr);
        ::_exit(1);
    }
    for (int i = 0; i != 20'000 && content("file.part").size() < sent; ++i) {
        std::this_thread::sleep_for(1ms);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    BOOST_TEST(listing() == "file.part file.part.from");
    const test::outcome seen = get(url);
    check_complete(seen, old_bytes());
    BOOST_TEST(seen.report->resumed_at == sent);
}

BOOST_AUTO_TEST_SUITE_END()
