// What a server may do to a download that was interrupted: the first run leaves a .part, the second is the row's.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <mutex>

using namespace test;

BOOST_AUTO_TEST_SUITE(resuming)

namespace {

const std::string bytes = noise(3'000'000);
const std::string others = [] {
    std::string result = bytes;
    for (char& c : result) {
        c = static_cast<char>(~c);
    }
    return result;
}();
constexpr std::size_t sent = 2'000'000;
const std::string tag = "ETag: \"one\"\r\n";
const std::string new_tag = "ETag: \"two\"\r\n";

/// The value of a field of a request.
std::string field(const std::string& request, const std::string& name)
{
    const std::size_t at = request.find("\r\n" + name + ": ");
    if (at == request.npos) {
        return {};
    }
    const std::size_t begin = at + name.size() + 4;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

/// Where the client asks to go on; 0 where it asks for all.
std::size_t asked_from(const std::string& request)
{
    const std::string range = field(request, "Range");
    return range.empty() ? 0 : std::stoul(range.substr(std::string("bytes=").size()));
}

std::string part(const std::string& of, std::size_t from, const std::string& content_range, const std::string& fields)
{
    return "HTTP/1.1 206 Partial Content\r\n" +
           (content_range.empty() ? "" : "Content-Range: " + content_range + "\r\n") + fields +
           "Content-Length: " + std::to_string(of.size() - from) + "\r\n\r\n" + of.substr(from);
}

std::string range_from(std::size_t from, std::size_t last = bytes.size() - 1, std::size_t total = bytes.size())
{
    return "bytes " + std::to_string(from) + '-' + std::to_string(last) + '/' + std::to_string(total);
}

struct resumed
{
    std::string name;
    /// The answer to a request for what is after `from`.
    std::function<std::string(std::size_t from)> answer_part;
    /// The answer to one for all.
    std::string answer_all;
    int status = 0;
    tree files{};
    std::vector<std::string> says{};
    std::string first_fields = tag;
    bool asks_for_part = true;
    std::string if_range = "\"one\"";
};

const std::string changed = "Wed, 21 Oct 2015 07:28:00 GMT";
const std::string date = "Last-Modified: " + changed + "\r\n";
const std::string new_date = "Last-Modified: Wed, 21 Oct 2015 07:28:01 GMT\r\n";
/// So long after that as is needed.
const std::string dated = date + "Date: Wed, 21 Oct 2015 07:29:00 GMT\r\n";

/// By `dated`: what the second answer is to a request for a part.
resumed by_date(const std::string& name, const std::function<std::string(std::size_t)>& answer_part, const tree& files)
{
    return {name, answer_part, ok(others, new_date), 0, files, {}, dated, true, changed};
}

/// Where the first answer has these fields, no part is asked for.
resumed not_by(const std::string& name, const std::string& fields)
{
    return {name, [](std::size_t) { return std::string(); }, ok(others), 0, {{"file", others}}, {}, fields, false};
}

const std::string all_new = ok(others, new_tag);
const tree the_new = {{"file", others}};
const tree the_old = {{"file", bytes}};

const std::vector<resumed> rows = {
    {"the rest", [](std::size_t from) { return part(bytes, from, range_from(from), tag); }, all_new, 0, the_old},
    {"the rest of another, with no tag", [](std::size_t from) { return part(others, from, range_from(from), ""); },
     all_new, 0, the_new},
    {"the whole, because it changed", [](std::size_t) { return all_new; }, all_new, 0, the_new},
    {"the whole, because ranges are not known", [](std::size_t) { return ok(bytes); }, all_new, 0, the_old},
    {"the whole, as the same", [](std::size_t) { return ok(bytes, tag); }, all_new, 0, the_old},
    {"the rest of another", [](std::size_t from) { return part(others, from, range_from(from), new_tag); }, all_new, 0,
     the_new},
    {"the rest of another, weakly the same",
     [](std::size_t from) { return part(others, from, range_from(from), "ETag: W/\"one\"\r\n"); }, all_new, 0, the_new},
    {"another total",
     [](std::size_t from) {
         return part(bytes + "more", from, range_from(from, bytes.size() + 3, bytes.size() + 4), tag);
     },
     all_new, 0, the_new},
    {"another beginning", [](std::size_t from) { return part(bytes, from - 1, range_from(from - 1), tag); }, all_new, 0,
     the_new},
    {"the beginning", [](std::size_t) { return part(bytes, 0, range_from(0), tag); }, all_new, 0, the_new},
    {"a later beginning", [](std::size_t from) { return part(bytes, from + 1, range_from(from + 1), tag); }, all_new, 0,
     the_new},
    {"an end beyond the total",
     [](std::size_t from) { return part(bytes, from, range_from(from, bytes.size(), bytes.size()), tag); }, all_new, 0,
     the_new},
    {"an end before the beginning", [](std::size_t from) { return part(bytes, from, range_from(from, from - 1), tag); },
     all_new, 0, the_new},
    {"no Content-Range", [](std::size_t from) { return part(bytes, from, "", tag); }, all_new, 0, the_new},
    {"two that differ",
     [](std::size_t from) {
         return part(bytes, from, range_from(from), "Content-Range: " + range_from(from + 1) + "\r\n" + tag);
     },
     all_new, 0, the_new},
    {"another unit", [](std::size_t from) { return part(bytes, from, "lines 1-2/3", tag); }, all_new, 0, the_new},
    {"no numbers", [](std::size_t from) { return part(bytes, from, "bytes a-b/c", tag); }, all_new, 0, the_new},
    {"negative numbers", [](std::size_t from) { return part(bytes, from, "bytes -1-2/3", tag); }, all_new, 0, the_new},
    {"numbers over 64 bits",
     [](std::size_t from) {
         return part(bytes, from, "bytes 18446744073711551616-18446744073712551615/18446744073712551616", tag);
     },
     all_new, 0, the_new},
    {"several parts",
     [](std::size_t from) { return part(bytes, from, "", tag + "Content-Type: multipart/byteranges; boundary=x\r\n"); },
     all_new, 0, the_new},
    {"416", [](std::size_t) { return "HTTP/1.1 416 No\r\nContent-Range: bytes */100\r\nContent-Length: 0\r\n\r\n"; },
     all_new, 0, the_new},
    {"416 to everything",
     [](std::size_t) { return "HTTP/1.1 416 No\r\nContent-Range: bytes */100\r\nContent-Length: 0\r\n\r\n"; },
     "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n",
     1,
     {},
     {"416"}},
    {"404 now",
     [](std::size_t) { return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"; },
     "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
     1,
     {{"file.part", anything}, {"file.part.from", anything}},
     {"404"}},
    {"the rest, encoded",
     [](std::size_t from) { return part(bytes, from, range_from(from), tag + "Content-Encoding: gzip\r\n"); }, all_new,
     0, the_new},
    {"a weak tag",
     [](std::size_t from) { return part(others, from, range_from(from), "ETag: W/\"one\"\r\n"); },
     all_new,
     0,
     the_new,
     {},
     "ETag: W/\"one\"\r\n",
     false},
    {"no tag",
     [](std::size_t from) { return part(others, from, range_from(from), ""); },
     all_new,
     0,
     the_new,
     {},
     "",
     false},
    {"only a date",
     [](std::size_t from) { return part(others, from, range_from(from), ""); },
     all_new,
     0,
     the_new,
     {},
     "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
     false},
    by_date("the rest, by its date",
            [](std::size_t from) { return part(bytes, from, range_from(from), date); }, the_old),
    by_date("the whole, because its date changed", [](std::size_t) { return ok(others, new_date); }, the_new),
    by_date("the rest of another, by its date",
            [](std::size_t from) { return part(others, from, range_from(from), new_date); }, the_new),
    by_date("the rest without a date",
            [](std::size_t from) { return part(others, from, range_from(from), ""); }, the_new),
    by_date("the rest with a tag now",
            [](std::size_t from) { return part(others, from, range_from(from), date + tag); }, the_new),
    by_date("another total, with the same date",
            [](std::size_t from) {
                return part(bytes + "more", from, range_from(from, bytes.size() + 3, bytes.size() + 4), date);
            },
            the_new),
    not_by("a date of a moment ago", date + "Date: Wed, 21 Oct 2015 07:28:59 GMT\r\n"),
    not_by("a date to come", date + "Date: Wed, 21 Oct 2015 07:27:00 GMT\r\n"),
    not_by("a date beside a weak tag", dated + "ETag: W/\"one\"\r\n"),
    not_by("two dates", dated + new_date),
    not_by("a date that is none", "Last-Modified: yesterday\r\nDate: Wed, 21 Oct 2015 07:29:00 GMT\r\n"),
    not_by("a date, of an answer without one that is one", date + "Date: today\r\n"),
    {"a tag without quotes",
     [](std::size_t from) { return part(others, from, range_from(from), "ETag: one\r\n"); },
     all_new,
     0,
     the_new,
     {},
     "ETag: one\r\n",
     false},
};

/// Breaks off the first answer, and answers what follows as the row says.
struct interrupting_server
{
    explicit interrupting_server(const resumed& of) : row_(of) {}

    void operator()(peer& client)
    {
        for (std::string request; !(request = client.read_request()).empty();) {
            int number = 0;
            {
                std::lock_guard guard(mutex_);
                number = static_cast<int>(requests_.size());
                requests_.push_back(request);
            }
            if (number == 0) {
                client.send(answer(row_.first_fields + "Content-Length: " + std::to_string(bytes.size()) + "\r\n",
                                   bytes.substr(0, sent)));
                return;
            }
            const std::size_t from = asked_from(request);
            if (!client.send(from == 0 ? row_.answer_all : row_.answer_part(from))) {
                return;
            }
        }
    }

    std::vector<std::string> requests()
    {
        std::lock_guard guard(mutex_);
        return requests_;
    }

private:
    const resumed& row_;
    std::mutex mutex_;
    std::vector<std::string> requests_;
};

} // namespace

// By number: a case keeps several copies of its sample, and a row holds megabytes.
BOOST_DATA_TEST_CASE(each, boost::unit_test::data::xrange(rows.size()), number)
{
    const resumed& r = rows[number];
    BOOST_TEST_INFO_SCOPE(r.name);
    const sandbox box;
    interrupting_server hostile(r);
    const scripted_server server([&](peer& client) { hostile(client); });
    const std::string url = server.url("/file");
    box.check_ended(box.get({url}), 1, {url, "before the body was complete"});
    if (r.asks_for_part) {
        const tree left = box.there();
        BOOST_TEST((left.size() == 2 && left.count("file.part") == 1 && left.count("file.part.from") == 1),
                   "there are " << left.size() << " files");
        box.check_there({{"file.part", bytes.substr(0, sent)}, {"file.part.from", anything}});
    } else {
        box.check_there({});
    }

    box.check_ended(box.get({url}), r.status, r.says);
    box.check_there(r.files);
    const std::vector<std::string> requests = hostile.requests();
    BOOST_TEST_REQUIRE(requests.size() >= 2u);
    if (r.asks_for_part) {
        BOOST_TEST(field(requests[1], "Range") == "bytes=" + std::to_string(sent) + "-");
        BOOST_TEST(field(requests[1], "If-Range") == r.if_range);
    }
    for (const std::string& one : requests) {
        BOOST_TEST((field(one, "Range").empty() == field(one, "If-Range").empty()), one);
        BOOST_TEST((r.asks_for_part || field(one, "Range").empty()), one);
    }
}

// The rest breaks off as well: what there is grows, and the third run has the file.
BOOST_AUTO_TEST_CASE(a_rest_that_breaks_off_too)
{
    const sandbox box;
    std::atomic<int> number{0};
    const scripted_server server([&](peer& client) {
        const std::size_t from = asked_from(client.read_request());
        const int now = number++;
        const std::string whole = now == 0
                                      ? answer(tag + "Content-Length: " + std::to_string(bytes.size()) + "\r\n", bytes)
                                      : part(bytes, from, range_from(from), tag);
        client.send(now == 2 ? whole : whole.substr(0, now == 0 ? sent : 500'000));
    });
    const std::string url = server.url("/file");
    box.check_ended(box.get({url}), 1, {url});
    box.check_ended(box.get({url}), 1, {url});
    const tree left = box.there();
    BOOST_TEST_REQUIRE(left.count("file.part") == 1u);
    BOOST_TEST(left.at("file.part").size() > sent);
    BOOST_TEST((bytes.starts_with(left.at("file.part"))));
    box.check_ended(box.get({url}), 0);
    box.check_there(the_old);
}

BOOST_AUTO_TEST_CASE(a_rest_that_is_too_long)
{
    const sandbox box;
    std::atomic<int> number{0};
    const scripted_server server([&](peer& client) {
        const std::size_t from = asked_from(client.read_request());
        if (number++ == 0) {
            client.send(
                answer(tag + "Content-Length: " + std::to_string(bytes.size()) + "\r\n", bytes.substr(0, sent)));
        } else {
            client.send(part(bytes, from, range_from(from), tag) + "and more");
        }
    });
    const std::string url = server.url("/file");
    box.check_ended(box.get({url}), 1, {url});
    box.check_ended(box.get({url}), 1, {url, "more than it promised"});
    const tree left = box.there();
    BOOST_TEST(left.count("file") == 0u);
}

// A .part of another URL, or one that was changed, is not gone on from.
BOOST_AUTO_TEST_CASE(a_part_of_another_url)
{
    const sandbox box;
    std::atomic<int> number{0};
    std::mutex mutex;
    std::string second;
    const scripted_server server([&](peer& client) {
        const std::string request = client.read_request();
        if (number++ == 0) {
            client.send(
                answer(tag + "Content-Length: " + std::to_string(bytes.size()) + "\r\n", bytes.substr(0, sent)));
        } else {
            std::lock_guard guard(mutex);
            second = request;
            client.send(ok(others, tag));
        }
    });
    box.check_ended(box.get({server.url("/a/file")}), 1);
    box.check_ended(box.get({server.url("/b/file")}), 0);
    box.check_there(the_new);
    std::lock_guard guard(mutex);
    BOOST_TEST(field(second, "Range") == "");
}

BOOST_AUTO_TEST_CASE(a_part_whose_origin_is_garbled)
{
    for (const std::string& garbage : {std::string(), std::string("garbage"), std::string(100'000, 'x'),
                                       std::string("\0\0\0\0", 4), std::string("{\"url\":")}) {
        BOOST_TEST_CONTEXT(garbage.substr(0, 20))
        {
            const sandbox box;
            const scripted_server server([&](peer& client) {
                const std::size_t from = asked_from(client.read_request());
                client.send(from == 0 ? ok(others, tag) : part(others, from, range_from(from), tag));
            });
            write_file(box.files() / "file.part", bytes.substr(0, sent));
            write_file(box.files() / "file.part.from", garbage);
            box.check_ended(box.get({server.url("/file")}), 0);
            box.check_there(the_new);
        }
    }
}

BOOST_AUTO_TEST_CASE(strict_resume)
{
    for (const bool strict_first : {true, false}) {
        const sandbox box;
        std::atomic<int> ranges{0};
        std::atomic<int> number{0};
        const scripted_server server([&](peer& client) {
            ranges += asked_from(client.read_request()) != 0 ? 1 : 0;
            if (number++ == 0) {
                client.send(
                    answer(dated + "Content-Length: " + std::to_string(bytes.size()) + "\r\n", bytes.substr(0, sent)));
            } else {
                client.send(ok(others, dated));
            }
        });
        std::vector<std::string> arguments = {server.url("/file")};
        if (strict_first) {
            arguments.push_back("--strict-resume");
        }
        box.check_ended(box.get(arguments), 1);
        BOOST_TEST(box.there().size() == (strict_first ? 0u : 2u));
        box.check_ended(box.get({"--strict-resume", server.url("/file")}), 0);
        box.check_there(the_new);
        BOOST_TEST(ranges == 0);
    }
}

BOOST_AUTO_TEST_CASE(no_resume)
{
    const sandbox box;
    std::atomic<int> number{0};
    const scripted_server server([&](peer& client) {
        const std::size_t from = asked_from(client.read_request());
        if (number++ == 0) {
            client.send(
                answer(tag + "Content-Length: " + std::to_string(bytes.size()) + "\r\n", bytes.substr(0, sent)));
        } else {
            client.send(from == 0 ? ok(others, new_tag) : part(bytes, from, range_from(from), tag));
        }
    });
    box.check_ended(box.get({server.url("/file")}), 1);
    box.check_ended(box.get({"--no-resume", server.url("/file")}), 0);
    box.check_there(the_new);
}

BOOST_AUTO_TEST_SUITE_END()
