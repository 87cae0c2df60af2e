// What a command line gets wrong is said before anything is asked for, and in its own words.

#include "http/certificates.hpp"
#include "support/process.hpp"
#include "tandem_get/file_server.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/tool.hpp"

#include <tandem/thread_pool.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(command_line)

namespace {

constexpr const char* sum_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

struct typing
{
    typing() { std::ofstream(served.path() / "a.bin") << "abc"; }

    std::string url() const { return server.url("a.bin"); }

    tool_result run(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), {"--no-proxy", "--retries=0", "--directory", to.path().string()});
        tool_result result = run_tool(arguments);
        BOOST_TEST_MESSAGE("status " << result.status << "\n" << result.out << result.err);
        return result;
    }

    void check_refused(const std::vector<std::string>& arguments, const std::string& part) const
    {
        const tool_result result = run(arguments);
        BOOST_TEST_CONTEXT(arguments.back() << '\n' << result.err)
        {
            BOOST_TEST(result.status == 2);
            BOOST_TEST(result.err.starts_with("tandem-get: "));
            BOOST_TEST((result.err.find(part) != std::string::npos), part);
            BOOST_TEST(fs::is_empty(to.path()));
        }
    }

    temporary_folder served{};
    temporary_folder to{};
    tandem::thread_pool threads{1};
    file_server server{threads.get_executor(), served.path()};
};

bool told(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_mistyped_checksum_leaves_no_file_unverified, typing)
{
    const std::string digits = sum_of_abc;
    const std::string neither = " is neither a URL nor one of sha256=, sha512=, sha1=, md5=, out=, mirror=";
    check_refused({url(), "sha256:" + digits}, "'sha256:...'" + neither);
    check_refused({url(), "md5:" + std::string(32, '1')}, "'md5:...'" + neither);
    check_refused({url(), "sha265=" + digits}, "'sha265=...'" + neither);
    check_refused({url(), "sha-256=" + digits}, "'sha-256=...'" + neither);
    check_refused({url(), "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}, "'sha256-...'" + neither);
    check_refused({url(), "sha256", "=", digits}, "'sha256'" + neither);
    check_refused({url(), "sha256=", digits}, "64 hexadecimal digits");
    check_refused({url(), "output=x"}, "'output=...'" + neither);
    check_refused({url(), "x"}, "'x'" + neither);
    check_refused({url(), digits}, "write sha256=");
    check_refused({url(), std::string(128, 'a')}, "write sha512=");
    check_refused({url(), std::string(40, 'A')}, "write sha1=");
    check_refused({url(), std::string(32, '0')}, "write md5=");
    check_refused({digits, url()}, "write sha256=");
}

BOOST_FIXTURE_TEST_CASE(a_wrong_word_that_may_be_secret_is_not_shown, typing)
{
    const std::vector<std::vector<std::string>> lines{
        {"--user", "name:", "s3cret", url()},
        {"--header", "Authorization:", "Bearer", "s3cret=", url()},
        {"http://name:s3", "s3cret", "more@localhost/a", url()},
        {url(), "name:s3cret@localhost"},
        {"http://name:s3@localhost:1/", "s3cret", url()},
    };
    for (const std::vector<std::string>& line : lines) {
        const tool_result result = run(line);
        BOOST_TEST(result.status == 2);
        BOOST_TEST(told(result.err, "is neither a URL nor one of"));
        BOOST_TEST(!told(result.err, "s3cret"));
    }
}

BOOST_FIXTURE_TEST_CASE(an_items_options_may_be_in_capitals, typing)
{
    BOOST_TEST(run({url(), std::string("SHA256=") + sum_of_abc, "OUT=b.bin"}).status == 0);
    BOOST_TEST(test::read_file(to.path() / "b.bin") == "abc");
    const tool_result wrong = run({url(), "Sha256=" + std::string(64, '0')});
    BOOST_TEST(wrong.status == 1);
    BOOST_TEST(!fs::exists(to.path() / "a.bin"));
    std::ofstream(served.path() / "list") << url() << " SHA256=" << sum_of_abc << " Out=c.bin MIRROR=" << url() << '\n';
    BOOST_TEST(run({"-i", (served.path() / "list").string()}).status == 0);
    BOOST_TEST(test::read_file(to.path() / "c.bin") == "abc");
}

BOOST_FIXTURE_TEST_CASE(a_mirror_that_is_no_url_is_refused, typing)
{
    for (const char* mirror : {"mirror=foo", "mirror=ftp://host/a", "mirror=", "mirror=http://", "mirror=//host/a"}) {
        check_refused({url(), mirror}, "mirror= takes an http or https URL");
    }
    std::ofstream(served.path() / "list") << url() << " mirror=foo\n" << url() << " out=b.bin mirror=localhost/a\n";
    const tool_result listed = run({"-i", (served.path() / "list").string()});
    BOOST_TEST(listed.status == 1);
    BOOST_TEST(told(listed.err, "list:1: " + url() + " mirror=foo: mirror= takes an http or https URL"));
    BOOST_TEST(told(listed.err, "1 of 2 files"));
    BOOST_TEST(fs::exists(to.path() / "b.bin"));
}

BOOST_FIXTURE_TEST_CASE(an_option_tells_its_range_and_what_it_was_given, typing)
{
    check_refused({"-p", url()}, "--parallel takes a number from 1 to 10000, not '" + url() + "'");
    check_refused({"--segments", "abc", url()}, "--segments takes a number from 1 to 64, not 'abc'");
    check_refused({"--segments", "65", url()}, "--segments takes a number from 1 to 64, not '65'");
    check_refused({"--segments", "", url()}, "--segments takes N, not nothing");
    check_refused({"--per-host=0", url()}, "--per-host takes a number from 1 to 10000, not '0'");
    check_refused({"--workers=0", url()}, "--workers takes a number from 1 to 1000, not '0'");
    check_refused({"--max-redirects=-1", url()}, "--max-redirects takes a number from 0 to 1000, not '-1'");
    check_refused({"-p", "http://name:s3cret@localhost/"}, "not 'http://localhost/'");
    check_refused({"-i", "nofile"}, "--input nofile: No such file");
    check_refused({"--interface", "192.0.2.1", url()}, "--interface: no interface here has the address 192.0.2.1");
    BOOST_TEST(run({"--interface", "127.0.0.7", url()}).status == 0);
}

BOOST_FIXTURE_TEST_CASE(a_certificate_needs_a_key, typing)
{
    const std::string cert = (served.path() / "cert.pem").string();
    std::ofstream(served.path() / "empty.pem") << "none\n";
    const std::string empty = (served.path() / "empty.pem").string();
    test::authority().write_server("DNS:me", cert, served.path() / "key.pem");
    check_refused({"--cert", cert, url()}, cert + " holds no key beside the certificate; give it by --key FILE");
    check_refused({"--cert", cert, "--key", empty, url()}, empty + " holds no PEM key (--key)");
    check_refused({"--cert", empty, url()}, empty + " holds no PEM certificate (--cert)");
    check_refused({"--cert", "none", url()}, "none: No such file");
    check_refused({"--cacert", empty, url()}, empty);
    for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
             {"--cert", cert, url()}, {"--cert", "none", url()}, {"--cacert", empty, url()}, {"--cacert", "none", url()},
             {"--json", "/none/x", url()}, {"--netrc-file", "none", url()}}) {
        const tool_result result = run(line);
        BOOST_TEST(!told(result.err, ":2"));
        BOOST_TEST(!told(result.err, "[")); // "[system:2]"
    }
}

BOOST_FIXTURE_TEST_CASE(a_habit_of_wget_gets_one_line, typing)
{
    for (const char* word : {"-qO-", "-O-", "-sSO-", "-qsO-"}) {
        check_refused({word, url()}, "the standard output is -o - here");
        const tool_result result = run({word, url()});
        BOOST_TEST(!told(result.err, "no option --\n"));
        BOOST_TEST(!told(result.err, "no option --:"));
        BOOST_TEST(!told(result.err, "no option --;"));
        BOOST_TEST(!told(result.err, "no option -q"));
    }
    check_refused({"-qL", url()}, "there is no option -L");
    BOOST_TEST(!told(run({"-qL", url()}).err, "no option -q"));
}

BOOST_FIXTURE_TEST_CASE(skip_says_that_it_replaces_what_is_different, typing)
{
    const std::string help = run({"--help"}).out;
    BOOST_TEST(told(help, "skip"));
    BOOST_TEST(told(help, "any other"));
    std::ofstream(to.path() / "a.bin") << "mine, and not the server's";
    const tool_result skip = run({"--if-exists=skip", url()});
    BOOST_TEST(skip.status == 0);
    BOOST_TEST(test::read_file(to.path() / "a.bin") == "abc");
    BOOST_TEST(told(skip.err, ", replaced the one that was there"));
    BOOST_TEST(!told(run({"--if-exists=skip", url(), std::string("sha256=") + sum_of_abc}).err, "replaced"));
    BOOST_TEST(!told(run({"--if-exists=skip", url(), "out=b.bin"}).err, "replaced"));
}

BOOST_AUTO_TEST_SUITE_END()
