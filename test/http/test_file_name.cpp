#include <tandem/http/file_name.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using tandem::http::file_name;

BOOST_AUTO_TEST_SUITE(file_names)

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
