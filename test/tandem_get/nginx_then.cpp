// What follows a download, and what is said of it, against nginx.
#include "tandem_get/nginx_fixture.hpp"

#include <boost/property_tree/json_parser.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <sstream>

#include <openssl/evp.h>

using namespace test;

namespace {

std::string sha256(const std::string& bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    BOOST_TEST_REQUIRE(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1);
    std::string result;
    for (unsigned int i = 0; i != size; ++i) {
        constexpr char digits[] = "0123456789abcdef";
        result += digits[digest[i] >> 4];
        result += digits[digest[i] & 15];
    }
    return result;
}

/// Each line of `text` as JSON, by its URL. Throws where it is none.
std::map<std::string, boost::property_tree::ptree> parse_lines(const std::string& text)
{
    std::map<std::string, boost::property_tree::ptree> result;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        std::istringstream one(line);
        boost::property_tree::ptree value;
        boost::property_tree::read_json(one, value);
        BOOST_TEST(result.emplace(value.get<std::string>("url"), value).second, "twice: " << line);
    }
    return result;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(then, nginx_fixture)

BOOST_AUTO_TEST_CASE(digests_of_many)
{
    make_many(200);
    const std::string json = (box.own() / "json").string();
    const ended seen = get_list(lines(200, [&](int i) { return server.plain("/many/" + std::to_string(i)); }),
                                {"--then", "sha256", "--workers", "2", "--json", json});
    box.check_ended(seen, 0);
    box.check_there(many(200));
    const auto results = parse_lines(read_file(json));
    BOOST_TEST(results.size() == 200u);
    for (int i = 0; i != 200; ++i) {
        const std::string digest = sha256(small(i));
        const std::string url = server.plain("/many/" + std::to_string(i));
        BOOST_TEST_REQUIRE(results.count(url) == 1u);
        BOOST_TEST(results.at(url).get<std::string>("then.digest") == digest);
        // As sha256sum prints them.
        BOOST_TEST((seen.out.find(digest + "  ") != seen.out.npos), "not printed: " << digest);
    }
}

BOOST_AUTO_TEST_CASE(a_task_that_crashes)
{
    make_many(5);
    const std::string json = (box.own() / "json").string();
    const ended seen = get_list(lines(5, [&](int i) { return server.plain("/many/" + std::to_string(i)); }),
                                {"--then", "abort", "--workers", "1", "--json", json});
    box.check_ended(seen, 1, {server.plain("/many/0"), server.plain("/many/4")});
    // The files are what they are; the task is what failed, each time.
    box.check_there(many(5));
    const auto results = parse_lines(read_file(json));
    BOOST_TEST(results.size() == 5u);
    for (const auto& [url, result] : results) {
        BOOST_TEST((result.get<std::string>("error.message").find("SIGABRT") != std::string::npos ||
                    result.get<std::string>("error.message").find("signal") != std::string::npos),
                   result.get<std::string>("error.message"));
    }
}

BOOST_AUTO_TEST_CASE(what_fails_is_in_the_lines_too)
{
    make_many(3);
    std::string list = lines(3, [&](int i) { return server.plain("/many/" + std::to_string(i)); });
    list += server.plain("/none") + "\nftp://127.0.0.1/file\nhttp://127.0.0.1:1/refused\n";
    list += server.plain("/many/0?\"quoted\"\xc3\xbc") + " out=another\n";
    write_file(box.own() / "list", list);
    const ended seen = box.get({"-q", "--json", "-", "-i", (box.own() / "list").string()});
    box.check_ended(seen, 1, {server.plain("/none"), "404", "ftp://127.0.0.1/file", "http://127.0.0.1:1/refused"});
    tree expected = many(3);
    expected.emplace("another", small(0));
    box.check_there(expected);

    const auto results = parse_lines(seen.out);
    BOOST_TEST(results.size() == 7u);
    BOOST_TEST_REQUIRE(results.count(server.plain("/none")) == 1u);
    const auto& none = results.at(server.plain("/none"));
    BOOST_TEST(none.get<int>("status") == 404);
    BOOST_TEST(!none.get<std::string>("error.message").empty());
    const auto& good = results.at(server.plain("/many/2"));
    BOOST_TEST(good.get<int>("status") == 200);
    BOOST_TEST(good.get<std::size_t>("bytes") == small(2).size());
    BOOST_TEST(good.get<std::string>("error") == "null");
    BOOST_TEST(read_file(good.get<std::string>("file")) == small(2));
}

BOOST_AUTO_TEST_SUITE_END()
