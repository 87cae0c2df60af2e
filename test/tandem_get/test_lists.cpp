// Lists of URLs: on the command line, and read line by line.

#include "tandem_get/item_source.hpp"
#include "tandem_get/line_reader.hpp"
#include "tandem_get/options.hpp"
#include "tandem_get/scheme.hpp"
#include "tandem_get/temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace asio = boost::asio;
namespace http = tandem::http;

namespace {

std::string written(const temporary_folder& folder, const std::string& text)
{
    const std::string path = (folder.path() / "list").string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::vector<std::string> all_lines(const std::string& path)
{
    line_reader reader(path);
    std::vector<std::string> result;
    for (std::vector<std::string> lines = reader.read(); !lines.empty(); lines = reader.read()) {
        result.insert(result.end(), lines.begin(), lines.end());
    }
    return result;
}

asio::awaitable<std::vector<std::string>> all_urls(item_source& source)
{
    std::vector<std::string> result;
    while (const std::optional<http::list_item> item = co_await source.next()) {
        result.push_back(item->url);
    }
    co_return result;
}

using lines = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(lists)

BOOST_AUTO_TEST_CASE(lines_of_a_file)
{
    const temporary_folder folder;
    BOOST_TEST(all_lines(written(folder, "")) == lines());
    BOOST_TEST(all_lines(written(folder, "a")) == lines({"a"}));
    BOOST_TEST(all_lines(written(folder, "a\r\n\n b\n")) == lines({"a", "", " b"}));
    BOOST_TEST(all_lines(written(folder, "\xef\xbb\xbf# a\n\xef\xbb\xbf")) == lines({"# a", "\xef\xbb\xbf"}));
    BOOST_TEST(all_lines(written(folder, "\xef\xbb\xbf")) == lines({""}));
    BOOST_CHECK_THROW(all_lines(written(folder, std::string("\xff\xfeh\0", 4))), std::runtime_error); // UTF-16
    const std::string long_line(200'000, 'x');
    BOOST_TEST(all_lines(written(folder, long_line + "\nb")) == lines({long_line, "b"}));
    BOOST_CHECK_THROW(all_lines(written(folder, std::string(2'000'000, 'x'))), std::runtime_error);
    BOOST_CHECK_THROW(all_lines((folder.path() / "none").string()), std::system_error);
    BOOST_CHECK_THROW(all_lines(folder.path().string()), std::system_error);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_short_list_is_seen_at_once)
{
    const temporary_folder folder;
    line_reader reader(written(folder, "a\nb\n"));
    BOOST_TEST(reader.read() == lines({"a", "b"}));
    BOOST_TEST(reader.ended());
}

BOOST_AUTO_TEST_CASE(a_slow_list_gives_what_it_has_and_can_be_stopped)
{
    const temporary_folder folder;
    const std::string path = (folder.path() / "pipe").string();
    BOOST_TEST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    std::promise<void> goes_on;
    std::thread writer([&] {
        std::ofstream to(path);
        to << "a\nb" << std::flush;
        goes_on.get_future().wait();
    });
    line_reader reader(path);
    BOOST_TEST(reader.read() == lines({"a"})); // b is not complete
    BOOST_TEST(!reader.ended());
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        reader.stop();
    });
    BOOST_TEST(reader.read() == lines());
    stopper.join();
    goes_on.set_value();
    writer.join();
}

BOOST_AUTO_TEST_CASE(words_of_the_command_line)
{
    const auto items = items_of({"http://h/a", "out=b", "http://h/c d", "mirror=http://i/c"});
    BOOST_TEST_REQUIRE(items.size() == 2u);
    BOOST_TEST(items[0].url == "http://h/a");
    BOOST_TEST(items[0].name == "b");
    BOOST_TEST(items[1].url == "http://h/c%20d");
    BOOST_TEST(items[1].mirrors == lines({"http://i/c"}));
    BOOST_CHECK_THROW(items_of({"out=b"}), std::invalid_argument);
    BOOST_CHECK_THROW(items_of({"http://h/a", "out=../b"}), std::invalid_argument);
    BOOST_CHECK_THROW(items_of({"http://h/a", "out=b c"}), std::invalid_argument);
    BOOST_CHECK_THROW(items_of({"http://h/a", "sha256=123"}), std::invalid_argument);
    BOOST_CHECK_THROW(items_of({""}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(urls_without_a_scheme)
{
    for (const char* url : {"example.org", "example.org/file", "host/file", "localhost", "localhost:8080/a?b=http://c",
                            "127.0.0.1:80", "[::1]/file", "[::1]:80", "b\xc3\xbc" "cher.example/file", "host/a@b"}) {
        BOOST_TEST(lacks_scheme(url), url);
    }
    for (const char* url : {"http://example.org", "HTTPS://example.org/", "ftp://example.org/file", "file:///etc/passwd",
                            "/etc/passwd", "//example.org/file", "http:/example.org/file", "mailto:a@example.org",
                            "name:secret@example.org/file", "file", "host:port/file", "host:/file", ":80/file", "[::1",
                            "C:\\file", "", "?a.b", "a b.c/d"}) {
        BOOST_TEST(!lacks_scheme(url), url);
    }
}

BOOST_AUTO_TEST_CASE(the_command_line_comes_first_and_a_wrong_line_costs_one_file)
{
    const temporary_folder folder;
    const std::string path = written(folder, "# comment\nhttp://h/1\n\nhttp://h/2 colour=red\n  http://h/3\n");
    lines complaints;
    asio::io_context context;
    item_source source(items_of({"http://h/0"}), path,
                       [&](const std::string& where, const std::string& line, const std::string& cause) {
                           BOOST_TEST_MESSAGE(where << ": " << line << ": " << cause);
                           complaints.push_back(where);
                       });
    auto all = asio::co_spawn(context, all_urls(source), asio::use_future);
    context.run();
    BOOST_TEST(all.get() == lines({"http://h/0", "http://h/1", "http://h/3"}));
    BOOST_TEST(complaints == lines({path + ":4"}));
    BOOST_TEST((source.count() == 4u));
}

BOOST_AUTO_TEST_CASE(a_source_that_is_stopped_ends)
{
    const temporary_folder folder;
    const std::string path = (folder.path() / "pipe").string();
    BOOST_TEST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int writer = ::open(path.c_str(), O_RDWR | O_CLOEXEC); // so that there is one
    asio::io_context context;
    item_source source({}, path, nullptr);
    auto all = asio::co_spawn(context, all_urls(source), asio::use_future);
    std::thread stopper([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        asio::post(context, [&] { source.stop(); });
    });
    context.run();
    stopper.join();
    BOOST_TEST(all.get() == lines());
    BOOST_TEST(!source.count());
    ::close(writer);
}

BOOST_AUTO_TEST_SUITE_END()
