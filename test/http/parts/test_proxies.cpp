#include "http/connection/proxy_rules.hpp"
#include "http/exchange/netrc.hpp"
#include "http/failure.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

#include <unistd.h>

using namespace tandem::http;

namespace {

std::string written(const std::optional<credentials>& login)
{
    return login ? login->user + '|' + login->password : "none";
}

std::string written(const proxy* chosen)
{
    if (!chosen) {
        return "none";
    }
    return (chosen->login ? written(chosen->login) + '@' : std::string()) + chosen->at.host + ' ' +
           std::to_string(chosen->at.port) + (chosen->at.secure ? " secure" : "") +
           (chosen->speaks == proxy::protocol::socks5 ? " socks" : "") +
           (chosen->speaks == proxy::protocol::socks5h ? " socks with names" : "");
}

/// Sets variables of the environment, and all of proxies' that are not among them to none; restores them at its end.
class environment
{
public:
    explicit environment(std::initializer_list<std::pair<const char*, const char*>> variables)
    {
        for (std::size_t i = 0; i < std::size(names); ++i) {
            if (const char* value = std::getenv(names[i])) {
                former_[i] = value;
            }
            ::unsetenv(names[i]);
        }
        for (const auto& [name, value] : variables) {
            ::setenv(name, value, 1);
        }
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment()
    {
        for (std::size_t i = 0; i < std::size(names); ++i) {
            ::unsetenv(names[i]);
            if (former_[i]) {
                ::setenv(names[i], former_[i]->c_str(), 1);
            }
        }
    }

private:
    static constexpr const char* names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                            "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    std::optional<std::string> former_[std::size(names)];
};

} // namespace

BOOST_AUTO_TEST_SUITE(proxies)

BOOST_AUTO_TEST_CASE(urls)
{
    struct row
    {
        const char* url;
        const char* expected;
    };
    for (const row& r : {
             row{"", "none"},
             row{"http://p", "p 80"},
             row{"http://p:3128", "p 3128"},
             row{"http://p:3128/", "p 3128"},
             row{"HTTP://P:3128", "p 3128"},
             row{"p:3128", "p 3128"},
             row{"10.0.0.1:3128", "10.0.0.1 3128"},
             row{"http://[::1]:3128", "::1 3128"},
             row{"[::1]:3128", "::1 3128"},
             row{"http://me:s%40cret%3A@p:1", "me|s@cret:@p 1"},
             row{"me:secret@p", "me|secret@p 80"},
             row{"http://me@p", "me|@p 80"},
             row{"http://", "refused"},
             row{"http://:3128", "refused"},
             row{"http://p:0", "refused"},
             row{"http://p:65536", "refused"},
             row{"http://p:secret", "refused"},
             row{"http://p/secret", "refused"},
             row{"http://p?secret", "refused"},
             row{"http://p#secret", "refused"},
             row{"https://me:secret@p", "me|secret@p 443 secure"},
             row{"https://p:3128", "p 3128 secure"},
             row{"https://p:80", "p 80 secure"},
             row{"socks5://me:secret@p", "me|secret@p 1080 socks"},
             row{"socks5h://p:80", "p 80 socks with names"},
             row{"SOCKS5H://[::1]:443/", "::1 443 socks with names"},
             row{"socks5://p/secret", "refused"},
             row{"socks4://me:secret@p", "refused"},
             row{"http://me:secret@", "refused"},
             row{"http://me:secret@p q", "refused"},
             row{"http://me:secret\n@p", "refused"},
             row{"http://me:sec/ret@p", "refused"},
             row{"://secret", "refused"},
         }) {
        for (const bool secure : {false, true}) {
            BOOST_TEST_CONTEXT(r.url << (secure ? " for https" : " for http"))
            {
                proxy_options options;
                (secure ? options.https : options.http) = r.url;
                std::string seen;
                try {
                    const proxy_rules rules(options);
                    seen = written(rules.choose({secure, "host", 1}));
                    BOOST_TEST(written(rules.choose({!secure, "host", 1})) == "none");
                } catch (const failure& e) {
                    BOOST_TEST_MESSAGE(r.url << ": " << e.detail());
                    seen = "refused";
                    BOOST_TEST((e.code() == errc::invalid_option));
                    BOOST_TEST(e.detail().starts_with(secure ? "the proxy for https URLs " : "the proxy for http URLs "));
                    BOOST_TEST(e.detail().find("secret") == std::string::npos);
                }
                BOOST_TEST(seen == r.expected);
                if (seen == "refused") {
                    BOOST_CHECK_THROW(options.validate(), std::invalid_argument);
                } else {
                    BOOST_CHECK_NO_THROW(options.validate());
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(that_are_none_are_no_fault_where_they_are_not_wanted)
{
    const proxy_rules rules({"http://good", "gopher://none", "example.org"});
    BOOST_TEST(written(rules.choose({false, "host", 80})) == "good 80");
    BOOST_TEST(written(rules.choose({true, "example.org", 443})) == "none");
    BOOST_CHECK_THROW(rules.choose({true, "host", 443}), failure);
}

BOOST_AUTO_TEST_CASE(exceptions)
{
    struct row
    {
        const char* no_proxy;
        const char* host;
        std::uint16_t port;
        bool through;
    };
    for (const row& r : {
             row{"", "a.example.org", 443, true},
             row{"*", "a.example.org", 443, false},
             row{"x, *", "a.example.org", 443, false},
             row{"example.org", "example.org", 443, false},
             row{"example.org", "a.example.org", 443, false},
             row{"example.org", "badexample.org", 443, true},
             row{"example.org", "example.org.evil", 443, true},
             row{".example.org", "a.example.org", 443, false},
             row{".example.org", "example.org", 443, false},
             row{".example.org", "badexample.org", 443, true},
             row{"*.example.org", "a.example.org", 443, false},
             row{"Example.ORG", "example.org", 443, false},
             row{"example.org.", "example.org", 443, false},
             row{"example.org", "example.org.", 443, false},
             row{"example.org:443", "example.org", 443, false},
             row{"example.org:443", "example.org", 8443, true},
             row{"example.org:0", "example.org", 443, true},
             row{"example.org:65979", "example.org", 443, true},
             row{"example.org:", "example.org", 443, true},
             row{"a,b c\td", "d", 443, false},
             row{" a , b ", "b", 443, false},
             row{"localhost,127.0.0.1", "localhost", 443, false},
             row{"localhost,127.0.0.1", "127.0.0.1", 443, false},
             row{"localhost,127.0.0.1", "127.0.0.2", 443, true},
             row{"127.0.0.1:443", "127.0.0.1", 443, false},
             row{"127.0.0.1:443", "127.0.0.1", 444, true},
             row{"0.0.1", "127.0.0.1", 443, true},
             row{".1", "127.0.0.1", 443, true},
             row{"10.0.0.0/8", "10.255.0.1", 443, false},
             row{"10.1.2.3/8", "10.255.0.1", 443, false},
             row{"10.0.0.0/8", "11.0.0.1", 443, true},
             row{"10.0.0.0/8", "a.org", 443, true},
             row{"0.0.0.0/0", "11.0.0.1", 443, false},
             row{"10.0.0.0/33", "10.0.0.1", 443, true},
             row{"10.0.0.0/", "10.0.0.1", 443, true},
             row{"10.0.0.0/-1", "10.0.0.1", 443, true},
             row{"/", "10.0.0.1", 443, true},
             row{"10.0.0.0/8", "::ffff:10.0.0.1", 443, false},
             row{"10.0.0.0/8", "::1", 443, true},
             row{"::1", "::1", 443, false},
             row{"[::1]", "::1", 443, false},
             row{"[::1]:443", "::1", 443, false},
             row{"[::1]:444", "::1", 443, true},
             row{"0:0::1", "::1", 443, false},
             row{"fd00::/8", "fd12::1", 443, false},
             row{"[fd00::]/8", "fd12::1", 443, false},
             row{"fd00::/8", "fe12::1", 443, true},
             row{"fd00::/8", "10.0.0.1", 443, true},
             row{"fe80::/10", "fe80::1%1", 443, false},
             row{"::/0", "fe80::1", 443, false},
             row{"[", "::1", 443, true},
             row{"[]", "::1", 443, true},
             row{".", "a", 443, true},
             row{"..", "a", 443, true},
             row{",,,", "a", 443, true},
         }) {
        BOOST_TEST_CONTEXT("NO_PROXY=" << r.no_proxy << " for " << r.host << " port " << r.port)
        {
            const proxy_rules rules({"http://p", "http://p", r.no_proxy});
            BOOST_TEST((rules.choose({true, r.host, r.port}) != nullptr) == r.through);
        }
    }
}

BOOST_AUTO_TEST_CASE(from_the_environment)
{
    const auto seen = [](std::initializer_list<std::pair<const char*, const char*>> variables) {
        const environment scope(variables);
        const proxy_options options = proxy_options::from_environment();
        return options.http + '|' + options.https + '|' + options.no_proxy;
    };
    BOOST_TEST(seen({}) == "||");
    BOOST_TEST(seen({{"http_proxy", "a"}, {"https_proxy", "b"}, {"no_proxy", "c"}}) == "a|b|c");
    BOOST_TEST(seen({{"HTTP_PROXY", "a"}, {"HTTPS_PROXY", "b"}, {"NO_PROXY", "c"}}) == "|b|c");
    BOOST_TEST(seen({{"HTTPS_PROXY", "B"}, {"https_proxy", "b"}, {"NO_PROXY", "C"}, {"no_proxy", "c"}}) == "|b|c");
    BOOST_TEST(seen({{"all_proxy", "a"}}) == "a|a|");
    BOOST_TEST(seen({{"ALL_PROXY", "a"}, {"https_proxy", "b"}}) == "a|b|");
    BOOST_TEST(seen({{"all_proxy", "a"}, {"https_proxy", ""}}) == "a|a|");
}

BOOST_AUTO_TEST_CASE(netrc_files)
{
    struct row
    {
        const char* text;
        const char* host;
        const char* expected;
    };
    const char* two = "machine a.org login me password secret\nmachine b.org\n\tlogin you\n\tpassword other\n";
    for (const row& r : {
             row{two, "a.org", "me|secret"},
             row{two, "b.org", "you|other"},
             row{two, "A.ORG", "me|secret"},
             row{two, "c.org", "none"},
             row{two, "sub.a.org", "none"},
             row{two, "", "none"},
             row{"default login me password x machine a login you password y", "a", "you|y"},
             row{"machine a login you password y default login me password x", "b", "me|x"},
             row{"machine a login 1 password 2 machine a login 3 password 4", "a", "1|2"},
             row{"machine a login me account x password y", "a", "me|y"},
             row{"machine a login me", "a", "me|"},
             row{"machine a password y", "a", "|y"},
             row{"machine a", "a", "none"},
             row{"machine", "", "none"},
             row{"machine a login", "a", "none"},
             row{"login me password x", "a", "none"},
             row{"# machine b login x password y\nmachine a login me password y # more\n", "a", "me|y"},
             row{"# machine b login x password y\nmachine a login me password y # more\n", "b", "none"},
             row{"machine a login me password #y", "a", "me|#y"},
             row{"machine a login me password \"y z\"", "a", "me|y z"},
             row{"machine a login \"\" password \"y\\\"\\\\z\"", "a", "|y\"\\z"},
             row{"machine a login me password \"y", "a", "me|y"},
             row{"machine a login me password \"y\\", "a", "me|y\\"},
             row{"macdef m\nmachine a login x password y\n\nmachine a login me password z", "a", "me|z"},
             row{"macdef m\r\nmachine a login x password y\r\n\r\nmachine a login me password z", "a", "me|z"},
             row{"machine a login me password z\nmacdef m\nmachine b login x", "b", "none"},
             row{"macdef", "b", "none"},
             row{"machine a port 7 login me password z", "a", "me|z"},
             row{"", "a", "none"},
         }) {
        BOOST_TEST_CONTEXT(r.text << " for " << r.host)
        {
            BOOST_TEST(written(netrc::parse(r.text).find(r.host, std::nullopt, true)) == r.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(netrc_of_one_user)
{
    const netrc logins =
        netrc::parse("machine a login 1 password one machine a login 2 password two machine b password any "
                     "default login 3 password three");
    const auto of_user = [&](const char* host, const char* user, bool may_be_default = true) {
        return written(logins.find(host, std::string(user), may_be_default));
    };
    BOOST_TEST(of_user("a", "1") == "1|one");
    BOOST_TEST(of_user("a", "2") == "2|two");
    BOOST_TEST(of_user("a", "3") == "3|three");
    BOOST_TEST(of_user("a", "3", false) == "none");
    BOOST_TEST(of_user("a", "4") == "none");
    BOOST_TEST(of_user("b", "4") == "4|any");
    BOOST_TEST(of_user("c", "3") == "3|three");
    BOOST_TEST(written(logins.find("c", std::nullopt, true)) == "3|three");
    BOOST_TEST(written(logins.find("c", std::nullopt, false)) == "none");
    BOOST_TEST(written(logins.find("a", std::nullopt, false)) == "1|one");
}

BOOST_AUTO_TEST_CASE(netrc_is_read)
{
    const std::string name = "/tmp/tandem-netrc-" + std::to_string(::getpid());
    std::ofstream(name) << "machine a login me password y\n";
    BOOST_TEST(written(netrc::read(name).find("a", std::nullopt, true)) == "me|y");
    std::ofstream(name) << std::string(2 * 1024 * 1024, ' ');
    BOOST_CHECK_THROW(netrc::read(name), boost::system::system_error);
    ::unlink(name.c_str());
    for (const std::string& bad : {name, std::string("/tmp")}) {
        BOOST_CHECK_EXCEPTION(netrc::read(bad), boost::system::system_error, [&](const auto& e) {
            BOOST_TEST_MESSAGE(e.what());
            return std::string(e.what()).find(bad) != std::string::npos;
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
