#include <tandem/http/file_name.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <ios>
#include <string>

using tandem::http::file_name;

BOOST_AUTO_TEST_SUITE(file_names)

namespace {

std::string utf8(char32_t c)
{
    const auto rest = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
        return {static_cast<char>(c)};
    }
    if (c < 0x800) {
        return {static_cast<char>(0xc0 | (c >> 6)), rest(0)};
    }
    if (c < 0x10000) {
        return {static_cast<char>(0xe0 | (c >> 12)), rest(6), rest(0)};
    }
    return {static_cast<char>(0xf0 | (c >> 18)), rest(12), rest(6), rest(0)};
}

} // namespace

BOOST_AUTO_TEST_CASE(from_urls)
{
    struct row
    {
        const char* url;
        const char* name;
    };
    for (const row& r : {
             row{"https://example.com/a/b.txt", "b.txt"},
             row{"https://example.com/a/b.txt?x=1/2#y/z", "b.txt"},
             row{"https://example.com", "index.html"},
             row{"https://example.com/", "index.html"},
             row{"https://example.com/a/", "index.html"},
             row{"https://example.com/a%20b.txt", "a b.txt"},
             row{"https://example.com/a b.txt", "a b.txt"},
             row{"https://example.com/%C3%BC", "\xc3\xbc"},
             row{"https://example.com/..", "index.html"},
             row{"https://example.com/%2e%2e", "index.html"},
             row{"https://example.com/.", "index.html"},
             row{"https://example.com/..%2f..%2fetc%2fpasswd", "_._.._etc_passwd"},
             row{"https://example.com/a%5Cb\\c", "a_b_c"},
             row{"https://example.com/a%00b%0Ac%7f", "a_b_c_"},
             row{"https://example.com/100%", "100%"},
             row{"https://example.com/%zz", "%zz"},
             row{"https://example.com/%252e%252e", "%2e%2e"},
             row{"http://[/x\ny", "x_y"},
             row{"..", "index.html"},
             row{"", "index.html"},
         }) {
        BOOST_TEST_CONTEXT(r.url)
        {
            BOOST_TEST(file_name(r.url) == r.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(are_what_they_seem)
{
    // In each: the last one before, the first, the last, the first one behind.
    const char32_t edges[][4] = {
        {'~', 0x7f, 0x9f, 0xa0},           {0xac, 0xad, 0xad, 0xae},         {0x61b, 0x61c, 0x61c, 0x61d},
        {0x180d, 0x180e, 0x180e, 0x180f},  {0x200a, 0x200b, 0x200f, 0x2010}, {0x2027, 0x2028, 0x202e, 0x202f},
        {0x205f, 0x2060, 0x206f, 0x2070},  {0xfefe, 0xfeff, 0xfeff, 0xff00}, {0xfff8, 0xfff9, 0xfffb, 0xfffc},
        {0xdffff, 0xe0000, 0xe007f, 0xe0080},
    };
    for (const auto& edge : edges) {
        for (char32_t c = edge[0]; c <= edge[3]; ++c) {
            const bool deceptive = c >= edge[1] && c <= edge[2];
            BOOST_TEST(tandem::http::is_deceptive(c) == deceptive, std::hex << static_cast<std::uint32_t>(c));
            const std::string text = utf8(c);
            std::string escaped;
            for (const char each : text) {
                const auto byte = static_cast<unsigned char>(each);
                constexpr char digits[] = "0123456789abcdef";
                escaped += {'%', digits[byte >> 4], digits[byte & 15]};
            }
            BOOST_TEST(file_name("https://a/x" + escaped + ".txt") == "x" + (deceptive ? "_" : text) + ".txt");
            BOOST_TEST(file_name("https://a/x" + text + ".txt") == "x" + (deceptive ? "_" : text) + ".txt");
        }
    }
    BOOST_TEST(tandem::http::is_deceptive(0));
    BOOST_TEST(tandem::http::is_deceptive(0x1f));
    BOOST_TEST(!tandem::http::is_deceptive(' '));
    BOOST_TEST(!tandem::http::is_deceptive(0x10ffff));
}

BOOST_AUTO_TEST_CASE(are_cut)
{
    const std::string name = file_name("https://a/" + std::string(300, 'x') + ".tar");
    BOOST_TEST(name.size() == 240u);
    BOOST_TEST(name.ends_with("x.tar"));

    std::string umlauts;
    for (int i = 0; i < 200; ++i) {
        umlauts += "\xc3\xbc";
    }
    BOOST_TEST(file_name("https://a/" + umlauts).size() == 240u);
    BOOST_TEST(file_name("https://a/x" + umlauts).size() == 239u);
    BOOST_TEST(file_name("https://a/." + std::string(300, 'x')).size() == 240u);
}

BOOST_AUTO_TEST_SUITE_END()
