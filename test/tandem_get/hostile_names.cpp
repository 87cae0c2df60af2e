// Names that a server or a URL would have a file saved under.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace test;

BOOST_AUTO_TEST_SUITE(names)

namespace {

/// A URL's path, and the one file that it makes.
row url(const std::string& path, const std::string& file)
{
    row result{"the path " + path.substr(0, 60), answer_always(ok("bytes")), 0, {{file, "bytes"}}};
    result.path = path;
    return result;
}

/// A Content-Disposition, and the one file that it makes.
row header(const std::string& value, const std::string& file)
{
    row result{"Content-Disposition: " + value.substr(0, 60),
               answer_always(ok("bytes", "Content-Disposition: " + value + "\r\n")),
               0,
               {{file, "bytes"}}};
    result.options = {"--content-disposition"};
    return result;
}

const std::string long_name(300, 'n');

const std::vector<row> rows = {
    url("/plain.txt", "plain.txt"),
    url("/", "index.html"),
    url("", "index.html"),
    url("/folder/", "index.html"),
    url("/?query", "index.html"),
    url("/name?a=/b/c", "name"),
    url("/name#a/b/c", "name"),
    url("/a/..", "index.html"),
    url("/..", "index.html"),
    url("/../../../../evil", "evil"),
    url("/%2e%2e", "index.html"),
    url("/%2e", "index.html"),
    url("/..%2fevil", "_._evil"),
    url("/..%2F..%2F..%2Fevil", "_._.._.._evil"),
    url("/%2e%2e%2fevil", "_._evil"),
    url("/%2fetc%2fpasswd", "_etc_passwd"),
    url("/a%2fb", "a_b"),
    url("/..%5cevil", "_._evil"),
    url("/a\\b", "a_b"),
    url("/%252e%252e%252fevil", "%2e%2e%2fevil"),
    url("/a%00b.txt", "a_b.txt"),
    url("/%00", "_"),
    url("/a%0ab%0dc%1b%7f", "a_b_c__"),
    url("/%1b%5b2J", "_[2J"),
    url("/a%e2%80%aefdp.exe", "a_fdp.exe"),                                 // looks like "aexe.pdf"
    url("/a\xe2\x80\xae.txt", "a_.txt"),                                   // the same, not encoded
    url("/a%e2%81%a6b%e2%81%a9%e2%80%8e%e2%80%8f%d8%9c", "a_b____"),        // isolates, marks
    url("/a%e2%80%8b%e2%80%8c%e2%80%8d%e2%81%a0%ef%bb%bf.txt", "a_____.txt"), // nothing is seen
    url("/%ef%bb%bf", "_"),
    url("/a%c2%9b31m%c2%85", "a_31m_"), // C1
    url("/a%ed%a0%80%c0%af%f5", "a______"), // a surrogate, an overlong slash, no UTF-8
    url("/-rf", "-rf"),
    url("/~", "~"),
    url("/%c3%bc", "\xc3\xbc"),
    url("/" + long_name + ".txt", long_name.substr(0, 236) + ".txt"),
    url("/" + long_name, long_name.substr(0, 240)),
    header("attachment; filename=plain.txt", "plain.txt"),
    header("attachment; filename=\"with space.txt\"", "with space.txt"),
    header("inline", "file"),
    header("attachment; filename=", "file"),
    header("attachment; filename=\"\"", "file"),
    header("attachment; filename=\"..\"", "index.html"),
    header("attachment; filename=\".\"", "index.html"),
    header("attachment; filename=\"/\"", "_"),
    header("attachment; filename*=UTF-8''%c3%bc.txt", "\xc3\xbc.txt"),
    header("attachment; filename=plain.txt; filename*=UTF-8''%c3%bc.txt", "\xc3\xbc.txt"),
    header("attachment; filename*=UTF-8''a%00b%0a%1b", "a_b__"),
    header("attachment; filename*=UTF-8''a%e2%80%aefdp.exe", "a_fdp.exe"),
    header("attachment; filename=\"a\xe2\x80\xae\xe2\x80\x8b.exe\"", "a__.exe"),
};

/// Each asks for a file outside the folder, or for one that nobody may be given.
const std::vector<std::string> malicious = {
    "attachment; filename=\"../evil\"",
    "attachment; filename=\"../../../evil\"",
    "attachment; filename=../evil",
    "attachment; filename=\"/tmp/evil\"",
    "attachment; filename=\"..\\\\evil\"",
    "attachment; filename=\"..\\evil\"",
    "attachment; filename=\"a/../../evil\"",
    "attachment; filename=\"..\\/evil\"",
    "attachment; filename*=UTF-8''..%2fevil",
    "attachment; filename*=UTF-8''%2e%2e%2fevil",
    "attachment; filename*=UTF-8''%2ftmp%2fevil",
    "attachment; filename*=UTF-8''..%5cevil",
    "attachment; filename*=UTF-8''%ff%fe",
    "attachment; filename*=ISO-8859-1''..%2fevil",
    "attachment; filename*=utf-7''+AC4ALgAv-evil",
    "attachment; filename*=''",
    "attachment; filename*=UTF-8''%",
    "attachment; filename*=UTF-8''%zz",
    "attachment; filename=\"" + long_name + "/" + long_name + "\"",
    "attachment; filename=\"" + long_name + "\"",
    "attachment; filename=\"unfinished",
    "attachment; filename=\"a\x1b[31m\"",
    "attachment; filename=\"a\tb\"",
    "attachment; filename=a; filename=../evil",
    "attachment; filename=\"evil.part\"",
    "attachment; filename=\"evil.part.from\"",
    "; ; ;filename",
    "filename=../evil",
    std::string(20'000, ';'),
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_DATA_TEST_CASE(malicious_disposition, boost::unit_test::data::make(malicious), value)
{
    const sandbox box;
    const scripted_server server(answer_always(ok("bytes", "Content-Disposition: " + value + "\r\n")));
    const ended seen = box.get({"--content-disposition", server.url("/file")});
    const tree there = box.there();
    box.check_ended(seen, seen.status == 0 ? 0 : 1);
    BOOST_TEST(there.size() == (seen.status == 0 ? 1u : 0u));
    for (const auto& [name, bytes] : there) {
        BOOST_TEST((name.find_first_of("/\\") == name.npos), name);
        BOOST_TEST((!name.starts_with('.') && name.size() <= 240), name);
        BOOST_TEST((!name.ends_with(".part") && !name.ends_with(".part.from")), name);
        BOOST_TEST(bytes == "bytes");
        for (const char c : name) {
            BOOST_TEST((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f), name);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_disposition_is_not_asked_without_the_option)
{
    const sandbox box;
    const scripted_server server(answer_always(ok("bytes", "Content-Disposition: attachment; filename=other\r\n")));
    box.check_ended(box.get({server.url("/file")}), 0);
    box.check_there({{"file", "bytes"}});
}

// A reason, a Location, a field's value, a name on the disk, a line of a list.
BOOST_AUTO_TEST_CASE(what_a_server_says_is_what_it_seems)
{
    const std::string evil = "a\xe2\x80\xae\xe2\x80\x8b\xef\xbb\xbf\xc2\x9b" "b";
    const std::vector<scripted_server::script> scripts = {
        answer_always("HTTP/1.1 404 " + evil + "\r\nContent-Length: 0\r\n\r\n"),
        answer_always("HTTP/1.1 302 Found\r\nLocation: http://[" + evil + "\r\nContent-Length: 0\r\n\r\n"),
        answer_always("HTTP/1.1 302 Found\r\nLocation: http://" + evil + "/\r\nContent-Length: 0\r\n\r\n"),
        answer_always(ok("bytes", "Transfer-Encoding: " + evil + "\r\n")),
        answer_always(ok("bytes")),
    };
    for (const scripted_server::script& script : scripts) {
        const sandbox box;
        const scripted_server server(script);
        write_file(box.own() / "list", server.url("/" + evil) + "\n" + server.url("/x") + ' ' + evil + '\n');
        const ended seen = box.get({"--json", "-", "-i", (box.own() / "list").string()});
        BOOST_TEST_CONTEXT(seen)
        {
            BOOST_TEST(seen.status == 1);
            BOOST_TEST(!seen.out.empty());
            for (const std::string& said : {seen.out, seen.err}) {
                for (const char* const part : {"\xe2\x80\xae", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xc2\x9b"}) {
                    BOOST_TEST((said.find(part) == said.npos));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_list_names_nothing_outside)
{
    for (const std::string& out : {std::string("out=../evil"), std::string("out=/tmp/tandem-get-evil"),
                                   std::string("out=a/../../evil"), std::string("out=.."), std::string("out="),
                                   std::string("out=a\xe2\x80\xae.txt"), std::string("out=a\xe2\x80\x8b"),
                                   std::string("out=a\xc2\x9b")}) {
        BOOST_TEST_CONTEXT(out)
        {
            const sandbox box;
            const scripted_server server(answer_always(ok("bytes")));
            write_file(box.own() / "list", server.url("/file") + ' ' + out + '\n');
            const ended seen = box.get({"-i", (box.own() / "list").string()});
            BOOST_TEST((seen.status == 1 || seen.status == 2), seen);
            BOOST_TEST(!seen.err.empty());
            box.check_ended(seen, seen.status);
            box.check_there({});
            BOOST_TEST(!std::filesystem::exists("/tmp/tandem-get-evil"));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(duplicate_names)

namespace {

/// Two URLs with one name, of which each has bytes of its own.
struct two
{
    two()
        : server([](peer& client) {
              for (std::string request; !(request = client.read_request()).empty();) {
                  client.send(ok(request.starts_with("GET /a/") ? "bytes of a" : "bytes of b"));
              }
          })
    {
        write_file(box.own() / "list", server.url("/a/file.txt") + '\n' + server.url("/b/file.txt") + '\n');
    }

    ended get(const std::string& policy, const std::string& parallel) const
    {
        return box.get({"-i", (box.own() / "list").string(), "--if-exists", policy, "-p", parallel});
    }

    sandbox box{};
    scripted_server server;
};

} // namespace

BOOST_AUTO_TEST_CASE(one_after_the_other)
{
    for (const char* const policy : {"fail", "replace", "skip"}) {
        BOOST_TEST_CONTEXT(policy)
        {
            const two of;
            of.box.check_ended(of.get(policy, "1"), 1, {of.server.url("/b/file.txt")});
            of.box.check_there({{"file.txt", "bytes of a"}});
        }
    }
}

BOOST_AUTO_TEST_CASE(at_once)
{
    for (const char* const policy : {"fail", "replace", "skip"}) {
        BOOST_TEST_CONTEXT(policy)
        {
            const two of;
            const ended seen = of.get(policy, "2");
            of.box.check_ended(seen, 1, {"/file.txt"});
            const tree there = of.box.there();
            BOOST_TEST_REQUIRE(there.count("file.txt") == 1u);
            of.box.check_there({{"file.txt", there.at("file.txt")}});
            BOOST_TEST((there.at("file.txt") == "bytes of a" || there.at("file.txt") == "bytes of b"));
        }
    }
}

BOOST_AUTO_TEST_CASE(renamed)
{
    for (const char* const parallel : {"1", "2"}) {
        BOOST_TEST_CONTEXT(parallel)
        {
            const two of;
            of.box.check_ended(of.get("rename", parallel), 0);
            const tree there = of.box.there();
            BOOST_TEST_REQUIRE(there.size() == 2u);
            BOOST_TEST(there.count("file.txt") == 1u);
            BOOST_TEST(there.count("file-2.txt") == 1u);
            BOOST_TEST((there.begin()->second != std::next(there.begin())->second));
        }
    }
}

BOOST_AUTO_TEST_CASE(of_many_each_is_kept)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            client.send(ok(request.substr(4, request.find(" HTTP") - 4)));
        }
    });
    std::string list;
    for (int i = 0; i != 50; ++i) {
        list += server.url("/" + std::to_string(i) + "/x.txt") + '\n';
    }
    write_file(box.own() / "list", list);
    box.check_ended(box.get({"-i", (box.own() / "list").string(), "--if-exists", "rename", "-p", "8"}), 0);
    std::map<std::string, int> bodies;
    const tree there = box.there();
    for (const auto& [name, bytes] : there) {
        ++bodies[bytes];
    }
    BOOST_TEST(there.size() == 50u);
    BOOST_TEST(bodies.size() == 50u);
}

BOOST_AUTO_TEST_CASE(what_was_there_before)
{
    struct expected
    {
        const char* policy;
        int status;
        tree files;
    };
    for (const expected& e :
         {expected{"fail", 1, {{"file", "old"}}}, expected{"rename", 0, {{"file", "old"}, {"file-2", "bytes"}}},
          expected{"replace", 0, {{"file", "bytes"}}}, expected{"skip", 0, {{"file", "bytes"}}}}) {
        BOOST_TEST_CONTEXT(e.policy)
        {
            const sandbox box;
            const scripted_server server(answer_always(ok("bytes")));
            write_file(box.files() / "file", "old");
            box.check_ended(box.get({"--if-exists", e.policy, server.url("/file")}), e.status);
            box.check_there(e.files);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
