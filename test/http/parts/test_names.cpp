#include "http/file/safe_name.hpp"

#include <tandem/http/download_list.hpp>

#include <boost/nowide/utf/convert.hpp>
#include <boost/test/unit_test.hpp>

#include <random>
#include <stdexcept>
#include <string>

using namespace std::string_literals;
using namespace tandem::http;

namespace {

std::string written(const std::optional<list_item>& item)
{
    if (!item) {
        return "nothing";
    }
    std::string text = item->url + '|' + item->name.string() + '|' +
                       (item->expected ? item->expected->algorithm + '=' + item->expected->digest : "");
    for (const std::string& mirror : item->mirrors) {
        text += '|' + mirror;
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(made_safe)
{
    const std::string x(300, 'x');
    struct row
    {
        std::string raw;
        std::string name;
    };
    for (const row& r : {
             row{"a.txt", "a.txt"},
             row{"a b.txt", "a b.txt"},
             row{"", "index.html"},
             row{".", "index.html"},
             row{"..", "index.html"},
             row{"...", "_.."},
             row{".bashrc", "_bashrc"},
             row{"/", "_"},
             row{"/etc/passwd", "_etc_passwd"},
             row{"../../etc/passwd", "_._.._etc_passwd"},
             row{"..\\..\\boot.ini", "_._.._boot.ini"},
             row{"a\0b\nc\x7f\x1b[2J"s, "a_b_c__[2J"},
             row{"\xc2\x9b"
                 "2Ja",
                 "_2Ja"},
             row{"\x9b"
                 "2Ja",
                 "_2Ja"},
             row{"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
             row{"a\xfc", "a_"},
             row{"a\xc3", "a_"},
             row{"a\xe2\x82", "a__"},
             row{"\xc0\xaf", "__"},
             row{"\xed\xa0\x80", "___"},
             row{"\xf4\x90\x80\x80", "____"},
             row{"a.part", "a.part_"},
             row{"a.part.from", "a.part.from_"},
             row{"a.part.new", "a.part.new_"},
             row{"a.PART", "a.PART_"},
             row{".part", "_part"},
             row{"a.part.txt", "a.part.txt"},
             row{"apart", "apart"},
             row{x, x.substr(0, 240)},
             row{x + ".tar", x.substr(0, 236) + ".tar"},
             row{x + ".part", x.substr(0, 235) + ".par_"},
             row{x.substr(0, 235) + ".part", x.substr(0, 235) + ".par_"},
             row{x.substr(0, 235) + ".partition.of.many.parts", x.substr(0, 234) + ".parts"},
             row{x.substr(0, 235) + ".part " + x, x.substr(0, 235) + ".par_"},
             row{"." + x, "_" + x.substr(0, 239)},
         }) {
        BOOST_TEST_CONTEXT(r.raw)
        {
            BOOST_TEST(safe_name(r.raw) == r.name);
            BOOST_TEST(safe_name(r.name) == r.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(of_noise_too)
{
    std::mt19937 random(11);
    const std::string likely = "./\\.part.from.new\xc3\xbc\xe2\x82\xac\x9b\n"s + '\0';
    for (int i = 0; i < 100'000; ++i) {
        std::string raw(random() % 300, ' ');
        for (char& c : raw) {
            c = random() % 4 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
        }
        const std::string name = safe_name(raw);
        const bool good =
            !name.empty() && name.size() <= 240 && name.front() != '.' && name.find_first_of("/\\\n\0"s) == name.npos &&
            !name.ends_with(".part") && !name.ends_with(".part.from") && !name.ends_with(".part.new") &&
            !boost::nowide::utf::convert_string<wchar_t>(name.data(), name.data() + name.size()).empty() &&
            boost::nowide::utf::convert_string<wchar_t>(name.data(), name.data() + name.size())
                    .find(static_cast<wchar_t>(0xfffd)) == std::wstring::npos;
        if (!good) {
            BOOST_ERROR(name);
        }
    }
}

BOOST_AUTO_TEST_CASE(list_items)
{
    const std::string sum = "sha1=a9993e364706816aba3e25717850c26c9cd0d89d";
    const std::string md5 = "md5=900150983cd24fb0d6963f7d28e17f72";
    struct row
    {
        std::string line;
        std::string expected;
    };
    for (const row& r : {
             row{"", "nothing"},
             row{" \t ", "nothing"},
             row{"\r", "nothing"},
             row{"# https://a/", "nothing"},
             row{"  #", "nothing"},
             row{"https://a/b", "https://a/b||"},
             row{"  https://a/b\r", "https://a/b||"},
             row{"https://a/b#c", "https://a/b#c||"},
             row{"https://a/b out=c " + sum, "https://a/b|c|" + sum},
             row{"https://a/b\t" + sum + "\tout=c/d.e", "https://a/b|c/d.e|" + sum},
             row{"https://a/b SHA1=A9993E364706816ABA3E25717850C26C9CD0D89D", "https://a/b||" + sum},
             row{"https://a/b mirror=https://c/?x=1 mirror=https://d/", "https://a/b|||https://c/?x=1|https://d/"},
             row{"https://a/b out=..c", "https://a/b|..c|"},
             row{"https://a/b out=./c", "https://a/b|./c|"},
             row{"https://a/b out=../c", "refused"},
             row{"https://a/b out=c/../../d", "refused"},
             row{"https://a/b out=..", "refused"},
             row{"https://a/b out=.", "refused"},
             row{"https://a/b out=c/.", "refused"},
             row{"https://a/b out=c/", "refused"},
             row{"https://a/b out=/c", "refused"},
             row{"https://a/b out=//c", "refused"},
             row{"https://a/b out=", "refused"},
             row{"https://a/b out=c\0d"s, "refused"},
             row{"https://a/b out=c\x1b", "refused"},
             row{"https://a/b out=c out=d", "refused"},
             row{"https://a/b " + sum + " " + sum, "refused"},
             row{"https://a/b " + sum + " " + md5, "refused"},
             row{"https://a/b sha1=abc", "refused"},
             row{"https://a/b mirror=", "refused"},
             row{"https://a/b c", "refused"},
             row{"https://a/b https://c/d", "refused"},
             row{"https://a/b #c", "refused"},
         }) {
        BOOST_TEST_CONTEXT(r.line)
        {
            std::string seen;
            try {
                seen = written(list_item::parse(r.line));
            } catch (const std::invalid_argument& e) {
                BOOST_TEST_MESSAGE(r.line << ": " << e.what());
                seen = "refused";
            }
            BOOST_TEST(seen == r.expected);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
