#include "http/failure.hpp"
#include "http/syntax/lower_case.hpp"
#include "http/url.hpp"

#include <tandem/http/download_list.hpp>
#include <tandem/http/error.hpp>
#include <tandem/http/file_name.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace tandem::http;

namespace {

/// Where a redirect leads to, or why nowhere.
std::string redirected(const std::string& base, const std::string& reference)
{
    try {
        return redirect_url(parse_url(base), reference).text;
    } catch (const failure& cause) {
        return cause.code().message();
    }
}

struct row
{
    std::string reference;
    std::string result;
};

} // namespace

BOOST_AUTO_TEST_SUITE(url_parts)

BOOST_AUTO_TEST_CASE(what_is_printed)
{
    for (const row& r : {
             row{"http://name:secret@host/a@b", "http://host/a@b"},
             row{"http://host/?a=b@c", "http://host/?a=b@c"},
             row{"https://name@host", "https://host"},
             row{"http://host:8080/a:b", "http://host:8080/a:b"},
             row{"ftp://name:secret@host/x", "ftp://host/x"},
             row{"http://name:secret@host:0/", "http://host:0/"},
             row{"http://name:se/cret@host/x", "http://host/x"},
             row{"http://name:se?cret@host/x", "http://host/x"},
             row{"http://name:se#cret@host/x", "http://host/x"},
             row{"http://name:se cret@host/x", "http://host/x"},
             row{"http://na me:secret@host/x", "http://host/x"},
             row{"http:/name:secret@host/x", "http:/host/x"},
             row{"http//name:secret@host/x", "host/x"},
             row{"http:name:secret@host/x", "http:host/x"},
             row{"http:\\\\name:secret@host", "http:host"},
             row{"name:secret@host/x", "host/x"},
             row{"name:secret@host", "host"},
             row{"//name:secret@host/x", "//host/x"},
             row{"http://name:secret", "http://name:..."},
             row{"http://name:secrethost/x", "http://name:..."},
             row{"name:secrethost/x", "name:..."},
             row{"http://name:secret@", "http://..."},
             row{"ht@tp://name:secrethost/", "..."},
             row{"http://name:#secret@host/x", "http://host/x"},
             row{"http://name:12#secret@host/x", "http://host/x"},
             row{"http://name:#secret", "http://name:..."},
             row{"http://host/x#part", "http://host/x#part"},
             row{"http://[::1/x", "http://[::1/x"},
             row{"http://host:99999/x", "http://host:99999/x"},
             row{"example.com/file", "example.com/file"},
             row{"example.com:80/file", "example.com:80/file"},
             row{"http://host/a\nb\x7f", "http://host/a?b?"},
             row{"", ""},
         }) {
        BOOST_TEST(printable_url(r.reference) == r.result, r.reference);
    }
}

namespace {

/// What is said of a URL, wherever.
std::string all_output(const std::string& url)
{
    std::string result = printable_url(url) + '\n' + file_name(url) + '\n';
    try {
        throw failure(errc::bad_redirect, "x");
    } catch (...) {
        try {
            std::rethrow_exception(current_as_download_error(url, 0));
        } catch (const download_error& e) {
            result += e.url() + '\n' + e.what() + '\n';
        }
    }
    for (const bool redirected : {false, true}) {
        try {
            const location seen = redirected ? redirect_url(parse_url("https://base/"), url) : parse_url(url);
            result += seen.text + seen.target + seen.authority + '\n';
        } catch (const failure& e) {
            result += e.detail() + '\n';
        }
    }
    for (const std::string& line : {url, "http://host/ " + url, "http://host/ mirror=" + url}) {
        try {
            list_item::parse(line);
        } catch (const std::invalid_argument& e) {
            result += std::string(e.what()) + '\n';
        }
    }
    return result;
}

/// Whether it is no password after all, but what a server is asked for, or the server.
bool is_in_public(const std::string& url, std::string_view secret)
{
    for (const bool redirected : {false, true}) {
        try {
            const location seen = redirected ? redirect_url(parse_url("https://base/"), url) : parse_url(url);
            if (lower_case(seen.text).find(lower_case(secret)) != std::string::npos) {
                return true;
            }
        } catch (const failure&) {
        }
    }
    return false;
}

} // namespace

// A password of strange characters, then a URL with something missing and something too much.
BOOST_AUTO_TEST_CASE(a_password_is_not_shown_whatever_the_url)
{
    std::mt19937 random(1); // NOLINT: the same each time
    const auto below = [&](std::size_t size) { return static_cast<std::size_t>(random() % size); };
    const std::string secret = "hUsH";
    const std::string_view strange = ":/@?#[]\\%=&. \t\"'<>{}|^`;,+*0a\x01\x7f\xc3";
    std::size_t hidden = 0;
    for (int i = 0; i != 200'000; ++i) {
        const auto some = [&](std::size_t most) {
            std::string result;
            for (std::size_t count = below(most + 1); count != 0; --count) {
                result += strange[below(strange.size())];
            }
            return result;
        };
        const std::string before = std::string(below(2) ? "http://" : "https://") + "user:" + some(3);
        std::string url = before + secret + some(3) + "@host.example:8080/path/file@2x.txt?query=a:b";
        const auto any_place = [&] {
            std::size_t place = 0;
            do {
                place = below(url.size());
            } while (place >= url.find(secret) && place < url.find(secret) + secret.size());
            return place;
        };
        if (below(2) != 0) {
            url.erase(any_place(), 1);
        }
        for (std::size_t inserted = below(3); inserted != 0; --inserted) {
            const std::size_t place = any_place();
            url.insert(place, 1, strange[below(strange.size())]);
        }
        const std::string seen = all_output(url);
        if (seen.find(secret) != seen.npos && !is_in_public(url, secret)) {
            BOOST_ERROR("the password of " << url << " is shown: " << seen);
            break;
        }
        hidden += seen.find(secret) == seen.npos ? 1 : 0;
    }
    BOOST_TEST_MESSAGE(hidden << " of 200000 hidden, the others are no passwords any more");
    BOOST_TEST(hidden > 150'000u);
}

// RFC 3986, section 5.4. A fragment is not sent, so it is left out of the results.
BOOST_AUTO_TEST_CASE(references_are_resolved_as_in_the_examples_of_rfc_3986)
{
    const std::string unusable = make_error_code(errc::bad_redirect).message();
    for (const row& r : {
             // 5.4.1, normal examples
             row{"g:h", unusable}, row{"g", "http://a/b/c/g"}, row{"./g", "http://a/b/c/g"},
             row{"g/", "http://a/b/c/g/"}, row{"/g", "http://a/g"}, row{"//g", "http://g/"},
             row{"?y", "http://a/b/c/d;p?y"}, row{"g?y", "http://a/b/c/g?y"}, row{"#s", "http://a/b/c/d;p?q"},
             row{"g#s", "http://a/b/c/g"}, row{"g?y#s", "http://a/b/c/g?y"}, row{";x", "http://a/b/c/;x"},
             row{"g;x", "http://a/b/c/g;x"}, row{"g;x?y#s", "http://a/b/c/g;x?y"}, row{"", "http://a/b/c/d;p?q"},
             row{".", "http://a/b/c/"}, row{"./", "http://a/b/c/"}, row{"..", "http://a/b/"}, row{"../", "http://a/b/"},
             row{"../g", "http://a/b/g"}, row{"../..", "http://a/"}, row{"../../", "http://a/"},
             row{"../../g", "http://a/g"},
             // 5.4.2, abnormal examples
             row{"../../../g", "http://a/g"}, row{"../../../../g", "http://a/g"}, row{"/./g", "http://a/g"},
             row{"/../g", "http://a/g"}, row{"g.", "http://a/b/c/g."}, row{".g", "http://a/b/c/.g"},
             row{"g..", "http://a/b/c/g.."}, row{"..g", "http://a/b/c/..g"}, row{"./../g", "http://a/b/g"},
             row{"./g/.", "http://a/b/c/g/"}, row{"g/./h", "http://a/b/c/g/h"}, row{"g/../h", "http://a/b/c/h"},
             row{"g;x=1/./y", "http://a/b/c/g;x=1/y"}, row{"g;x=1/../y", "http://a/b/c/y"},
             row{"g?y/./x", "http://a/b/c/g?y/./x"}, row{"g?y/../x", "http://a/b/c/g?y/../x"},
             row{"g#s/./x", "http://a/b/c/g"}, row{"g#s/../x", "http://a/b/c/g"},
             row{"http:g", unusable}, // a strict parser's result is http:g, which names no host
         }) {
        BOOST_TEST_CONTEXT(r.reference)
        {
            BOOST_TEST(redirected("http://a/b/c/d;p?q", r.reference) == r.result);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_redirect_keeps_every_byte_that_is_valid)
{
    // An escape of each byte, in both cases, and each character that needs none (RFC 3986, sections 2.2 and 2.3).
    std::string escapes;
    for (int i = 0; i != 256; ++i) {
        for (const std::string digits : {"0123456789abcdef", "0123456789ABCDEF"}) {
            escapes += {'%', digits[static_cast<std::size_t>(i / 16)], digits[static_cast<std::size_t>(i % 16)]};
        }
    }
    const std::string plain = "azAZ09-._~!$&'()*+,;=:@";
    const std::string path = "/" + escapes + "/" + plain + "//";
    const std::string query = "?" + escapes + plain + "/?";
    for (const std::string base : {"http://a/b/%2e%2E/c%2F?q", "https://a:8443/"}) {
        const std::string origin = base.substr(0, base.find("/", 8));
        const std::string scheme = base.substr(0, base.find("//"));
        for (const std::string& target : {path, path + query, "/" + query, std::string("/%2e%2e/%2E/.%2e/%2E./g")}) {
            BOOST_TEST(redirected(base, origin + target) == origin + target);
            BOOST_TEST(redirected(base, scheme + "//other" + target) == scheme + "//other" + target);
            BOOST_TEST(redirected(base, target) == origin + target);
            BOOST_TEST(redirected(base, "//other" + target) == scheme + "//other" + target);
            BOOST_TEST(parse_url(origin + target).target == target);
        }
        BOOST_TEST(redirected(base, query) == base.substr(0, base.find('?')) + query);
        BOOST_TEST(redirected(base, "x" + path) == base.substr(0, base.rfind('/') + 1) + "x" + path);
    }
}

BOOST_AUTO_TEST_CASE(a_redirect_to_a_whole_url_is_taken_as_it_is)
{
    for (const std::string url : {"http://b/x/../y/./z", "http://b/..", "http://b//x//", "http://b/./?q=/../r"}) {
        BOOST_TEST(redirected("http://a/", url) == url);
    }
}

BOOST_AUTO_TEST_CASE(dot_segments_of_a_base_stay_where_nothing_is_merged)
{
    BOOST_TEST(redirected("http://a/b/../c?q", "?y") == "http://a/b/../c?y");
    BOOST_TEST(redirected("http://a/b/../c?q", "#f") == "http://a/b/../c?q");
    BOOST_TEST(redirected("http://a/b/../c?q=/d", "g") == "http://a/g");
    BOOST_TEST(redirected("http://a", "g") == "http://a/g");
    BOOST_TEST(redirected("http://a?q", "?y") == "http://a/?y");
    BOOST_TEST(redirected("http://a/b", "//c") == "http://c/");
    BOOST_TEST(redirected("http://a/b", "//c?y") == "http://c/?y");
    BOOST_TEST(redirected("http://a/b", "/.//c/d") == "http://a//c/d");
}

BOOST_AUTO_TEST_CASE(what_a_redirect_may_not_hold_is_encoded)
{
    for (const row& r : {
             row{"/a b", "http://a/a%20b"},
             row{"a b?c d", "http://a/x/a%20b?c%20d"},
             row{"/\xc3\xbc", "http://a/%C3%BC"},
             row{"/\xff", "http://a/%FF"},
             row{"/100%", "http://a/100%25"},
             row{"/%zz%2", "http://a/%25zz%252"},
             row{"/[1]|{2}\"<>\\^`", "http://a/%5B1%5D%7C%7B2%7D%22%3C%3E%5C%5E%60"},
             row{"http://b/a b%2Fc", "http://b/a%20b%2Fc"},
             row{"//b/a b%2Fc", "http://b/a%20b%2Fc"},
         }) {
        BOOST_TEST_CONTEXT(r.reference)
        {
            BOOST_TEST(redirected("http://a/x/y", r.reference) == r.result);
        }
    }
}

BOOST_AUTO_TEST_CASE(hosts_in_utf_8_are_encoded)
{
    for (const row& r : {
             row{"http://b\xc3\xbc" "cher.example/\xc3\xbc", "http://xn--bcher-kva.example/%C3%BC"},
             row{"http://B\xc3\x9c" "CHER.Example:81/", "http://xn--bcher-kva.example:81/"},
             row{"http://bu\xcc\x88" "cher.example", "http://xn--bcher-kva.example/"}, // not composed
             row{"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"},
             row{"http://ex%61mple.org/", "http://example.org/"},
             row{"http://b\xc3\xbc" "cher.example./", "http://xn--bcher-kva.example./"},
             row{"http://user:p@b\xc3\xbc" "cher.example/", "http://xn--bcher-kva.example/"},
             row{"http://fa\xc3\x9f.example/", "http://xn--fa-hia.example/"}, // nontransitional
             row{"http://\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95/", "http://xn--fsqu00a.xn--0zwm56d/"},
             row{"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"},
             row{"http://a_b.example/", "http://a_b.example/"},
         }) {
        BOOST_TEST_CONTEXT(r.reference)
        {
            const location seen = parse_url(r.reference);
            BOOST_TEST(seen.text == r.result);
            BOOST_TEST(seen.text.find(seen.authority) != seen.text.npos);
            BOOST_TEST(redirected("http://a/", r.reference) == r.result);
            BOOST_TEST(redirected("http://a/", r.reference.substr(5)) == r.result);
        }
    }
}

BOOST_AUTO_TEST_CASE(hosts_that_are_none_say_so)
{
    for (const std::string host : {
             "b\xfc" "cher.example",         // Latin-1
             "\xe2\x84\x80.example",       // U+2100 becomes a/c
             "a\xef\xbc\x8f" "b.example",  // a wide slash
             "a\xef\xbc\xa0" "b.example",  // a wide at sign
             "\xe2\x80\x8b.example",       // nothing but a blank of no width
             "\xef\xbf\xbd.example",       // U+FFFD
             "a%00b.example", "a%2fb.example", "a%40b", "a%20b", "a%", "%zz", "a%0ab",
         }) {
        BOOST_TEST_CONTEXT(host)
        {
            try {
                const location seen = parse_url("http://" + host + "/");
                BOOST_ERROR("it is " << seen.text);
            } catch (const failure& cause) {
                BOOST_TEST_MESSAGE(host << ": " << cause.detail());
                BOOST_TEST((cause.code() == errc::invalid_url));
                BOOST_TEST(cause.detail().find("the host") != std::string::npos, cause.detail());
            }
        }
    }
    BOOST_CHECK_THROW(parse_url("http://" + std::string(300, 'a') + "\xc3\xbc/"), failure);
}

BOOST_AUTO_TEST_CASE(a_zone_is_for_this_machine_alone)
{
    for (const std::string given : {"[fe80::1%25eth0]", "[fe80::1%eth0]", "[FE80::1%25eth0]"}) {
        for (const std::string port : {"", ":80", ":8080"}) {
            BOOST_TEST_CONTEXT(given << port)
            {
                const location seen = parse_url("http://" + given + port + "/a/b");
                const std::string told = port == ":8080" ? port : "";
                BOOST_TEST(seen.from.host == "fe80::1%eth0");
                BOOST_TEST(seen.authority == "[fe80::1]" + told);
                BOOST_TEST(seen.text == "http://[fe80::1%25eth0]" + told + "/a/b");
                BOOST_TEST(redirect_url(seen, "c").text == "http://[fe80::1%25eth0]" + told + "/a/c");
                BOOST_TEST(redirect_url(seen, "//[fe80::1]/c").text == "http://[fe80::1]/c");
                BOOST_TEST(redirect_url(seen, "http://b/c").text == "http://b/c");
                BOOST_TEST(redirected("http://b/", "http://" + given + port + "/c") ==
                           "http://[fe80::1%25eth0]" + told + "/c");
            }
        }
    }
    BOOST_TEST(parse_url("http://[fe80::1%25]/").from.host == "fe80::1%25"); // the interface's number
    BOOST_TEST(parse_url("http://[fe80::1%251]/").from.host == "fe80::1%1");
    for (const std::string none : {"[fe80::1%]", "[fe80::1%eth/0]", "[fe80::1%a%b]", "[fe80::1%25a]b]", "[%25eth0]"}) {
        BOOST_CHECK_THROW(parse_url("http://" + none + "/"), failure);
    }
}

BOOST_AUTO_TEST_CASE(a_login_stays_on_its_origin)
{
    const location base = parse_url("http://us%65r:p%2fw@a/b/c");
    for (const std::string reference : {"g", "/g", "?g", "#g", "//a/g", "//a:80/g", "http://a/g", "HTTP://A:80/g"}) {
        const location seen = redirect_url(base, reference);
        BOOST_TEST_CONTEXT(reference)
        {
            BOOST_REQUIRE(seen.login.has_value());
            BOOST_TEST(seen.login->user == "user");
            BOOST_TEST(seen.login->password == "p/w");
            BOOST_TEST(seen.text.find('@') == seen.text.npos);
        }
    }
    for (const std::string reference : {"//b/g", "http://a:81/g", "https://a/g"}) {
        BOOST_TEST(!redirect_url(base, reference).login.has_value(), reference);
    }
    BOOST_TEST(redirect_url(base, "//other:one@b/g").login->password == "one");
    BOOST_TEST(redirected("https://a/", "http://a/") == make_error_code(errc::insecure_redirect).message());
    BOOST_TEST(redirected("https://a/", "//b/c") == "https://b/c");
}

BOOST_AUTO_TEST_SUITE_END()
