// What the tool says of an error: in the words of its command line.

#include "tandem_get/cause.hpp"
#include "tandem_get/habits.hpp"

#include <tandem/error.hpp>
#include <tandem/http/error.hpp>

#include <boost/test/unit_test.hpp>

#include <exception>
#include <regex>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(causes)

namespace {

namespace http = tandem::http;

/// The first word of `text` that looks like a name in a program; empty where there is none.
std::string identifier_in(const std::string& text)
{
    std::smatch found;
    return std::regex_search(text, found, std::regex("\\w+(_|::)\\w+")) ? found.str() : "";
}

cause cause_of_code(const boost::system::error_code& code, const std::string& detail)
{
    return cause_of(std::make_exception_ptr(http::download_error(code, "http://host/file", 0, detail)));
}

} // namespace

BOOST_AUTO_TEST_CASE(no_message_names_a_member_of_the_library)
{
    int count = 0;
    for (int value = 1; http::error_category().message(value) != http::error_category().message(0); ++value) {
        ++count;
        const cause why = cause_of_code({value, http::error_category()}, "detail");
        BOOST_TEST_CONTEXT(why.code << ": " << why.message << " (" << why.hint << ')')
        {
            BOOST_TEST(identifier_in(why.message) == "");
            BOOST_TEST(identifier_in(why.hint) == "");
            BOOST_TEST(why.message.starts_with("http://host/file: detail: "));
            BOOST_TEST(why.code != "error"); // each has a name
        }
    }
    BOOST_TEST(count >= 29);
}

BOOST_AUTO_TEST_CASE(options_have_their_own_names)
{
    BOOST_TEST(cause_of_code(http::errc::unsupported_scheme, "https_only is set, and this is http")
                   .message.starts_with("http://host/file: --https-only is set, and this is http: "));
    BOOST_TEST(in_option_names("http::client_options: proxy: proxy_options::https is no proxy") ==
               "--proxy or https_proxy is no proxy");
    BOOST_TEST(in_option_names("http::client_options: unix_socket is too long") == "--unix-socket is too long");
    BOOST_TEST(in_option_names("min_rate_period is more than zero") == "--min-rate-time is more than zero");
    // What a server says is not ours to translate.
    BOOST_TEST(cause_of_code(http::errc::bad_status, "404 no ca_file").message.find("404 no ca_file: ") !=
               std::string::npos);
    // Nor is a URL.
    const http::download_error in_url(http::errc::unsupported_scheme, "ftp://host/ca_file", 0, "");
    BOOST_TEST(cause_of(std::make_exception_ptr(in_url)).message.starts_with("ftp://host/ca_file: "));
}

BOOST_AUTO_TEST_CASE(a_proxy_is_told_by_its_own_option)
{
    const auto refused = [](unsigned status, const std::string& detail) {
        return cause_of(std::make_exception_ptr(
            http::download_error(http::errc::login_required, "http://host/file", status, detail)));
    };
    const std::string proxy = "the proxy host port 1 ";
    BOOST_TEST(refused(0, proxy + "refused the user name or the password").hint ==
               "--proxy socks5h://NAME:PASSWORD@HOST:PORT");
    BOOST_TEST(refused(407, proxy + "answered 407").hint == "--proxy http://NAME:PASSWORD@HOST:PORT");
    BOOST_TEST(refused(401, "401 the proxy").hint == "--user or --netrc");
    for (const char* what : {"does not speak SOCKS 5", "gives an address of an unknown type"}) {
        BOOST_TEST(cause_of_code(http::errc::malformed_response, proxy + what).message ==
                   "http://host/file: " + proxy + what + ": the proxy's answer is not valid SOCKS 5");
    }
    BOOST_TEST(cause_of_code(http::errc::malformed_response, "\"x\" does not speak SOCKS 5")
                   .message.ends_with(": the server's answer is not valid HTTP"));
}

BOOST_AUTO_TEST_CASE(a_task_that_did_not_run_has_no_name_of_a_function)
{
    tandem::task_report report;
    report.task = "sha256_file(std::__cxx11::basic_string<char> const&, bool)";
    const cause why = cause_of(std::make_exception_ptr(
        tandem::task_error(tandem::errc::start_failed, "task " + report.task + ": \"\": No such file", report)));
    BOOST_TEST_MESSAGE(why.message);
    BOOST_TEST(why.message == "its task failed: No such file: no worker process could be started");
    BOOST_TEST(why.code == "start_failed");
}

BOOST_AUTO_TEST_CASE(who_knows_curl_and_wget_is_told_what_to_do)
{
    for (const char* option : {"-L", "-O", "-H", "-C", "-c", "-k", "-s", "-S", "-f", "--location", "--continue", "-nc",
                               "--no-check-certificate", "--limit-rate", "-P", "--retry", "--output-document", "-X", "-F",
                               "--data", "--post-data", "-I", "--spider", "-r", "--mirror", "-v", "--checksum"}) {
        BOOST_TEST(!habit_hint(option).empty(), option);
    }
    BOOST_TEST(habit_hint("--colour").empty());
    BOOST_TEST(habit_hint("-").empty());
    BOOST_TEST(habit_hint("").empty());
    using words = std::vector<std::string>;
    BOOST_TEST(options_in("-fsSL") == words({"-f", "-s", "-S", "-L"}));
    BOOST_TEST(options_in("-nc") == words({"-nc"}));
    BOOST_TEST(options_in("-uname:secret") == words({"-u"}));
    BOOST_TEST(options_in("--http-password=secret") == words({"--http-password"}));
    BOOST_TEST(options_in("--user:name:secret") == words({"--user"}));
    BOOST_TEST(options_in("--username:secret") == words({"--username"}));
}

BOOST_AUTO_TEST_SUITE_END()
