// What a shell, a terminal and a pipe expect of a program: the whole program, against the server of its own
// demonstration.

#include "support/process.hpp"
#include "tandem_get/file_server.hpp"
#include "tandem_get/temporary_folder.hpp"
#include "tandem_get/tool.hpp"

#include <tandem/thread_pool.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(shell)

namespace {

struct place
{
    place()
    {
        std::ofstream(served / "a.txt") << "abc";
        std::ofstream(served / "b.txt") << "one two\n";
        std::ofstream(served / "large.bin") << std::string(3'000'000, 'x');
    }

    std::string url(const std::string& name) const { return server.url(name); }

    /// `script` with "$@" as tandem-get and `arguments`, in the folder `to`.
    std::vector<std::string> command(const std::string& script, const std::vector<std::string>& arguments) const
    {
        std::vector<std::string> result = {"sh", "-c", script, "sh", TANDEM_GET_PROGRAM, "--no-proxy"};
        result.insert(result.end(), arguments.begin(), arguments.end());
        return result;
    }

    test::surroundings around() const
    {
        return {.folder = to,
                .output = folder.path() / "said",
                .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                "TMPDIR=" + temporary.string()}};
    }

    test::ended run(const std::string& script, const std::vector<std::string>& arguments) const
    {
        test::ended seen = test::process(command(script, arguments), around()).wait();
        BOOST_TEST_MESSAGE(seen);
        return seen;
    }

    test::ended run(const std::vector<std::string>& arguments) const { return run("\"$@\"", arguments); }

    fs::path made(const char* name) const
    {
        fs::create_directory(folder.path() / name);
        return folder.path() / name;
    }

    static std::size_t files_in(const fs::path& where)
    {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(where), fs::directory_iterator()));
    }

    temporary_folder folder{};
    fs::path to = made("to");
    fs::path temporary = made("temporary");
    fs::path served = made("served");
    tandem::thread_pool threads{1};
    file_server server{threads.get_executor(), served};
};

bool says(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

struct sent_signal
{
    const char* name;
    int number;
};

std::ostream& operator<<(std::ostream& out, const sent_signal& one)
{
    return out << one.name;
}

const sent_signal signals[] = {{"INT", SIGINT}, {"TERM", SIGTERM}, {"HUP", SIGHUP}};

/// tandem-get in the midst of a list: it has downloaded a.txt.
struct listening
{
    listening(const place& in, const std::string& script)
    {
        BOOST_TEST_REQUIRE(::pipe2(list, O_CLOEXEC) == 0);
        test::surroundings around = in.around();
        around.input_descriptor = list[0];
        running.emplace(in.command(script, {"-i", "-"}), around);
        ::close(list[0]);
        write(in.url("a.txt") + '\n');
        for (int i = 0; i != 3000 && !says(running->err(), "a.txt: 3 B"); ++i) {
            std::this_thread::sleep_for(10ms);
        }
    }
    listening(const listening&) = delete;
    listening& operator=(const listening&) = delete;
    ~listening() { end(); }

    void write(const std::string& text)
    {
        BOOST_TEST(::write(list[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void end()
    {
        if (list[1] >= 0) {
            ::close(std::exchange(list[1], -1));
        }
    }

    int list[2] = {-1, -1};
    std::optional<test::process> running{};
};

} // namespace

// A shell has SIGINT ignored by what a script runs in the background, nohup(1) SIGHUP.
BOOST_DATA_TEST_CASE_F(place, a_signal_that_was_ignored_stays_ignored, boost::unit_test::data::make(signals), one)
{
    listening tool(*this, std::string("trap '' ") + one.name + "; exec \"$@\"");
    tool.running->send(one.number);
    std::this_thread::sleep_for(100ms);
    tool.write(url("b.txt") + '\n');
    tool.end();
    const test::ended seen = tool.running->wait();
    BOOST_TEST_MESSAGE(seen);
    BOOST_TEST(seen.status == 0);
    BOOST_TEST(test::read_file(to / "b.txt") == "one two\n");
}

BOOST_DATA_TEST_CASE_F(place, any_other_ends_it_in_order, boost::unit_test::data::make(signals), one)
{
    listening tool(*this, "exec \"$@\"");
    tool.running->send(one.number);
    const test::ended seen = tool.running->wait();
    BOOST_TEST_MESSAGE(seen);
    BOOST_TEST(seen.status == 128 + one.number);
    BOOST_TEST(says(seen.err, "interrupted: 1 file complete"));
}

BOOST_FIXTURE_TEST_CASE(a_terminal_that_knows_no_escapes_gets_none, place)
{
    for (const char* kind : {"dumb", "", static_cast<const char*>(nullptr), "xterm"}) {
        fs::remove(to / "a.txt");
        const bool moves = kind && std::string_view(kind) == "xterm";
        const tool_result result =
            run_on_terminal({"--no-proxy", "-d", to.string(), "--rate", "9M", "--if-exists=replace", url("large.bin")},
                            80, 24, kind);
        BOOST_TEST_CONTEXT("TERM=" << (kind ? kind : "(none)") << '\n' << result.out)
        {
            BOOST_TEST(result.status == 0);
            BOOST_TEST(says(result.out, "\x1b") == moves);
            BOOST_TEST(says(result.out, "large.bin: 2.9 MiB in "));
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_body_goes_to_the_standard_output, place)
{
    for (const char* name : {"a.txt", "large.bin"}) {
        const test::ended seen = run({"-o", "-", url(name)});
        BOOST_TEST(seen.status == 0);
        BOOST_TEST((seen.out == test::read_file(served / name)));
        BOOST_TEST(says(seen.err, "-: "));
        BOOST_TEST(says(seen.err, "1 of 1 file, "));
    }
    BOOST_TEST(files_in(to) == 0u);
    BOOST_TEST(files_in(temporary) == 0u);
    const test::ended quiet = run({"--quiet", "--output=-", "--json", "results", url("a.txt")});
    BOOST_TEST(quiet.out == "abc");
    BOOST_TEST(quiet.err == "");
    BOOST_TEST(says(test::read_file(to / "results"), "\"file\":\"-\""));
}

BOOST_FIXTURE_TEST_CASE(a_body_that_is_not_right_does_not_go_there, place)
{
    const test::ended none = run({"-o", "-", url("none.txt")});
    BOOST_TEST(none.status == 1);
    BOOST_TEST(none.out == "");
    BOOST_TEST(says(none.err, url("none.txt") + ": 404 Not Found"));
    const test::ended wrong = run({"-o", "-", url("large.bin"), "md5=" + std::string(32, '0')});
    BOOST_TEST(wrong.status == 1);
    BOOST_TEST(wrong.out == "");
    BOOST_TEST(files_in(temporary) == 0u);
    BOOST_TEST(files_in(to) == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_body_is_appended_to_where_the_standard_output_is, place)
{
    for (const char* name : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
        std::ofstream(to / "log") << "before\n";
        const test::ended seen =
            run("\"$@\" >>log; echo after >>log", {"--if-exists=replace", "-o", name, url("b.txt")});
        BOOST_TEST_CONTEXT(name)
        {
            BOOST_TEST(seen.status == 0);
            BOOST_TEST(test::read_file(to / "log") == "before\none two\nafter\n");
            BOOST_TEST(fs::is_symlink("/dev/stdout"));
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_body_goes_into_a_device_or_a_fifo, place)
{
    BOOST_TEST(run({"-o", "/dev/null", url("large.bin")}).status == 0);
    BOOST_TEST(fs::is_character_file("/dev/null"));
    const test::ended seen =
        run("mkfifo pipe; ln -s pipe link; cat pipe >copy & \"$@\"; wait", {"-o", "link", url("large.bin")});
    BOOST_TEST(seen.status == 0);
    BOOST_TEST((test::read_file(to / "copy") == test::read_file(served / "large.bin")));
    BOOST_TEST(fs::is_fifo(to / "pipe"));
    BOOST_TEST(run("\"$@\" >/dev/full", {"-o", "-", url("a.txt")}).status == 3);
    BOOST_TEST(run({"-o", "/dev/full", url("a.txt")}).status == 3);
    BOOST_TEST(run({"-o", "/dev/stdin", url("a.txt")}).status == 2);
    // Whoever reads it wants no more: as of any program that writes into a pipe.
    BOOST_TEST(run("\"$@\" | head -c 3", {"-o", "-", url("large.bin")}).out == "xxx");
}

BOOST_FIXTURE_TEST_CASE(a_standard_output_that_is_closed_is_an_error_for_whoever_needs_it, place)
{
    const std::vector<std::vector<std::string>> needing{
        {"-o", "-"}, {"--json", "-"}, {"--then", "sha256"}, {"--then", "sha256", "--json", "results"},
        {"--json", "/dev/stdout"}, {"-o", "/dev/stdout"}};
    for (std::vector<std::string> arguments : needing) {
        arguments.push_back(url("a.txt"));
        for (const char* closed : {"\"$@\" >&-", "\"$@\" 1</dev/null"}) {
            const test::ended seen = run(closed, arguments);
            BOOST_TEST(seen.status == 2);
            BOOST_TEST(says(seen.err, "cannot write to "));
            BOOST_TEST(says(seen.err, ": Bad file descriptor"));
            BOOST_TEST(files_in(to) == 0u);
        }
    }
    for (const char* option : {"--help", "--version", "--demo"}) {
        BOOST_TEST(run("\"$@\" >&-", {option}).status == 2);
    }
    BOOST_TEST(run("\"$@\" >/dev/full", {"--help"}).status == 2);
    BOOST_TEST(run("\"$@\" >&-", {url("a.txt")}).status == 0);
    const test::ended list = run("\"$@\" <&-", {"-i", "-"});
    BOOST_TEST(list.status == 1);
    BOOST_TEST(says(list.err, "standard input: Bad file descriptor"));
}

BOOST_FIXTURE_TEST_CASE(a_standard_output_that_does_not_wait_is_waited_for, place)
{
    const std::vector<std::vector<std::string>> printing{{"--json", "-"}, {"--then", "sha256"}, {"-o", "-"}, {"--help"}};
    for (std::vector<std::string> arguments : printing) {
        int ends[2] = {-1, -1};
        BOOST_TEST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        BOOST_TEST_REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
        const std::string full(4096, '.');
        while (::write(ends[1], full.data(), full.size()) > 0) {
        }
        arguments.insert(arguments.end(), {"--if-exists=replace", url("a.txt")});
        test::surroundings in = around();
        in.input_descriptor = ends[1];
        test::process running(command("exec \"$@\" >&0", arguments), in);
        ::close(ends[1]);
        std::this_thread::sleep_for(500ms); // there is no room meanwhile
        std::string out;
        char piece[4096];
        for (ssize_t size = 0; (size = ::read(ends[0], piece, sizeof piece)) > 0;) {
            out.append(piece, static_cast<std::size_t>(size));
        }
        ::close(ends[0]);
        const test::ended seen = running.wait();
        BOOST_TEST_MESSAGE(seen << out.substr(std::min(out.find_first_not_of('.'), out.size())));
        BOOST_TEST(seen.status == 0);
        BOOST_TEST(out.find_first_not_of('.') != out.npos);
    }
}

BOOST_FIXTURE_TEST_CASE(no_value_of_an_option_shows_its_password, place)
{
    const std::string secret = "https://bob:SECRET@host/";
    for (const char* option : {"--parallel=", "-p", "--retries=", "--max-size=", "--if-exists=", "--encoded=", "--then=",
                               "--input=", "-i", "--json=", "--cacert=", "--cert=", "--netrc-file=", "--unix-socket=",
                               "--interface=", "--output=", "-o", "--rate=", "--max-time=", "--header=", "--quiet="}) {
        const test::ended seen = run({option + secret, url("none.txt")});
        BOOST_TEST(seen.status != 0);
        BOOST_TEST(!says(seen.err + seen.out, "SECRET"), option);
    }
    for (const char* word : {"--userbob:SECRET", "--user:bob:SECRET", "--us=bob:SECRET", "sha256=SECRET"}) {
        const test::ended seen = run({word, url("a.txt")});
        BOOST_TEST(seen.status == 2);
        BOOST_TEST(!says(seen.err, "SECRET"), word);
    }
    BOOST_TEST(!says(run({url("a.txt"), "sha256=SECRET"}).err, "SECRET"));
    BOOST_TEST(says(run({"--user:bob:SECRET", url("a.txt")}).err, "there is no option --user: is --user VALUE meant?"));
    BOOST_TEST(run({"-o", "icon@2x.png", url("a.txt")}).err.starts_with("icon@2x.png: 3 B"));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_grows_over_its_limit_is_an_error, place)
{
    std::ofstream(served / "zeros") << std::string(100'000, '\0');
    const test::ended packed = run({"--then", "gzip", url("zeros")});
    BOOST_TEST_REQUIRE(packed.status == 0);
    fs::rename(to / "zeros.gz", served / "small.gz");
    fs::remove(to / "zeros");
    const std::string limited = "prlimit --fsize=";
    const test::ended results = run(limited + "100 -- \"$@\"", {"--json", "results", url("a.txt")});
    BOOST_TEST(results.status == 1);
    BOOST_TEST(says(results.err, "failed: cannot write results to --json results: File too large"));
    const test::ended printed =
        run(limited + "50 -- \"$@\" >printed 2>/dev/null", {"--then", "sha256", "--if-exists=replace", url("a.txt")});
    BOOST_TEST(printed.status == 1);
    const test::ended body = run(limited + "2 -- \"$@\" 2>/dev/null", {"-o", "-", url("a.txt")});
    BOOST_TEST(body.status == 1);
    BOOST_TEST(run(limited + "10 -- \"$@\"", {"--if-exists=replace", url("a.txt")}).status == 0); // what it says is cut
    const test::ended made = run(limited + "50000 -- \"$@\"", {"--then", "gunzip", url("small.gz")});
    BOOST_TEST(made.status == 1);
    BOOST_TEST(says(made.err, "File too large"));
    BOOST_TEST(!fs::exists(to / "small"));
}

BOOST_FIXTURE_TEST_CASE(a_signal_ends_the_wait_for_somebody_to_open_a_fifo, place)
{
    BOOST_TEST_REQUIRE(::mkfifo((to / "pipe").c_str(), 0600) == 0);
    const std::vector<std::vector<std::string>> opening{
        {"-i", "pipe"}, {"--json", "pipe", "-o", "-", url("a.txt")}, {"--netrc-file", "pipe", "-o", "-", url("a.txt")}};
    for (const std::vector<std::string>& arguments : opening) {
        for (const sent_signal& one : signals) {
            test::process running(command("exec \"$@\"", arguments), around());
            std::this_thread::sleep_for(300ms);
            running.send(one.number);
            const test::ended seen = running.wait();
            BOOST_TEST_MESSAGE(arguments.front() << ' ' << one << ": " << seen);
            BOOST_TEST((seen.signal == one.number || seen.status == 128 + one.number));
            BOOST_TEST(!says(seen.err, "Interrupted"));
            BOOST_TEST(files_in(temporary) == 0u);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(fewer_open_files_make_fewer_downloads_at_once, place)
{
    const std::string limited = "ulimit -n 100; \"$@\"";
    BOOST_TEST(run(limited, {url("a.txt")}).status == 0);
    std::ofstream list(to / "list");
    for (int i = 0; i != 100; ++i) {
        list << url("b.txt") << " out=" << i << ".txt\n";
    }
    list.close();
    const test::ended seen = run(limited, {"-i", "list", "-p", "1000", "--segments", "4"});
    BOOST_TEST(seen.status == 0);
    BOOST_TEST(says(seen.err, "100 of 100 files, "));
    const test::ended none = run("ulimit -n 50; \"$@\"", {url("a.txt")});
    BOOST_TEST(none.status == 2);
    BOOST_TEST(says(none.err, "ulimit -n"));
}

BOOST_FIXTURE_TEST_CASE(results_are_not_written_into_what_is_read, place)
{
    std::ofstream(to / "list") << url("a.txt") << '\n';
    fs::create_hard_link(to / "list", to / "other");
    fs::create_symlink("list", to / "link");
    const std::string text = test::read_file(to / "list");
    for (const char* json : {"list", "other", "link"}) {
        for (const char* option : {"--input", "--netrc-file", "--cacert", "--cert"}) {
            const test::ended seen = run({option, "list", "--json", json, url("b.txt")});
            BOOST_TEST(seen.status == 2);
            BOOST_TEST(says(seen.err, std::string(option) + " and --json are the same file, 'list'"));
            BOOST_TEST(test::read_file(to / "list") == text);
        }
    }
    BOOST_TEST(run("\"$@\" <list", {"-i", "-", "--json", "list"}).status == 2);
    BOOST_TEST(run("\"$@\" >>list", {"-i", "list", "--json", "-"}).status == 2);
    BOOST_TEST(test::read_file(to / "list") == text);
    BOOST_TEST(run({"-i", "list", "--json", "results"}).status == 0);
    BOOST_TEST(run({"-i", "/dev/null", "--json", "/dev/null"}).status == 0);
}

// curl and wget write through it; here it is a file of that name, which --if-exists keeps, or replaces as a whole.
BOOST_FIXTURE_TEST_CASE(a_link_to_a_file_is_not_written_through, place)
{
    for (const bool dangling : {false, true}) {
        for (const char* policy : {"fail", "replace"}) {
            const fs::path victim = folder.path() / "victim";
            fs::remove(victim);
            fs::remove(to / "link");
            if (!dangling) {
                std::ofstream(victim) << "kept";
            }
            fs::create_symlink(victim, to / "link");
            const test::ended seen = run({"--if-exists", policy, "-o", "link", url("a.txt")});
            const bool replaced = std::string_view(policy) == "replace";
            BOOST_TEST(seen.status == (replaced ? 0 : 1));
            BOOST_TEST(test::read_file(victim) == (dangling ? "" : "kept"));
            BOOST_TEST(fs::is_symlink(to / "link") == !replaced);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(an_option_is_not_guessed_from_its_beginning, place)
{
    const test::ended seen = run({"--retry", "3", "--if", "replace", url("a.txt")});
    BOOST_TEST(seen.status == 2);
    BOOST_TEST(says(seen.err, "there is no option --retry: it is --retries N here"));
    BOOST_TEST(says(seen.err, "there is no option --if"));
    const test::ended similar = run({"--max=3", url("a.txt")});
    BOOST_TEST(similar.status == 2);
    BOOST_TEST(says(similar.err, "--max: is --max-size or --max-time or --max-redirects meant?"));
    BOOST_TEST(files_in(to) == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_is_said_before_anything_is_done, place)
{
    const std::vector<std::vector<std::string>> wrong{
        {"--header", "Host: elsewhere", url("a.txt")},
        {"--header", "Range: bytes=0-1", url("a.txt")},
        {"--header", "na me: value", url("a.txt")},
        {"--header", "Name: val\nue", url("a.txt")},
        {"--rate", "", url("a.txt")},
        {"--output", "", url("a.txt")},
        {"--user", "", url("a.txt")},
        {"--json", "", url("a.txt")},
        {"--cacert", "none", url("a.txt")},
        {"--netrc-file", "none", url("a.txt")},
        {"--input", "none"},
        {"--output", "-", "--then", "sha256", url("a.txt")},
        {"--output", "-", "--content-disposition", url("a.txt")},
        {"--output", "-", url("a.txt"), url("b.txt")},
    };
    std::ofstream(to / "results") << "old";
    for (std::vector<std::string> arguments : wrong) {
        arguments.insert(arguments.begin(), {"--directory", "new", "--json", "results"});
        const bool twice = arguments[4] == "--json";
        if (twice) {
            arguments.erase(arguments.begin() + 2, arguments.begin() + 4);
        }
        BOOST_TEST_CONTEXT(arguments[arguments.size() - 2])
        {
            const test::ended seen = run(arguments);
            BOOST_TEST(seen.status == 2);
            BOOST_TEST(says(seen.err, "tandem-get: "));
            BOOST_TEST(test::read_file(to / "results") == "old");
            BOOST_TEST(!fs::exists(to / "new"));
        }
    }
    const test::ended both = run({"--output", "-", "--json", "-", url("a.txt")});
    BOOST_TEST(both.status == 2);
    BOOST_TEST(both.out == "");
}

BOOST_FIXTURE_TEST_CASE(a_list_without_its_option_is_no_host, place)
{
    std::ofstream(to / "urls.txt") << url("a.txt") << '\n';
    const test::ended seen = run({"urls.txt"});
    BOOST_TEST(seen.status == 2);
    BOOST_TEST(says(seen.err, "'urls.txt' is a file here: if it is a list of URLs, give --input urls.txt"));
}

BOOST_FIXTURE_TEST_CASE(what_failed_long_ago_is_said_again, place)
{
    std::ofstream list(to / "list");
    list << url("none.txt") << '\n';
    for (int i = 0; i != 100; ++i) {
        list << url("a.txt") << " out=" << i << ".txt\n";
    }
    list.close();
    const test::ended seen = run({"-p", "1", "-i", "list"});
    BOOST_TEST(seen.status == 1);
    const std::size_t again = seen.err.find("what failed:\n    " + url("none.txt") + ": 404");
    BOOST_TEST_REQUIRE(again != std::string::npos);
    BOOST_TEST(again > seen.err.find("99.txt: 3 B"));
    BOOST_TEST(says(seen.err.substr(again), "\n100 of 101 files, "));
    BOOST_TEST(!says(run({"--if-exists=replace", url("none.txt"), url("a.txt")}).err, "what failed:"));
}

BOOST_FIXTURE_TEST_CASE(a_list_may_begin_with_a_byte_order_mark, place)
{
    std::ofstream(to / "list") << "\xef\xbb\xbf" << url("a.txt") << "\r\n" << url("b.txt") << "\r\n";
    const test::ended seen = run({"-i", "list"});
    BOOST_TEST(seen.status == 0);
    BOOST_TEST(says(seen.err, "2 of 2 files, "));
}

BOOST_AUTO_TEST_SUITE_END()
