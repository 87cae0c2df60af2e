// tandem-get against nginx.
#include "tandem_get/nginx_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace test;
using namespace std::chrono_literals;

namespace {

const std::string large = noise(6'000'000);

} // namespace

BOOST_FIXTURE_TEST_SUITE(nginx, nginx_fixture)

BOOST_AUTO_TEST_CASE(five_thousand_small_files)
{
    make_many(5000);
    const ended seen = get_list(lines(5000, [&](int i) { return server.plain("/many/" + std::to_string(i)); }));
    box.check_ended(seen, 0);
    box.check_there(many(5000));
    BOOST_TEST(logged(" 200 ") == 5000u);
}

BOOST_AUTO_TEST_CASE(small_files_over_tls)
{
    make_many(300);
    box.check_ended(get_list(lines(300, [&](int i) { return server.secure("/many/" + std::to_string(i)); })), 0);
    box.check_there(many(300));
    BOOST_TEST(logged(" TLSv1.3 ") == 300u);
}

BOOST_AUTO_TEST_CASE(redirects)
{
    make_many(20);
    write_file(server.www() / "many" / "index.html", "an index");
    box.check_ended(get_list(lines(20, [&](int i) { return server.plain("/older/" + std::to_string(i)); })), 0);
    box.check_there(many(20));
    BOOST_TEST(logged(" 301 ") == 20u);
    BOOST_TEST(logged(" 302 ") == 20u);

    tree files = many(20);
    files.emplace("secure", "an index");
    box.check_ended(box.get({server.plain("/secure/"), "out=secure"}), 0);
    box.check_there(files);
    box.check_ended(box.get({server.secure("/plain/"), "out=plain"}), 1, {server.secure("/plain/"), "unencrypted"});
    box.check_ended(box.get({server.plain("/loop/"), "out=loop"}), 1, {"/loop/", "too many redirects"});
    box.check_there(files);
}

BOOST_AUTO_TEST_CASE(connections_closed_after_some_requests)
{
    make_many(300);
    box.check_ended(
        get_list(lines(300, [&](int i) { return server.other("/many/" + std::to_string(i)); }), {"-p", "4"}), 0);
    box.check_there(many(300));
}

// Between two requests to the one server there is a slow one to the other, so that the first has closed meanwhile.
// (nginx sends what it may send in a second at once.)
BOOST_AUTO_TEST_CASE(connections_closed_while_idle)
{
    make_many(5);
    tree expected = many(5);
    std::string list;
    for (int i = 0; i != 5; ++i) {
        const std::string pause = "pause" + std::to_string(i);
        write_file(server.www() / pause, noise(25'000));
        expected.emplace(pause, noise(25'000));
        list += server.other("/many/" + std::to_string(i)) + '\n' + server.plain("/" + pause) + '\n';
    }
    box.check_ended(get_list(list, {"-p", "1", "--header", "X-Rate: 20k"}), 0);
    box.check_there(expected);
}

BOOST_AUTO_TEST_CASE(a_slow_server)
{
    write_file(server.www() / "slow", noise(1'000'000));
    const auto begin = std::chrono::steady_clock::now();
    box.check_ended(box.get({"--header", "X-Rate: 500k", server.plain("/slow")}), 0);
    BOOST_TEST((std::chrono::steady_clock::now() - begin > 500ms));
    box.check_there({{"slow", noise(1'000'000)}});
}

BOOST_AUTO_TEST_CASE(a_rate_of_our_own)
{
    write_file(server.www() / "a", noise(1'000'000));
    write_file(server.www() / "b", noise(1'000'000));
    const auto begin = std::chrono::steady_clock::now();
    box.check_ended(get_list(server.plain("/a") + '\n' + server.plain("/b") + '\n', {"--rate", "1000000"}), 0);
    BOOST_TEST((std::chrono::steady_clock::now() - begin > 1s));
    box.check_there({{"a", noise(1'000'000)}, {"b", noise(1'000'000)}});
}

BOOST_AUTO_TEST_CASE(too_many_requests)
{
    make_many(40);
    const std::vector<std::string> patiently = {"-p", "4", "--retries", "12", "--retry-delay", "0.1"};
    box.check_ended(
        get_list(lines(20, [&](int i) { return server.plain("/limited/" + std::to_string(i)); }), patiently), 0);
    box.check_there(many(20));
    BOOST_TEST(logged(" 503 ") > 0u);
    box.check_ended(get_list(lines(40, [&](int i) { return server.plain("/limited429/" + std::to_string(i)); }),
                             {"-p", "4", "--retries", "12", "--retry-delay", "0.1", "--if-exists", "replace"}),
                    0);
    box.check_there(many(40));
    BOOST_TEST(logged(" 429 ") > 0u);
}

BOOST_AUTO_TEST_CASE(unavailable_for_good)
{
    box.check_ended(box.get({"--retries", "1", "--retry-delay", "0.05", server.plain("/unavailable/x")}), 1,
                    {server.plain("/unavailable/x"), "503"});
    BOOST_TEST(logged(" 503 ") == 2u);
    box.check_ended(box.get({"--retries", "1", "--retry-delay", "0.05", server.plain("/refused/x")}), 1,
                    {server.plain("/refused/x"), "429"});
    BOOST_TEST(logged(" 429 ") == 2u);
    box.check_there({});
}

BOOST_AUTO_TEST_CASE(encoded_on_request)
{
    std::string text;
    for (int i = 0; i != 20'000; ++i) {
        text += "line " + std::to_string(i % 1000) + '\n';
    }
    fs::create_directories(server.www() / "text");
    write_file(server.www() / "text" / "file", text);
    box.check_ended(box.get({"--compressed", server.plain("/zipped/file")}), 0);
    box.check_there({{"file", text}});
}

BOOST_AUTO_TEST_CASE(skipped_where_size_and_time_are_the_same)
{
    make_many(20);
    const std::string list = lines(20, [&](int i) { return server.plain("/many/" + std::to_string(i)); });
    const std::vector<std::string> skip = {"--if-exists", "skip"};
    box.check_ended(get_list(list, skip), 0);
    BOOST_TEST(logged(" 200 ") == 20u);
    box.check_ended(get_list(list, skip), 0, {"20 of them there already"});
    BOOST_TEST(logged(" 206 ") == 20u);
    BOOST_TEST(logged(" 200 ") == 20u);

    // Empty, truncated, longer, each as new as can be; truncated, of the right time; and only touched.
    const fs::path files = box.files();
    write_file(files / "11", "");
    write_file(files / "12", small(12).substr(0, 9));
    write_file(files / "13", small(13) + "more");
    const auto time = fs::last_write_time(files / "14");
    write_file(files / "14", small(14).substr(0, 9));
    fs::last_write_time(files / "14", time);
    fs::last_write_time(files / "15", time + 1s);
    box.check_ended(get_list(list, skip), 0, {"15 of them there already"});
    box.check_there(many(20));
    BOOST_TEST(logged(" 200 ") == 25u);
    box.check_ended(get_list(list, skip), 0, {"20 of them there already"});
}

BOOST_AUTO_TEST_CASE(skipped_where_it_could_be_encoded)
{
    fs::create_directories(server.www() / "text");
    write_file(server.www() / "text" / "file", std::string(10'000, 'x'));
    const std::vector<std::string> command = {"--compressed", "--if-exists", "skip", server.plain("/zipped/file")};
    for (const std::string local : {"", "xxx"}) {
        write_file(box.files() / "file", local);
        box.check_ended(box.get(command), 0);
        box.check_there({{"file", std::string(10'000, 'x')}});
        box.check_ended(box.get(command), 0, {"there already, and the same"});
    }
}

BOOST_AUTO_TEST_CASE(killed_and_resumed)
{
    write_file(server.www() / "large", large);
    const std::string url = server.plain("/large");
    const auto running = start_until({"--header", "X-Rate: 3m", url}, "large.part", 1'000'000);
    running->send(SIGKILL);
    BOOST_TEST(running->wait().signal == SIGKILL);
    const tree left = box.there();
    BOOST_TEST(left.count("large") == 0u);
    BOOST_TEST_REQUIRE(left.count("large.part") == 1u);
    BOOST_TEST(left.count("large.part.from") == 1u);
    BOOST_TEST((large.starts_with(left.at("large.part"))));

    box.check_ended(box.get({url}), 0);
    box.check_there({{"large", large}});
    BOOST_TEST(logged(" 206 ") == 1u);
    BOOST_TEST(logged("\"bytes=" + std::to_string(left.at("large.part").size()) + "-\" ") == 1u);
}

BOOST_AUTO_TEST_CASE(replaced_in_between)
{
    write_file(server.www() / "large", large);
    const std::string url = server.plain("/large");
    start_until({"--header", "X-Rate: 3m", url}, "large.part", 1'000'000)->send(SIGKILL);

    std::string changed = large; // as large, and other bytes all over
    for (char& c : changed) {
        c = static_cast<char>(~c);
    }
    write_file(server.www() / "new", changed);
    fs::last_write_time(server.www() / "new", fs::last_write_time(server.www() / "large") + 10s);
    fs::rename(server.www() / "new", server.www() / "large");
    box.check_ended(box.get({url}), 0);
    box.check_there({{"large", changed}});
    BOOST_TEST(logged(" 206 ") == 0u);
}

BOOST_AUTO_TEST_CASE(interrupted_and_resumed)
{
    std::string list;
    tree expected;
    for (const char* const name : {"a", "b", "c", "d", "e", "f"}) {
        write_file(server.www() / name, large);
        list += server.plain(std::string("/") + name) + '\n';
        expected.emplace(name, large);
    }
    write_file(box.own() / "list", list);
    const std::string file = (box.own() / "list").string();
    const auto running = start_until({"--header", "X-Rate: 3m", "-p", "3", "-i", file}, "a.part", 1'000'000);
    running->send(SIGINT);
    const ended seen = running->wait(20s);
    box.check_ended(seen, 130);
    BOOST_TEST(!seen.err.empty());
    const tree left = box.there();
    BOOST_TEST_REQUIRE(left.count("a.part") == 1u);
    BOOST_TEST(left.count("a.part.from") == 1u);
    BOOST_TEST((large.starts_with(left.at("a.part"))));
    for (const auto& [name, bytes] : left) {
        BOOST_TEST((name.find(".part") != name.npos), "there is a " << name);
    }

    box.check_ended(box.get({"-i", file}), 0);
    box.check_there(expected);
    BOOST_TEST(logged(" 206 ") >= 1u);
}

BOOST_AUTO_TEST_CASE(segments)
{
    const std::string bytes = noise(34'000'000);
    write_file(server.www() / "large", bytes);
    box.check_ended(box.get({"--segments", "4", "--header", "X-Rate: 20m", server.plain("/large")}), 0);
    box.check_there({{"large", bytes}});
    BOOST_TEST(logged(" 206 ") >= 3u);
}

BOOST_AUTO_TEST_CASE(segments_killed_and_resumed)
{
    const std::string bytes = noise(34'000'000);
    write_file(server.www() / "large", bytes);
    const std::string url = server.plain("/large");
    start_until({"--segments", "4", "--header", "X-Rate: 4m", url}, "large.part", 1'000'000)->send(SIGKILL);
    BOOST_TEST(box.there().count("large") == 0u);
    box.check_ended(box.get({url}), 0);
    box.check_there({{"large", bytes}});
}

BOOST_AUTO_TEST_CASE(a_list_from_stdin_is_streamed)
{
    make_many(40);
    int ends[2];
    BOOST_TEST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    surroundings place = box.place();
    place.input_descriptor = ends[0];
    process running(box.command({"-i", "-"}), place);
    ::close(ends[0]);
    const auto say = [&](const std::string& text) {
        BOOST_TEST(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    };
    say(lines(20, [&](int i) { return server.plain("/many/" + std::to_string(i)); }));
    // They come although the list has not ended.
    for (int i = 0; i != 20'000 && running.running() && box.there().size() < 20; ++i) {
        std::this_thread::sleep_for(1ms);
    }
    box.check_there(many(20));
    BOOST_TEST(running.running());
    for (int i = 20; i != 39; ++i) {
        say(server.plain("/many/" + std::to_string(i)) + '\n');
    }
    say(server.plain("/many/39")); // a last line without an end
    ::close(ends[1]);
    box.check_ended(running.wait(), 0);
    box.check_there(many(40));
}

BOOST_AUTO_TEST_SUITE_END()
