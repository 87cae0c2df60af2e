#include "http/syntax/content_coding.hpp"
#include "http/syntax/content_disposition.hpp"
#include "http/syntax/content_range.hpp"
#include "http/syntax/entity_tag.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace std::string_literals;
using namespace tandem::http;

namespace {

std::string written(const std::optional<content_range>& range)
{
    if (!range) {
        return "none";
    }
    return (range->part ? std::to_string(range->part->first) + '-' + std::to_string(range->part->second) : "*") + '/' +
           (range->total ? std::to_string(*range->total) : "*");
}

} // namespace

BOOST_AUTO_TEST_SUITE(fields)

BOOST_AUTO_TEST_CASE(content_codings)
{
    const auto listed = [](std::string_view field) {
        std::string result;
        for (const std::string_view one : listed_codings(field)) {
            result += std::string(one) + '|';
        }
        return result;
    };
    BOOST_TEST(listed("") == "");
    BOOST_TEST(listed("gzip") == "gzip|");
    BOOST_TEST(listed(" , gzip\t,, Identity ,br ,") == "gzip|br|");
    BOOST_TEST(listed("identity") == "");
    BOOST_TEST(listed("not identity") == "not identity|");
    BOOST_TEST(is_gzip_coding("X-GZip"));
    BOOST_TEST(!is_gzip_coding("gzipped"));

    BOOST_TEST(name_tells_coding("a.tar.gz", "gzip"));
    BOOST_TEST(name_tells_coding("A.TGZ", "x-gzip"));
    BOOST_TEST(name_tells_coding("a.js.br", "br"));
    BOOST_TEST(name_tells_coding("a.Z", "x-compress"));
    BOOST_TEST(name_tells_coding("a.gz", "identity, gzip"));
    BOOST_TEST(!name_tells_coding("a.tar", "gzip"));
    BOOST_TEST(!name_tells_coding(".gz", "gzip"));
    BOOST_TEST(!name_tells_coding("a.gz", "br"));
    BOOST_TEST(!name_tells_coding("a.gz", "gzip, gzip"));
    BOOST_TEST(!name_tells_coding("a.gz", ""));
    BOOST_TEST(!name_tells_coding("agz", "gzip"));
}

BOOST_AUTO_TEST_CASE(content_ranges)
{
    struct row
    {
        std::string field;
        const char* expected;
    };
    for (const row& r : {
             row{"bytes 0-0/1", "0-0/1"},
             row{"bytes 10-19/20", "10-19/20"},
             row{"Bytes 10-19/20", "10-19/20"},
             row{"bytes 10-19/*", "10-19/*"},
             row{"bytes */20", "*/20"},
             row{"bytes 0-18446744073709551614/18446744073709551615", "0-18446744073709551614/18446744073709551615"},
             row{"bytes 0-18446744073709551615/*", "0-18446744073709551615/*"},
             row{"bytes 0-18446744073709551616/*", "none"},
             row{"bytes 0-1/18446744073709551616", "none"},
             row{"bytes 99999999999999999999999-1/2", "none"},
             row{"bytes 10-19/19", "none"},
             row{"bytes 10-20/20", "none"},
             row{"bytes 10-9/20", "none"},
             row{"bytes */*", "none"},
             row{"bytes 10-/20", "none"},
             row{"bytes -19/20", "none"},
             row{"bytes 10/20", "none"},
             row{"bytes 10-19", "none"},
             row{"bytes 10-19/", "none"},
             row{"bytes +10-19/20", "none"},
             row{"bytes 10--19/20", "none"},
             row{"bytes 10- 19/20", "none"},
             row{"bytes  10-19/20", "none"},
             row{"bytes 10-19/20 ", "none"},
             row{"bytes 10-19/20,30", "none"},
             row{"bytes 0x1-0x2/20", "none"},
             row{"bytes=10-19/20", "none"},
             row{"byte 10-19/20", "none"},
             row{"items 10-19/20", "none"},
             row{"10-19/20", "none"},
             row{"bytes", "none"},
             row{"", "none"},
             row{"bytes 1\0-2/3"s, "none"},
         }) {
        BOOST_TEST_CONTEXT(r.field)
        {
            BOOST_TEST(written(parse_content_range(r.field)) == r.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(entity_tags)
{
    struct row
    {
        std::string field;
        bool strong;
    };
    for (const row& r : {
             row{"\"abc\"", true},
             row{"\"\"", true},
             row{"\"a'b\\c!\xff\"", true},
             row{"W/\"abc\"", false},
             row{"w/\"abc\"", false},
             row{"abc", false},
             row{"\"abc", false},
             row{"abc\"", false},
             row{"\"", false},
             row{"", false},
             row{"\"a b\"", false},
             row{"\"a\"b\"", false},
             row{"\"a\", \"b\"", false},
             row{" \"a\"", false},
             row{"\"a\nb\"", false},
             row{"\"a\0b\""s, false},
             row{"\"a\x7f\"", false},
         }) {
        BOOST_TEST_CONTEXT(r.field)
        {
            BOOST_TEST(is_strong_tag(r.field) == r.strong);
        }
    }
}

BOOST_AUTO_TEST_CASE(dispositions)
{
    struct row
    {
        std::string field;
        std::string name;
    };
    for (const row& r : {
             row{"attachment; filename=\"a b.txt\"", "a b.txt"},
             row{"ATTACHMENT;FileName=a.txt", "a.txt"},
             row{"inline ; filename = a.txt", "a.txt"},
             row{"attachment; filename=a b.txt; size=3", "a b.txt"},
             row{"attachment; filename=\"a\\\"b\\\\c\"", "a\"b\\c"},
             row{"attachment; filename=\"a;b=c\"", "a;b=c"},
             row{"attachment; x=\"; filename=no\"; filename=yes", "yes"},
             row{"attachment; flag; filename=a", "a"},
             row{"attachment; filename=a; filename=b", "a"},
             row{"attachment; filename=\"../../etc/passwd\"", "../../etc/passwd"},
             row{"attachment; filename=\"a\0b\""s, "a\0b"s},
             row{"attachment; filename=\"a%20b\"", "a%20b"},
             row{"attachment; filename*=UTF-8''%e2%82%ac%20rates", "\xe2\x82\xac rates"},
             row{"attachment; filename*=utf-8'en'a.txt", "a.txt"},
             row{"attachment; filename*=ISO-8859-1''%A3%20rates", "\xc2\xa3 rates"},
             row{"attachment; filename=\"plain\"; filename*=UTF-8''better", "better"},
             row{"attachment; filename*=UTF-8''better; filename=\"plain\"", "better"},
             row{"attachment; filename*=UTF-8''%zz; filename=\"plain\"", "plain"},
             row{"attachment; filename*=UTF-8''%a; filename=\"plain\"", "plain"},
             row{"attachment; filename*=Shift_JIS''%83%65; filename=\"plain\"", "plain"},
             row{"attachment; filename*=UTF-8; filename=\"plain\"", "plain"},
             row{"attachment; filename*=UTF-8''; filename=\"plain\"", "plain"},
             row{"attachment; filename*=\"UTF-8''quoted\"", "quoted"},
             row{"attachment; filename*=UTF-8''a+b", "a+b"},
             row{"attachment; filename*=UTF-8''..%2f..%00", "../..\0"s},
             row{"attachment; filename=\"never ends", "(none)"},
             row{"attachment; filename=a; x=\"never ends", "a"},
             row{"attachment; filename=\"ends in \\", "(none)"},
             row{"attachment; filename=\"\"", "(none)"},
             row{"attachment; filename=", "(none)"},
             row{"attachment; filename", "(none)"},
             row{"attachment; =a", "(none)"},
             row{"attachment;;;", "(none)"},
             row{"attachment", "(none)"},
             row{"filename=a", "(none)"},
             row{"", "(none)"},
             row{";", "(none)"},
         }) {
        BOOST_TEST_CONTEXT(r.field)
        {
            BOOST_TEST(disposition_name(r.field).value_or("(none)") == r.name);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
