#include "http/exchange/basic_auth.hpp"
#include "http/failure.hpp"
#include "http/file/running_checksum.hpp"

#include <tandem/http/checksum.hpp>

#include <boost/system/errc.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

using namespace std::string_literals;
using namespace tandem::http;

BOOST_AUTO_TEST_SUITE(checksums)

BOOST_AUTO_TEST_CASE(of_abc)
{
    struct row
    {
        const char* algorithm;
        const char* digest;
    };
    for (const row& r : {
             row{"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
             row{"sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
             row{"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
             row{"md5", "900150983cd24fb0d6963f7d28e17f72"},
         }) {
        BOOST_TEST_CONTEXT(r.algorithm)
        {
            std::string capitals = std::string(r.algorithm) + "=" + r.digest;
            for (char& c : capitals) {
                c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
            }
            const checksum expected = checksum::parse(capitals);
            BOOST_TEST(expected.algorithm == r.algorithm);
            BOOST_TEST(expected.digest == r.digest);

            running_checksum sum(expected);
            sum.update(std::string("a"));
            BOOST_TEST(!sum.matches());
            sum.update(std::string());
            sum.update(std::string("bc"));
            BOOST_TEST(sum.digest() == r.digest);
            BOOST_TEST(sum.matches());
            sum.update(std::string("d"));
            BOOST_TEST(!sum.matches());

            running_checksum moved = std::move(sum);
            BOOST_TEST(moved.digest() != r.digest);
        }
    }
}

BOOST_AUTO_TEST_CASE(that_are_none)
{
    const std::string digits(64, 'a');
    for (const std::string& text :
         {"sha256"s, "sha256="s, "=" + digits, digits, "sha256=" + digits + "a", "sha256=" + digits.substr(1),
          "sha256=" + digits.substr(1) + "g", "sha256= " + digits.substr(1), " sha256=" + digits, "sha-256=" + digits,
          "sha3=" + digits, "sha1=" + digits, "sha256=" + digits.substr(1) + "\0"s, "sha256\0=" + digits, ""s}) {
        BOOST_TEST_CONTEXT(text)
        {
            BOOST_CHECK_THROW(checksum::parse(text), std::invalid_argument);
        }
    }
}

BOOST_AUTO_TEST_CASE(made_by_hand)
{
    running_checksum capitals({"SHA1", "A9993E364706816ABA3E25717850C26C9CD0D89D"});
    capitals.update(std::string("abc"));
    BOOST_TEST(capitals.matches());

    for (const checksum& c : {checksum{"", ""}, checksum{"sha256", "abc"}, checksum{"whirlpool", "00"}}) {
        BOOST_CHECK_EXCEPTION(running_checksum{c}, failure, [](const failure& e) {
            BOOST_TEST_MESSAGE(e.code().message() << ": " << e.detail());
            return e.code() == boost::system::errc::invalid_argument && !e.detail().empty();
        });
    }
}

BOOST_AUTO_TEST_CASE(logins)
{
    struct row
    {
        credentials login;
        std::string field;
    };
    for (const row& r : {
             row{{"Aladdin", "open sesame"}, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
             row{{"test", "123\xc2\xa3"}, "Basic dGVzdDoxMjPCow=="},
             row{{"", ""}, "Basic Og=="},
             row{{"a", ""}, "Basic YTo="},
             row{{"ab", ""}, "Basic YWI6"},
         }) {
        BOOST_TEST_CONTEXT(r.field)
        {
            BOOST_TEST(basic_authorization(r.login) == r.field);
        }
    }
    const std::string longest = basic_authorization({std::string(3'000'000, 'x'), "y"});
    BOOST_TEST(longest.size() == 6 + (3'000'002 + 2) / 3 * 4u);
    BOOST_TEST(longest.find_first_of(std::string("\r\n\0", 3)) == longest.npos);
}

BOOST_AUTO_TEST_SUITE_END()
