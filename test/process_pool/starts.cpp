// Programs that are no workers, or bad ones. Whatever they write, the task fails with the right error, and nothing
// else.
#include <support/failing.hpp>
#include <support/fake_worker.hpp>
#include <support/gate.hpp>
#include <support/sides.hpp>
#include <support/tasks.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace test;
using namespace std::chrono_literals;
using tandem::errc;
using tandem::task;
using tandem::channel::frame_kind;

namespace {

namespace fs = std::filesystem;

failure fails_with(tandem::launch::target worker, std::chrono::nanoseconds start_timeout = 20s)
{
    processes side(1, {.worker = std::move(worker), .start_timeout = start_timeout, .max_message_size = 1 << 20});
    failure f = fails(side.pool, task<add>(1, 2));
    // The same again: the pool is as it was.
    BOOST_TEST(fails(side.pool, task<add>(1, 2)).code == f.code);
    const recording<void> start;
    side.pool.async_start(start.handler());
    if (f.code == errc::worker_died || f.code == errc::unknown_task)
        BOOST_TEST(start.error_text() == "none");
    else
        BOOST_TEST(failure_of(start).code == f.code);
    return f;
}

const std::string& name_of_add()
{
    static const std::string name = tandem::bound_task<add>::entry().mangled_name();
    return name;
}

/// A worker that greets well, gets the call with the id 1 and answers with this.
failure answers(const byte_buffer& answer, std::string then = "hang")
{
    processes side(1, {.worker = fake_worker(
                           {write_bytes(hello_bytes({name_of_add()})), "call", write_bytes(answer), std::move(then)}),
                       .max_message_size = 1 << 20});
    return fails(side.pool, task<add>(1, 2));
}

} // namespace

BOOST_AUTO_TEST_SUITE(starts)

BOOST_AUTO_TEST_CASE(a_missing_program)
{
    const failure f = fails_with(tandem::launch::executable("/no/such/program"));
    BOOST_TEST(f.code == errc::start_failed);
    BOOST_TEST(f.says("/no/such/program"));
    BOOST_TEST(f.says("No such file"));
    BOOST_TEST(f.says("process_pool_options::worker"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_program)
{
    BOOST_TEST(fails_with(tandem::launch::executable("/etc/passwd")).code == errc::start_failed);
}

// What cannot be executed: the file, its content, and what is to be said of it.
BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_executed_is_told_why)
{
    const gate folder;
    const auto make = [&](const std::string& name, const std::string& content, fs::perms permissions) {
        const fs::path path = folder.path() + '/' + name;
        std::ofstream(path) << content;
        fs::permissions(path, permissions);
        return path.string();
    };
    const auto says = [](const std::string& program, const std::string& text, const char* reason) {
        const failure f = fails_with(tandem::launch::executable(program));
        BOOST_TEST(f.code == errc::start_failed);
        BOOST_TEST(f.says('"' + program + "\": executing it: "), f.what);
        BOOST_TEST(f.says(reason), f.what);
        BOOST_TEST(f.says(text), f.what);
    };
    constexpr auto executable = fs::perms::owner_all, readable = fs::perms::owner_read;
    says(make("data", "data", readable), "chmod +x", "Permission denied");
    says(folder.path(), "it is a folder", "Permission denied");
    says(make("text", "echo hello\n", executable), "(#!)", "Exec format error");
    says(make("empty", "", executable), "it is empty", "Exec format error");
    says(make("script", "#! /no/such/shell -e\n", executable), "an interpreter that is not there: \"/no/such/shell\"",
         "No such file");
    says(make("foreign", "\x7f" "ELF of another machine", executable), "another kind of machine", "Exec format error");
    says(folder.path() + "/data/program", "path of the worker program", "Not a directory");
}

BOOST_AUTO_TEST_CASE(a_program_is_looked_for_in_path_as_a_shell_does)
{
    const gate folder, closed;
    const std::string before = std::getenv("PATH"), name = "tandem_test_program";
    fs::create_symlink("/bin/true", folder.path() + "/a_worker");
    std::ofstream(folder.path() + "/not_executable") << "data";
    // Not a folder; one that may not be searched; one that is not there.
    ::setenv("PATH", ("/etc/passwd:" + closed.path() + ":/no/such/folder:" + folder.path()).c_str(), 1);
    fs::permissions(closed.path(), fs::perms::none);
    const failure missing = fails_with(tandem::launch::executable(name));
    const failure no_program = fails_with(tandem::launch::executable("not_executable"));
    const failure found = fails_with(tandem::launch::executable("a_worker"));
    fs::permissions(closed.path(), fs::perms::owner_all);
    const fs::path here = fs::current_path();
    fs::current_path(folder.path());
    ::setenv("PATH", "/no/such/folder:", 1); // an empty element is the current folder
    const failure found_here = fails_with(tandem::launch::executable("a_worker"));
    fs::current_path(here);
    ::setenv("PATH", before.c_str(), 1);
    BOOST_TEST(missing.says('"' + name + "\": finding it in PATH: No such file or directory; "), missing.what);
    BOOST_TEST(no_program.says("executing " + folder.path() + "/not_executable: Permission denied; "), no_program.what);
    BOOST_TEST(found.code == errc::not_a_worker); // it ran
    BOOST_TEST(found_here.code == errc::not_a_worker);
}

BOOST_AUTO_TEST_CASE(a_program_that_exits_at_once)
{
    const failure f = fails_with(tandem::launch::executable("/bin/true"));
    BOOST_TEST(f.code == errc::not_a_worker);
    BOOST_TEST(f.says("run_if_worker"));
}

BOOST_AUTO_TEST_CASE(a_program_that_prints)
{
    BOOST_TEST(fails_with(tandem::launch::executable("/bin/echo", {"hi"})).code == errc::not_a_worker);
    const failure f = fails_with(tandem::launch::executable("/bin/echo", {"welcome to this host, friend"}));
    BOOST_TEST(f.code == errc::not_a_worker);
    BOOST_TEST(f.says("welcome to this host"));
}

BOOST_AUTO_TEST_CASE(a_program_that_sleeps)
{
    BOOST_TEST(fails_with(tandem::launch::executable("/bin/sleep", {"1000"}), 100ms).code == errc::not_a_worker);
}

BOOST_AUTO_TEST_CASE(a_program_that_closes_its_output)
{
    BOOST_TEST(fails_with(fake_worker({"close", "hang"})).code == errc::not_a_worker);
}

BOOST_AUTO_TEST_CASE(its_last_words_are_told)
{
    const failure f = fails_with(fake_worker({"log:cannot find my library", "exit:127"}));
    BOOST_TEST(f.code == errc::not_a_worker);
    BOOST_TEST(f.says("cannot find my library"));
    BOOST_TEST(f.says("127"));
}

BOOST_AUTO_TEST_CASE(another_version)
{
    const failure f =
        fails_with(fake_worker({write_bytes(hello_bytes({}, tandem::channel::protocol_magic | 77)), "hang"}));
    BOOST_TEST(f.code == errc::version_mismatch);
    BOOST_TEST(f.says("77"));
}

BOOST_AUTO_TEST_CASE(a_worker_without_the_task)
{
    const failure f = fails_with(fake_worker({write_bytes(hello_bytes({"something_else"})), "hang"}));
    BOOST_TEST(f.code == errc::unknown_task);
    BOOST_TEST(f.says("test::add"));
}

BOOST_AUTO_TEST_CASE(half_a_hello)
{
    const byte_buffer hello = hello_bytes({name_of_add()});
    for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{17}, hello.size() - 1}) {
        const std::string half = write_bytes(std::span(hello).first(size));
        BOOST_TEST(fails_with(fake_worker({half, "exit:0"})).code == errc::not_a_worker,
                   size << " bytes, then the end");
        BOOST_TEST(fails_with(fake_worker({half, "hang"}), 100ms).code == errc::not_a_worker,
                   size << " bytes, then silence");
    }
}

BOOST_AUTO_TEST_CASE(a_hello_whose_payload_is_garbled)
{
    byte_buffer payload(64, std::byte{0xff});
    const auto bytes = frame_bytes(frame_kind::hello, tandem::channel::hello_id, payload);
    BOOST_TEST(fails_with(fake_worker({write_bytes(bytes), "hang"})).code == errc::not_a_worker);
}

BOOST_AUTO_TEST_CASE(a_hello_over_the_limit)
{
    const tandem::channel::frame_header header{
        .size = 0xfffffff0, .kind = 1, .reserved = 0, .id = tandem::channel::hello_id};
    BOOST_TEST(fails_with(fake_worker({write_bytes(header_bytes(header)), "hang"})).code == errc::not_a_worker);
}

BOOST_AUTO_TEST_CASE(noise_instead_of_a_hello)
{
    for (const char* noise : {"noise:1", "noise:16", "noise:100", "noise:100000"})
        BOOST_TEST(fails_with(fake_worker({noise, "exit:0"})).code == errc::not_a_worker, noise);
    BOOST_TEST(fails_with(fake_worker({"noise:100000", "hang"})).code == errc::not_a_worker);
}

BOOST_AUTO_TEST_CASE(a_right_answer_is_taken)
{
    byte_buffer five;
    tandem::encode(five, 5);
    processes side(1, {.worker = fake_worker({write_bytes(hello_bytes({name_of_add()})), "call",
                                              write_bytes(frame_bytes(frame_kind::result, 1, five)), "hang"})});
    BOOST_TEST(get_soon(side.pool.async_run(task<add>(1, 2), asio::use_future)) == 5);
}

BOOST_AUTO_TEST_CASE(wrong_answers_cost_the_worker_its_life)
{
    byte_buffer five;
    tandem::encode(five, 5);
    BOOST_TEST(answers(frame_bytes(frame_kind::result, 99, five)).code == errc::worker_died, "an id nobody gave");
    BOOST_TEST(answers(frame_bytes(frame_kind::task, 1, five)).code == errc::worker_died, "a call");
    BOOST_TEST(answers(hello_bytes({})).code == errc::worker_died, "another hello");
    BOOST_TEST(answers(header_bytes({.size = 0xfffffff0, .kind = 4, .reserved = 0, .id = 1})).code == errc::worker_died,
               "a frame over the limit");
    BOOST_TEST(answers(header_bytes({.size = 4, .kind = 999, .reserved = 0, .id = 1})).code == errc::worker_died,
               "an unknown kind");
    BOOST_TEST(answers(header_bytes({.size = 4, .kind = 4, .reserved = 7, .id = 1})).code == errc::worker_died,
               "a reserved field");
    BOOST_TEST(answers(header_bytes({.size = 4, .kind = 4, .reserved = 0, .id = 1}), "exit:0").code ==
                   errc::worker_died,
               "half a frame, then the end");
    BOOST_TEST(answers({}, "noise:100000").code == errc::worker_died, "noise");
    BOOST_TEST(answers({}, "close").code == errc::worker_died, "the end");
}

BOOST_AUTO_TEST_CASE(answers_that_do_not_decode_are_errors_of_their_task)
{
    byte_buffer long_one(64, std::byte{1});
    BOOST_TEST(answers(frame_bytes(frame_kind::result, 1, {})).code == errc::decode_failed, "an empty result");
    BOOST_TEST(answers(frame_bytes(frame_kind::result, 1, long_one)).code == errc::decode_failed, "a long one");
    BOOST_TEST(answers(frame_bytes(frame_kind::failure, 1, {})).code == errc::decode_failed, "an empty failure");
    BOOST_TEST(answers(frame_bytes(frame_kind::failure, 1, byte_buffer(64, std::byte{0xff}))).code ==
                   errc::decode_failed,
               "a garbled failure");
}

BOOST_AUTO_TEST_SUITE_END()
