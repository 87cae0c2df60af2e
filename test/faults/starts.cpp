// Workers that do not come to be: programs that cannot be executed, that are no workers, and that end or hang on their
// way.
#include <faults/completion.hpp>
#include <faults/program.hpp>
#include <faults/recovery.hpp>
#include <faults/suite.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace faults {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tandem::task;
using test::write_bytes;

using outcomes = std::vector<std::string>;

constexpr auto no_limit = 10s;
constexpr std::chrono::milliseconds short_limit{sanitized ? 200 : 60};

// Three tasks on two such workers come to nothing, in the way that is expected; when the program has been put right,
// the pool works.
void try_program(const program& p, const outcomes& expected, std::chrono::nanoseconds start_timeout)
{
    asio::thread_pool context{2};
    auto pool = std::make_unique<tandem::process_pool>(
        context,
        tandem::process_pool_options{.workers = 2, .worker = p.target(), .start_timeout = start_timeout});
    const std::vector<completion> tasks{completion("a task"), completion("the second task"), completion("the third task")};
    const completion right("the task afterwards"), started("async_start afterwards");
    step("submitting");
    for (const auto& each : tasks)
        pool->async_run(task<test::add>(1, 2), each.handler());
    step("waiting for the tasks");
    for (const auto& each : tasks)
        each.expect_one_of(expected);
    step("putting the program right");
    p.put_right();
    pool.reset(); // whose start_timeout is too short for a right one
    for (const auto& each : tasks)
        each.expect_once();
    pool = std::make_unique<tandem::process_pool>(context,
                                                  tandem::process_pool_options{.workers = 2, .worker = p.target()});
    pool->async_run(task<test::add>(1, 2), right.handler());
    right.expect_is("3");
    pool->async_start(started.handler());
    started.expect_is("done");
    step("destroying the pool");
    pool.reset();
    context.join();
    right.expect_once();
    started.expect_once();
}

// The same pool serves when the program is right.
void try_program_and_go_on(const program& p, const outcomes& expected)
{
    asio::thread_pool context{2};
    std::optional<tandem::process_pool> pool(
        std::in_place, context, tandem::process_pool_options{.workers = 2, .worker = p.target()});
    const completion start("async_start"), wrong_one("a task");
    step("starting");
    pool->async_start(start.handler());
    start.expect_one_of(expected);
    pool->async_run(task<test::add>(1, 2), wrong_one.handler());
    wrong_one.expect_one_of(expected);
    // A start that is under way fails whoever waits.
    expect(test::eventually([&] { return pool->stats().workers == 0; }, patience), "a worker is still starting");
    step("putting the program right");
    p.put_right();
    expect_recovery(*pool);
    step("destroying the pool");
    pool.reset();
    context.join();
    start.expect_once();
    wrong_one.expect_once();
}

std::string write_file(const program& p, const std::string& text, fs::perms mode)
{
    const std::string path = p.folder() + "/written";
    std::ofstream(path) << text;
    fs::permissions(path, mode);
    return path;
}

void try_file(const std::string& text, fs::perms mode, const outcomes& expected)
{
    const program p("");
    fs::create_symlink(write_file(p, text, mode), p.folder() + "/program");
    try_program_and_go_on(p, expected);
}

void try_wrapper()
{
    const program p("");
    const std::string real = fs::read_symlink("/proc/self/exe");
    fs::create_symlink(write_file(p, "#!/bin/sh\nexec " + real + '\n', fs::perms::owner_all), p.folder() + "/program");
    try_program(p, {"3"}, no_limit);
}

void half_hellos(const std::string& then, std::size_t stride, std::chrono::nanoseconds limit)
{
    const auto hello = hello_of<test::add>();
    asio::thread_pool context{2};
    for (std::size_t size = 0; size < hello.size(); size += stride) {
        step("saying " + std::to_string(size) + " of " + std::to_string(hello.size()) + " bytes");
        const auto half = write_bytes(std::span(hello).first(size));
        std::optional<tandem::process_pool> pool(
            std::in_place, context,
            tandem::process_pool_options{
                .workers = 1, .worker = test::fake_worker({half, then}), .start_timeout = limit});
        const completion only("after " + std::to_string(size) + " bytes");
        pool->async_run(task<test::add>(1, 2), only.handler());
        only.expect_is("not_a_worker");
        pool.reset();
        only.expect_once();
    }
}

std::string hello(std::uint64_t id = tandem::channel::hello_id)
{
    return write_bytes(test::hello_bytes({tandem::bound_task<test::add>::entry().mangled_name()}, id));
}

std::string hello_of_many()
{
    std::vector<std::string> names(20'000, std::string(100, 'n'));
    names.emplace_back(tandem::bound_task<test::greet>::entry().mangled_name());
    const auto bytes = test::hello_bytes(std::move(names));
    return write_bytes(std::span(bytes).first(40'000)); // an argument's size is limited
}

struct start
{
    const char* name;
    std::function<void()> run;
};

std::function<void()> runs(std::string path, std::vector<std::string> arguments, outcomes expected,
                           std::chrono::nanoseconds limit = no_limit)
{
    return [=] { try_program(program(path, arguments), expected, limit); };
}

std::function<void()> fakes(std::vector<std::string> steps, outcomes expected, std::chrono::nanoseconds limit = no_limit)
{
    return [=] { try_program(program::fake(steps), expected, limit); };
}

std::function<void()> is_file(std::string text, fs::perms mode, outcomes expected)
{
    return [=] { try_file(text, mode, expected); };
}

} // namespace

void add_starts(suite& all)
{
    const outcomes start_failed{"start_failed"}, no_worker{"not_a_worker"}, other_version{"version_mismatch"};
    const auto executable = fs::perms::owner_all, readable = fs::perms::owner_read;
    const auto version = [](std::uint16_t v) { return hello(tandem::channel::protocol_magic | v); };
    const std::vector<start> rows{
        {"no such program", [=] { try_program_and_go_on(program(""), start_failed); }},
        {"a folder", [=] { try_program_and_go_on(program("/"), start_failed); }},
        {"a link to itself", [=] { try_program_and_go_on(program("program"), start_failed); }},
        {"a device", [=] { try_program_and_go_on(program("/dev/null"), start_failed); }},
        {"a file that is not executable", is_file("#!/bin/true\n", readable, start_failed)},
        {"a text", is_file("hello\n", executable, start_failed)},
        {"an empty file", is_file("", executable, start_failed)},
        {"half an ELF file", is_file("\x7f" "ELF\x02\x01\x01", executable, start_failed)},
        {"a script without its interpreter", is_file("#!/no/such/shell\n", executable, start_failed)},
        {"a script that execs a worker", [] { try_wrapper(); }},
        {"/bin/true", [=] { try_program_and_go_on(program("/bin/true"), no_worker); }},
        {"/bin/false", [=] { try_program_and_go_on(program("/bin/false"), no_worker); }},
        {"/bin/echo", runs("/bin/echo", {"welcome"}, no_worker)},
        {"yes", runs("/usr/bin/yes", {}, no_worker)},
        {"/bin/cat", runs("/bin/cat", {}, no_worker, short_limit)},
        {"/bin/sleep", runs("/bin/sleep", {"1000"}, no_worker, short_limit)},
        {"exits with 3 after a log", fakes({"log:no library", "exit:3"}, no_worker)},
        {"prints a megabyte to its log, exits", fakes({"lognoise:1000000", "exit:1"}, no_worker)},
        {"prints to its log, hangs", fakes({"lognoise:1000000", "hang"}, no_worker, short_limit)},
        {"is killed by SIGKILL", fakes({"signal:9"}, no_worker)},
        {"is killed by SIGSEGV", fakes({"signal:11"}, no_worker)},
        {"stops itself", fakes({"signal:19", "hang"}, no_worker, short_limit)},
        {"closes its output, hangs", fakes({"close", "hang"}, no_worker)},
        {"closes its input, hangs", fakes({"deaf", "hang"}, no_worker, short_limit)},
        {"one byte of noise", fakes({"noise:1", "exit:0"}, no_worker)},
        {"much noise, hangs", fakes({"noise:1000000", "hang"}, no_worker)},
        {"version 0", fakes({version(0), "hang"}, other_version)},
        {"the next version", fakes({version(tandem::channel::protocol_version + 1), "hang"}, other_version)},
        {"version 65535, ends", fakes({version(65535), "exit:0"}, other_version)},
        {"version 77, is killed", fakes({version(77), "signal:9"}, other_version)},
        {"half a hello at every length, ends", [] { half_hellos("exit:0", 1, no_limit); }},
        {"half a hello at every length, killed", [] { half_hellos("signal:9", 16, no_limit); }},
        {"half a hello, hangs", [] { half_hellos("hang", 37, short_limit); }},
        {"half a hello of many tasks", [=] { fakes({hello_of_many(), "exit:0"}, no_worker)(); }},
        {"a hello that lists no task", fakes({write_bytes(test::hello_bytes({})), "hang"}, {"unknown_task"})},
        {"two hellos", fakes({hello(), hello(), "hang"}, start_failed)},
        {"says hello and ends", fakes({hello(), "exit:0"}, start_failed)},
        {"says hello and is killed", fakes({hello(), "signal:9"}, start_failed)},
        {"says hello, takes a call and ends", fakes({hello(), "call", "exit:5"}, {"worker_died, exit 5"})},
        {"says hello and closes its output", fakes({hello(), "close", "hang"}, start_failed)},
    };
    for (const start& r : rows)
        all.push_back({"starts", r.name, "", r.run});
}

} // namespace faults
