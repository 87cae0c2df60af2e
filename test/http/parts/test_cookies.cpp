#include "http/exchange/cookie_jar.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

using namespace tandem::http;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(cookies)

namespace {

constexpr std::chrono::sys_seconds now{1'700'000'000s};

/// What `to` is sent after `from` has answered with `fields`.
std::string sent(const std::string& from, const std::vector<std::string>& fields, const std::string& to,
                 std::chrono::seconds later = 0s)
{
    cookie_jar jar;
    for (const std::string& one : fields) {
        jar.store(parse_url(from), one, now);
    }
    return jar.value_for(parse_url(to), now + later);
}

struct row
{
    const char* from;
    std::string field;
    const char* to;
    const char* expected = "";
};

std::ostream& operator<<(std::ostream& out, const row& r)
{
    return out << r.from << ", " << r.field << ", " << r.to;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_goes_where_it_may)
{
    const char* yes = "a=b";
    for (const row& r : {
             row{"http://w.x.org/", "a=b", "http://w.x.org/", yes},
             row{"http://w.x.org/", "a=b", "https://w.x.org/", yes},
             row{"http://w.x.org/", "a=b", "http://x.org/"},
             row{"http://w.x.org/", "a=b", "http://v.x.org/"},
             row{"http://w.x.org/", "a=b", "http://s.w.x.org/"},
             row{"http://w.x.org/", "a=b", "http://w.x.org.evil.org/"},
             row{"http://W.x.org/", "a=b; domain=W.X.org", "http://w.x.ORG/", yes},
             // Ports.
             row{"http://w.x.org/", "a=b", "http://w.x.org:8080/"},
             row{"http://w.x.org:8080/", "a=b", "http://w.x.org:8080/", yes},
             row{"http://w.x.org:8080/", "a=b", "http://w.x.org:8081/"},
             row{"http://w.x.org:8080/", "a=b; Domain=x.org", "http://x.org/"},
             // Domains.
             row{"http://w.x.org/", "a=b; Domain=x.org", "http://x.org/", yes},
             row{"http://w.x.org/", "a=b; domain=.x.org", "http://v.x.org/", yes},
             row{"http://w.x.org/", "a=b; Domain=x.org", "http://evilx.org/"},
             row{"http://w.x.org/", "a=b; Domain=v.x.org", "http://v.x.org/"},
             row{"http://w.x.org/", "a=b; Domain=v.x.org", "http://w.x.org/"},
             row{"http://x.org/", "a=b; Domain=w.x.org", "http://w.x.org/"},
             row{"http://w.x.org/", "a=b; Domain=org", "http://w.x.org/"},
             row{"http://w.x.org/", "a=b; Domain=org", "http://y.org/"},
             row{"http://w.x.org/", "a=b; Domain=.", "http://y.org/"},
             row{"http://w.x.org/", "a=b; Domain=", "http://w.x.org/", yes},
             row{"http://w.x.org/", "a=b; Domain=", "http://x.org/"},
             row{"http://localhost/", "a=b; Domain=localhost", "http://localhost/", yes},
             row{"http://localhost/", "a=b; Domain=localhost", "http://a.localhost/"},
             row{"http://w.x.org/", "a=b; Domain=x.org; Domain=w.x.org", "http://x.org/"},
             // What may be a public suffix.
             row{"http://w.co.uk/", "a=b; Domain=co.uk", "http://w.co.uk/", yes},
             row{"http://w.co.uk/", "a=b; Domain=co.uk", "http://v.co.uk/"},
             row{"http://v.w.co.uk/", "a=b; Domain=w.co.uk", "http://w.co.uk/", yes},
             // Addresses.
             row{"http://127.0.0.1/", "a=b", "http://127.0.0.1/", yes},
             row{"http://127.0.0.1/", "a=b; Domain=127.0.0.1", "http://127.0.0.1/", yes},
             row{"http://127.0.0.1/", "a=b; Domain=0.0.1", "http://1.0.0.1/"},
             row{"http://127.0.0.1/", "a=b; Domain=0.0.1", "http://127.0.0.1/"},
             row{"http://127.0.0.1/", "a=b", "http://127.0.0.2/"},
             row{"http://[::1]/", "a=b", "http://[::1]/", yes},
             // Paths.
             row{"http://x.org/d/f", "a=b", "http://x.org/d/g", yes},
             row{"http://x.org/d/f", "a=b", "http://x.org/d", yes},
             row{"http://x.org/d/f", "a=b", "http://x.org/d/e/g?q", yes},
             row{"http://x.org/d/f", "a=b", "http://x.org/dg"},
             row{"http://x.org/d/f", "a=b", "http://x.org/"},
             row{"http://x.org/f?/d/", "a=b", "http://x.org/", yes},
             row{"http://x.org/d/f", "a=b; Path=/", "http://x.org/g", yes},
             row{"http://x.org/d/f", "a=b; path=/e", "http://x.org/e?q", yes},
             row{"http://x.org/d/f", "a=b; path=/e/", "http://x.org/e"},
             row{"http://x.org/d/f", "a=b; Path=e", "http://x.org/d/", yes},
             row{"http://x.org/d/f", "a=b; Path=/e; Path=", "http://x.org/d/", yes},
             // Secure.
             row{"https://x.org/", "a=b; Secure", "https://x.org/", yes},
             row{"https://x.org/", "a=b; secure=no", "http://x.org/"},
             row{"http://x.org/", "a=b; Secure", "https://x.org/"},
             row{"https://x.org/", "a=b", "https://x.org/", yes},
             row{"https://x.org/", "a=b", "http://x.org/"},
             // Names that promise something.
             row{"https://x.org/", "__Secure-a=b; Secure", "https://x.org/", "__Secure-a=b"},
             row{"https://x.org/", "__Secure-a=b", "https://x.org/"},
             row{"https://x.org/", "__SECURE-a=b", "https://x.org/"},
             row{"http://x.org/", "__Secure-a=b", "http://x.org/"},
             row{"https://w.x.org/", "__Host-a=b; Secure; Path=/", "https://w.x.org/", "__Host-a=b"},
             row{"https://w.x.org/", "__Host-a=b; Path=/", "https://w.x.org/"},
             row{"https://w.x.org/d/f", "__Host-a=b; Secure", "https://w.x.org/d/f"},
             row{"https://w.x.org/", "__Host-a=b; Secure; Path=/; Domain=x.org", "https://w.x.org/"},
             row{"https://w.x.org/", "__Host-a=b; Secure; Path=/; Domain=w.x.org", "https://w.x.org/"},
             // Times.
             row{"http://x.org/", "a=b; Max-Age=10", "http://x.org/", yes},
             row{"http://x.org/", "a=b; Max-Age=0", "http://x.org/"},
             row{"http://x.org/", "a=b; Max-Age=-1", "http://x.org/"},
             row{"http://x.org/", "a=b; Max-Age=99999999999999999999", "http://x.org/", yes},
             row{"http://x.org/", "a=b; Max-Age=soon", "http://x.org/", yes},
             row{"http://x.org/", "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://x.org/"},
             row{"http://x.org/", "a=b; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "http://x.org/"},
             row{"http://x.org/", "a=b; Expires=Sat, 01-Jan-2050 00:00:00 GMT", "http://x.org/", yes},
             row{"http://x.org/", "a=b; Expires=never", "http://x.org/", yes},
             row{"http://x.org/", "a=b; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://x.org/", yes},
             // What is a cookie.
             row{"http://x.org/", " a = b ; HttpOnly; SameSite=Strict; other", "http://x.org/", yes},
             row{"http://x.org/", "a=\"b; c\"", "http://x.org/", "a=\"b"},
             row{"http://x.org/", "a=b=c", "http://x.org/", "a=b=c"},
             row{"http://x.org/", "a=", "http://x.org/", "a="},
             row{"http://x.org/", "=b", "http://x.org/"},
             row{"http://x.org/", "a", "http://x.org/"},
             row{"http://x.org/", "a; b=c", "http://x.org/"},
             row{"http://x.org/", "", "http://x.org/"},
             row{"http://x.org/", ";;=;", "http://x.org/"},
             row{"http://x.org/", "a=" + std::string(5000, 'x'), "http://x.org/"},
         }) {
        BOOST_TEST(sent(r.from, {r.field}, r.to) == r.expected, r);
    }
}

BOOST_AUTO_TEST_CASE(several)
{
    const std::string url = "http://x.org/d/f";
    BOOST_TEST(sent(url, {"a=1; Path=/", "b=2", "c=3; Path=/"}, url) == "b=2; a=1; c=3");
    BOOST_TEST(sent(url, {"a=1", "a=2"}, url) == "a=2");
    BOOST_TEST(sent(url, {"a=1; Path=/", "a=2"}, url) == "a=2; a=1");
    BOOST_TEST(sent(url, {"a=1", "a=; Max-Age=0"}, url) == "");
    BOOST_TEST(sent(url, {"a=1; Max-Age=5"}, url, 4s) == "a=1");
    BOOST_TEST(sent(url, {"a=1; Max-Age=5"}, url, 5s) == "");
    std::vector<std::string> many;
    for (int i = 0; i != 1000; ++i) {
        many.push_back(std::to_string(i) + '=' + std::string(1000, 'x'));
    }
    const std::string all = sent(url, many, url);
    BOOST_TEST(all.size() <= 8192u);
    BOOST_TEST(all.size() >= 7000u);
}

BOOST_AUTO_TEST_SUITE_END()
