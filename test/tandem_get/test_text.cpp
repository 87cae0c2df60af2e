// Text on a terminal, and the command line's quantities.

#include "tandem_get/meter.hpp"
#include "tandem_get/quantity.hpp"
#include "tandem_get/text.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(columns_are_not_bytes)
{
    BOOST_TEST(columns("abc") == 3u);
    BOOST_TEST(columns("\xc3\xa9t\xc3\xa9") == 3u);               // two letters of two bytes
    BOOST_TEST(columns("\xe6\x97\xa5\xe6\x9c\xac") == 4u);        // two wide ones
    BOOST_TEST(columns("e\xcc\x81") == 1u);                       // an accent by itself
    BOOST_TEST(columns(std::string_view("\xff\x1b\0", 3)) == 3u); // none at all
}

BOOST_AUTO_TEST_CASE(a_terminal_is_not_told_what_to_do)
{
    BOOST_TEST(printable("a\x1b[31mb\r\n\x7f\xff\xc3") == "a?[31mb?????");
    BOOST_TEST(printable(std::string_view("\0x", 2)) == "?x");
    BOOST_TEST(printable("\xc2\x9b") == "?"); // the one-character form of ESC [
    BOOST_TEST(printable("\xc3\xa9\xe6\x97\xa5") == "\xc3\xa9\xe6\x97\xa5");
    BOOST_TEST(printable("\xe2\x80\xaetxt.exe\xe2\x80\x8b") == "?txt.exe?"); // right-to-left override, zero-width space
    BOOST_TEST(columns("\xe2\x80\xaetxt\xef\xbb\xbf") == 5u);                 // what they are replaced by
    BOOST_TEST(valid_utf8("a\xff\nb") == "a\xef\xbf\xbd\nb");
}

BOOST_AUTO_TEST_CASE(json_may_be_looked_at)
{
    BOOST_TEST(escape_deceptive("{\"a\":\"\xc3\xa9\xe6\x97\xa5\"}") == "{\"a\":\"\xc3\xa9\xe6\x97\xa5\"}");
    BOOST_TEST(escape_deceptive("\"\xe2\x80\xae\"") == "\"\\u202e\"");
    BOOST_TEST(escape_deceptive("\"\xc2\x9b\x7f\"") == "\"\\u009b\\u007f\"");
    BOOST_TEST(escape_deceptive("\"\xf3\xa0\x80\xa0\"") == "\"\\udb40\\udc20\""); // U+E0020
}

BOOST_AUTO_TEST_CASE(a_login_is_nobody_elses)
{
    BOOST_TEST(without_login("http://name:secret@host/a@b") == "http://host/a@b");
    BOOST_TEST(without_login("http://a@b:c@host out=x@y") == "http://host out=x@y");
    BOOST_TEST(without_login("https://name@host") == "https://host");
    BOOST_TEST(without_login("http://host/?a=b@c") == "http://host/?a=b@c");
    BOOST_TEST(without_login("name@host") == "host");
    BOOST_TEST(without_login("http://name:pass word@host/x out=y") == "...host/x out=y");
    BOOST_TEST(without_login("http://name:p@ss word@host/x") == "...host/x");
    BOOST_TEST(without_login("http://name:12 /34@host/x") == "...host/x");
    BOOST_TEST(without_login("http://host/x http//name:secret@host/x") == "...host/x");
    BOOST_TEST(without_login("http://name:pass word and") == "http://name:...");
    BOOST_TEST(without_login("http://host/x and more") == "http://host/x and more");
    BOOST_TEST(without_login("http:/name:secret@host/x") == "http:/host/x");
    BOOST_TEST(without_login("http://host/a@b mirror=http://name:secret@other/c@d md5=0") ==
               "http://host/a@b mirror=http://other/c@d md5=0");
    BOOST_TEST(without_login("mirror=http://name:secret@other/") == "mirror=http://other/");
    BOOST_TEST(without_login("http://host/  out=x\tmd5=0f") == "http://host/  out=x md5=0f");
    BOOST_TEST(without_login("http://host/x sha256=secret") == "http://host/x sha256=...");
    BOOST_TEST(without_login("http://name:/secret@host/x") == "http://host/x");
    BOOST_TEST(without_login("http://name:?secret@host/x") == "http://host/x");
    BOOST_TEST(without_login("http://name:#secret@host/x") == "http://host/x");
    BOOST_TEST(without_login("http://host:/x") == "http://host:/x");
    BOOST_TEST(without_login("http://host:80/a@b") == "http://host:80/a@b");
    BOOST_TEST(without_login("user=x:secret@host") == "host");
    BOOST_TEST(without_login("") == "");
}

BOOST_AUTO_TEST_CASE(no_message_shows_a_login_that_was_given)
{
    std::vector<std::string> words = {"tandem-get", "-phttp://name:one@host/x", "--retries=http://host:two@host/a@b",
                                      "http://name:thr ee@host/", "icon@2x.png", "http://name:four",
                                      "Accept: text"};
    std::vector<char*> argv;
    for (std::string& each : words) {
        argv.push_back(each.data());
    }
    remember_logins(static_cast<int>(argv.size()), argv.data());
    BOOST_TEST(without_given_logins("'http://name:one@host/x'") == "'http://host/x'");
    BOOST_TEST(without_given_logins("http://host:two@host/a@b twice: http://host:two@host/a@b") ==
               "http://host/a@b twice: http://host/a@b");
    BOOST_TEST(without_given_logins("x http://name:thr ee@host/") == "x host/");
    BOOST_TEST(without_given_logins("icon@2x.png") == "icon@2x.png");
    BOOST_TEST(without_given_logins("http://name:four") == "http://name:");
    BOOST_TEST(without_given_logins("Accept: text") == "Accept: text");
}

BOOST_AUTO_TEST_CASE(arguments_show_no_logins)
{
    std::vector<std::string> words = {"tandem-get",
                                      "--user",
                                      "name:secret",
                                      "--user=name:secret",
                                      "--header",
                                      "Authorization: secret",
                                      "--header=X-Key: secret",
                                      "--proxy",
                                      "http://name:secret@proxy:1",
                                      "--proxy=name:secret@proxy:1",
                                      "http://name:secret@host/a@b",
                                      "http:/name:secret@host/x",
                                      "http://name:secret",
                                      "mirror=http://name:secret@host/",
                                      "-o",
                                      "a file",
                                      "out=a@b"};
    std::vector<char*> argv;
    for (std::string& one : words) {
        argv.push_back(one.data());
    }
    hide_logins(static_cast<int>(argv.size()), argv.data());
    std::string seen;
    for (const char* one : argv) {
        seen += std::string(one) + '|';
    }
    BOOST_TEST(seen ==
               "tandem-get|--user|name|--user=name|--header|Authorization|--header=X-Key|--proxy|http://proxy:1|"
               "--proxy=proxy:1|http://host/a@b|http:/host/x|http://name:...|mirror=http://host/|-o|a file|out=a@b|");
}

BOOST_AUTO_TEST_CASE(names_are_shortened_in_the_middle)
{
    BOOST_TEST(shortened("debian-12.iso", 13) == "debian-12.iso");
    BOOST_TEST(shortened("debian-12.iso", 12) == "debia....iso");
    BOOST_TEST(shortened("debian-12.iso", 5) == "d...o");
    BOOST_TEST(shortened("debian-12.iso", 4) == "debi");
    BOOST_TEST(shortened("debian-12.iso", 0) == "");
    const std::string wide = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"; // 12 columns
    for (std::size_t width = 0; width < 14; ++width) {
        BOOST_TEST(columns(shortened(wide, width)) <= width);
        BOOST_TEST(printable(shortened(wide, width)) == shortened(wide, width)); // cut between characters
    }
}

BOOST_AUTO_TEST_CASE(numbers_for_people)
{
    BOOST_TEST(grouped(0) == "0");
    BOOST_TEST(grouped(1234567) == "1,234,567");
    BOOST_TEST(in_files(1) == "1 file");
    BOOST_TEST(in_files(1000) == "1,000 files");
    BOOST_TEST(in_units(std::uint64_t{999}) == "999 B");
    BOOST_TEST(in_units(std::uint64_t{1023}) == "1.0 KiB");
    BOOST_TEST(in_units(std::uint64_t{1536} * 1024) == "1.5 MiB");
    BOOST_TEST(in_seconds(0.0123) == "12 ms");
    BOOST_TEST(in_seconds(2.14) == "2.1 s");
    BOOST_TEST(in_seconds(200) == "3:20");
    BOOST_TEST(in_time(0) == "0:00");
    BOOST_TEST(in_time(7.4) == "0:07");
    BOOST_TEST(in_time(59.9) == "1:00");
    BOOST_TEST(in_time(3 * 3600 + 9) == "3:00:09");
    BOOST_TEST(in_time(1e6) == "11 days");
    BOOST_TEST(!in_time(1e300).empty());
}

BOOST_AUTO_TEST_CASE(sizes_and_times)
{
    BOOST_TEST(parse_size("--rate", "0") == 0u);
    BOOST_TEST(parse_size("--rate", "500") == 500u);
    BOOST_TEST(parse_size("--rate", "64K") == 65536u);
    BOOST_TEST(parse_size("--rate", "1.5m") == 1572864u);
    BOOST_TEST(parse_size("--rate", "2G") == 2147483648u);
    for (const char* wrong : {"", "-1", "K", "1X", "1KB", "1 K", "nan", "inf", "99999999T", "0x10"}) {
        BOOST_CHECK_THROW(parse_size("--rate", wrong), std::invalid_argument);
    }
    BOOST_CHECK(parse_seconds("--max-time", "30") == 30s);
    BOOST_CHECK(parse_seconds("--max-time", "0.25") == 250ms);
    for (const char* wrong : {"", "-1", "1s", "1e400", "nan", "9999999999"}) {
        BOOST_CHECK_THROW(parse_seconds("--max-time", wrong), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(a_rate_is_of_the_last_seconds)
{
    meter speed;
    meter::time_point now{};
    speed.restart(1'000'000, now); // counts for nothing
    for (int i = 1; i <= 10; ++i) {
        now += 100ms;
        BOOST_TEST(speed.update(1'000'000 + static_cast<std::uint64_t>(i) * 100, now) == 100u);
    }
    BOOST_TEST(speed.rate() == 1000, boost::test_tools::tolerance(1e-6)); // at once, though one second is little
    now += 30s;
    BOOST_TEST(speed.update(1'001'000, now) == 0u);
    BOOST_TEST(speed.rate() < 1);
}

BOOST_AUTO_TEST_SUITE_END()
