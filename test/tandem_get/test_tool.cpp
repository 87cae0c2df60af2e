// The whole program, against the server of its own demonstration: exit status, what it says, what is on the disk.

#include "support/process.hpp"
#include "tandem_get/file_server.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/text.hpp"
#include "tandem_get/tool.hpp"

#include <tandem/http/checksum.hpp>
#include <tandem/thread_pool.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <signal.h>
#include <sys/stat.h>

namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

/// Of a line of results, as the table in the tutorial has them.
std::set<std::string> documented_keys()
{
    std::ifstream document(TUTORIAL);
    BOOST_TEST_REQUIRE(document.is_open(), TUTORIAL);
    std::set<std::string> result;
    bool in_table = false;
    for (std::string line; std::getline(document, line);) {
        in_table = line == "| key | value |" || (in_table && line.starts_with('|'));
        if (in_table && line.starts_with("| `")) {
            result.insert(line.substr(3, line.find('`', 3) - 3));
        }
    }
    return result;
}

std::set<std::string> names_in(const fs::path& folder)
{
    std::set<std::string> result;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        result.insert(entry.path().filename().string());
    }
    return result;
}

bool holds(const std::string& text, const std::string& part)
{
    const bool found = text.find(part) != std::string::npos;
    if (!found) {
        BOOST_TEST_MESSAGE("no \"" << part << "\" in:\n" << text);
    }
    return found;
}

using names = std::set<std::string>;

struct fixture
{
    fixture()
    {
        std::ofstream(served.path() / "a.txt") << "abc";
        std::ofstream(served.path() / "b.txt") << "one two\n";
        std::ofstream(served.path() / "garbage.gz") << "garbage";
        std::ofstream(served.path() / "large.bin") << std::string(300'000, 'x');
    }

    std::string url(const std::string& name) const { return server.url(name); }

    tool_result run(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), {"--no-proxy", "--directory", to.path().string()});
        const tool_result result = run_tool(arguments);
        BOOST_TEST_MESSAGE("status " << result.status << "\n" << result.out << result.err);
        return result;
    }

    temporary_folder served;
    temporary_folder to;
    tandem::thread_pool threads{1};
    file_server server{threads.get_executor(), served.path()};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(whole_program, fixture)

BOOST_AUTO_TEST_CASE(every_file_is_there)
{
    const tool_result result = run({url("a.txt"), url("b.txt"), "out=c.txt"});
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.out == "");
    BOOST_TEST(holds(result.err, "2 of 2 files, 11 B in "));
    BOOST_TEST(test::read_file(to.path() / "a.txt") == "abc");
    BOOST_TEST(names_in(to.path()) == names({"a.txt", "c.txt"}));

    const tool_result quiet = run({"--quiet", "--if-exists=replace", url("a.txt")});
    BOOST_TEST(quiet.status == 0);
    BOOST_TEST(quiet.err == "");
}

BOOST_AUTO_TEST_CASE(a_failure_names_its_url_and_cause_and_the_rest_goes_on)
{
    const tool_result result = run({url("none.txt"), url("a.txt")});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(holds(result.err, "failed: " + url("none.txt") + ": 404 Not Found"));
    BOOST_TEST(holds(result.err, "1 of 2 files, 3 B in "));
    BOOST_TEST(names_in(to.path()) == names({"a.txt"}));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_there_stays_unless_asked)
{
    std::ofstream(to.path() / "a.txt") << "mine";
    const tool_result refused = run({url("a.txt")});
    BOOST_TEST(refused.status == 1);
    for (const char* choice : {"--if-exists=rename", "--if-exists=replace", "--if-exists=skip"}) {
        BOOST_TEST(holds(refused.err, choice));
    }
    BOOST_TEST(test::read_file(to.path() / "a.txt") == "mine");
    BOOST_TEST(run({"--if-exists=rename", url("a.txt")}).status == 0);
    BOOST_TEST(test::read_file(to.path() / "a-2.txt") == "abc");
    BOOST_TEST(run({"--if-exists", "replace", url("a.txt")}).status == 0);
    BOOST_TEST(test::read_file(to.path() / "a.txt") == "abc");
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_does_nothing)
{
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"--parallel", "0", url("a.txt")},
        {"--parallel", "many", url("a.txt")},
        {"--colour", url("a.txt")},
        {"--if-exists", "overwrite", url("a.txt")},
        {"--rate", "fast", url("a.txt")},
        {"--then", "sha3", url("a.txt")},
        {"--header", "no colon", url("a.txt")},
        {"--user", "nobody", url("a.txt")},
        {"--output", "x", url("a.txt"), url("b.txt")},
        {"--input", (to.path() / "none").string()},
        {"--cacert", (to.path() / "none").string(), url("a.txt")},
        {"--proxy", "http://proxy", url("a.txt")}, // with --no-proxy
        {"--cert", (to.path() / "none").string(), url("a.txt")},
        {"--key", (to.path() / "none").string(), url("a.txt")},
        {"--interface", "no such one", url("a.txt")},
        {"--unix-socket", std::string(200, 'x'), url("a.txt")},
        {"--demo", url("a.txt")},
        {"sha256=abc", url("a.txt")},
        {url("a.txt"), "sha256=abc"},
        {url("a.txt"), "out=../a.txt"},
    };
    for (const std::vector<std::string>& arguments : wrong) {
        const tool_result result = run(arguments);
        BOOST_TEST(result.status == 2);
        BOOST_TEST(result.err.starts_with("tandem-get: "));
    }
    BOOST_TEST(names_in(to.path()) == names());
}

BOOST_AUTO_TEST_CASE(help_and_version)
{
    BOOST_TEST(holds(run({"--help"}).out, "--if-exists"));
    BOOST_TEST(holds(run({"--version"}).out, "tandem-get "));
}

BOOST_AUTO_TEST_CASE(the_words_of_curl_and_wget_get_a_hint)
{
    for (const char* option :
         {"-L", "-O", "-H", "-C", "-c", "-k", "-s", "-S", "-f", "--location", "-fsSLO", "--continue"}) {
        const tool_result result = run({option, url("a.txt")});
        BOOST_TEST(result.status == 2);
        BOOST_TEST(holds(result.err, std::string("there is no option ") + (option[1] == '-' ? option : "-")));
        BOOST_TEST((result.err.find(": ", result.err.find("there is no option ")) != std::string::npos)); // and what to do
    }
    const tool_result all = run({"-fsSL", "--no-check-certificate", url("a.txt")});
    for (const char* hint : {"option -f: an answer", "option -s: it is --quiet", "option -S: errors",
                             "option -L: redirects", "option --no-check-certificate: certificates are always verified"}) {
        BOOST_TEST(holds(all.err, hint));
    }
    BOOST_TEST(names_in(to.path()) == names());
}

BOOST_AUTO_TEST_CASE(help_names_every_checksum)
{
    const std::string help = run({"--help"}).out;
    for (const char* name : {"sha256=", "sha512=", "sha1=", "md5="}) {
        BOOST_TEST(holds(help, name));
        BOOST_CHECK_THROW(tandem::http::checksum::parse(name), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(a_server_without_https_is_asked_by_http)
{
    const std::string there = url("a.txt").substr(std::string("http://").size());
    const tool_result result = run({there, "out=b/a.txt"});
    BOOST_TEST(result.status == 0);
    BOOST_TEST(holds(result.err, url("a.txt") + ": it does not answer by https, so it is asked by http"));
    BOOST_TEST(test::read_file(to.path() / "b" / "a.txt") == "abc");
    const tool_result refused = run({"--https-only", "--retries=0", there});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(holds(refused.err, "failed: https://" + there));
    BOOST_TEST(run({"nowhere"}).status == 2);
}

BOOST_AUTO_TEST_CASE(a_host_that_does_not_answer_holds_up_no_other_and_is_asked_once)
{
    boost::asio::io_context context;
    const tcp::acceptor silent(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    const std::string host = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    const tool_result result = run({"--connect-timeout", "3", "--idle-timeout", "1", "--retries", "0", host + "/x",
                                    host + "/y", url("a.txt")});
    BOOST_TEST(result.status == 1);
    const std::string probed = ": it does not answer by https";
    const std::size_t first = result.err.find(probed);
    BOOST_TEST_REQUIRE(first != std::string::npos);
    BOOST_TEST(result.err.find(probed, first + 1) == std::string::npos);
    BOOST_TEST(result.err.find("a.txt: 3 B") < first);
    BOOST_TEST(holds(result.err, "failed: http://" + host + "/x: "));
    BOOST_TEST(holds(result.err, "failed: http://" + host + "/y: "));
    const tool_result limited = run({"--max-time", "1", "--retries", "0", host + "/x"});
    BOOST_TEST(holds(limited.err, "failed: https://" + host + "/x: not complete within --max-time"));
}

BOOST_AUTO_TEST_CASE(a_signal_says_nothing_about_a_host_that_is_asked)
{
    boost::asio::io_context context;
    tcp::acceptor silent(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    const std::string host = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    tool running({"--no-proxy", "-d", to.path().string(), host + "/x"});
    const tcp::socket asked = silent.accept();
    running.send(SIGINT);
    const tool_result result = running.wait();
    BOOST_TEST_MESSAGE(result.err);
    BOOST_TEST(result.status == 128 + SIGINT);
    BOOST_TEST(result.err.find("https") == std::string::npos);
    BOOST_TEST(holds(result.err, "interrupted: 0 "));
}

BOOST_AUTO_TEST_CASE(then_prints_a_line_for_each_file)
{
    const tool_result result = run({"--then", "sha256", "--quiet", url("a.txt")});
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.out == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  " +
                                 (to.path() / "a.txt").string() + '\n');
}

BOOST_AUTO_TEST_CASE(a_crash_costs_one_file_and_says_which)
{
    const tool_result result = run({"--then", "abort", "--json", "-", url("a.txt"), url("none.txt")});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(holds(result.err, "failed: " + url("a.txt") + ": " + (to.path() / "a.txt").string() +
                                     ": its task crashed: signal 6 (Aborted)"));
    BOOST_TEST(holds(result.out, "\"worker_died\""));
    BOOST_TEST(holds(result.out, "\"file\":\"" + (to.path() / "a.txt").string())); // it is there
    BOOST_TEST(holds(result.err, "0 of 2 files"));

    const tool_result error = run({"--then", "gunzip", "--if-exists=replace", url("garbage.gz")});
    BOOST_TEST(error.status == 1);
    BOOST_TEST(holds(error.err, "is not gzip data"));
    BOOST_TEST(names_in(to.path()) == names({"a.txt", "garbage.gz"}));
}

BOOST_AUTO_TEST_CASE(a_task_replaces_nothing_that_the_run_has_made)
{
    std::ofstream(served.path() / "a.txt.gz") << "of the server";
    std::ofstream(to.path() / "a.txt.gz") << "old";
    const tool_result result = run({"-p", "1", "--then", "gzip", "--if-exists=replace", url("a.txt.gz"), url("a.txt")});
    BOOST_TEST(result.status == 1);
    BOOST_TEST(holds(result.err, "a.txt.gz was written since the downloads began"));
    BOOST_TEST(test::read_file(to.path() / "a.txt.gz") == "of the server");
}

BOOST_AUTO_TEST_CASE(a_task_of_what_is_skipped_keeps_what_it_made)
{
    const std::vector<std::string> command{"--then", "gzip", "--json", "-", "--if-exists=skip", url("a.txt"),
                                           "sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
    BOOST_TEST(run(command).status == 0);
    std::ofstream(to.path() / "a.txt.gz") << "edited";
    const tool_result again = run(command);
    BOOST_TEST(again.status == 0);
    BOOST_TEST(holds(again.out, "\"bytes\":6,\"skipped\":true"));
    BOOST_TEST(test::read_file(to.path() / "a.txt.gz") == "edited");
    fs::remove(to.path() / "a.txt.gz"); // as after an interruption
    BOOST_TEST(run(command).status == 0);
    BOOST_TEST(test::read_file(to.path() / "a.txt.gz") != "");
    std::ofstream(to.path() / "a.txt") << "another one";
    std::ofstream(to.path() / "a.txt.gz") << "edited";
    BOOST_TEST(run(command).status == 1); // it is not of the new file
    BOOST_TEST(test::read_file(to.path() / "a.txt.gz") == "edited");
}

BOOST_AUTO_TEST_CASE(results_as_json)
{
    const tool_result result = run({"--json", "-", "--then", "wc", url("b.txt"), url("none.txt")});
    std::vector<json::object> lines;
    for (std::size_t begin = 0, end = 0; (end = result.out.find('\n', begin)) != std::string::npos; begin = end + 1) {
        lines.push_back(json::parse(result.out.substr(begin, end - begin)).as_object());
    }
    BOOST_TEST_REQUIRE(lines.size() == 2u);
    const bool first = lines[0]["error"].is_null();
    json::object& good = lines[first ? 0 : 1];
    json::object& bad = lines[first ? 1 : 0];
    BOOST_TEST((good["url"] == json::value(url("b.txt"))));
    BOOST_TEST((good["file"] == json::value((to.path() / "b.txt").string())));
    BOOST_TEST((good["status"] == json::value(200)));
    BOOST_TEST((good["bytes"] == json::value(8)));
    BOOST_TEST((good["then"] == json::value(json::object{{"lines", 1}, {"words", 2}, {"bytes", 8}})));
    BOOST_TEST((bad["status"] == json::value(404)));
    BOOST_TEST((bad["error"].at("code") == json::value("bad_status")));
    for (const json::object& line : lines) {
        std::set<std::string> keys;
        for (const auto& entry : line) {
            keys.insert(entry.key());
        }
        BOOST_TEST(keys == documented_keys(), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(results_that_cannot_be_written_are_no_success)
{
    BOOST_TEST(run({"--json", "/dev/full", url("a.txt")}).status == 3);
    tool printing({"--no-proxy", "-d", to.path().string(), "--if-exists=replace", "--then", "sha256", url("a.txt")},
                  "/dev/null", "/dev/full");
    BOOST_TEST(printing.wait().status == 3);
}

BOOST_AUTO_TEST_CASE(a_slow_list_does_not_hold_up_downloads_and_a_signal_ends_it)
{
    const std::string pipe = (served.path() / "pipe").string();
    BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    for (const int signal : {SIGINT, SIGTERM}) {
        fs::remove(to.path() / "a.txt");
        tool running({"--no-proxy", "-d", to.path().string(), "-i", "-"}, pipe);
        std::ofstream(pipe) << url("a.txt") << '\n' << "http://nowhere/ what=this\n";
        for (int i = 0;
             i < 500 && !(fs::exists(to.path() / "a.txt") && running.err().find("a.txt: 3 B") != std::string::npos);
             ++i) {
            std::this_thread::sleep_for(10ms);
        }
        BOOST_TEST(test::read_file(to.path() / "a.txt") == "abc"); // though the list goes on
        running.send(signal);
        const tool_result result = running.wait();
        BOOST_TEST_MESSAGE(result.err);
        BOOST_TEST(result.status == 128 + signal);
        BOOST_TEST(holds(result.err, "standard input:2: "));
        BOOST_TEST(holds(result.err, "interrupted: 1 file complete, 1 failed; the same command with --if-exists=skip"));
    }
}

BOOST_AUTO_TEST_CASE(a_screen_on_a_terminal)
{
    const tool_result result =
        run_on_terminal({"--no-proxy", "-d", to.path().string(), "--rate", "500K", url("large.bin"),
                         "out=a-long-name-that-needs-to-be-shortened-in-its-middle.bin"},
                        60, 10);
    BOOST_TEST(result.status == 0);
    BOOST_TEST(holds(result.out, "0 of 1 file, "));
    BOOST_TEST(holds(result.out, "..."));
    BOOST_TEST(holds(result.out, "\x1b[J"));
    BOOST_TEST(holds(result.out, "1 of 1 file, 293.0 KiB in "));
    // What is drawn in place fits, so that it does not wrap: all lines that do not end as those that stay do.
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = result.out.find_first_of("\r\n", begin)) != std::string::npos; begin = end + 1) {
        std::string line = result.out.substr(begin, end - begin);
        if (line.starts_with("\x1b[J")) {
            line.erase(0, 3);
        }
        const bool stays = line.find(to.path().string()) != std::string::npos;
        BOOST_TEST((stays || columns(line) < 60), line);
    }
}

BOOST_AUTO_TEST_SUITE_END()
