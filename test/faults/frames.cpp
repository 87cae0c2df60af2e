// A worker's bytes are not trusted: every mutant is sent in place of a right frame. The worker is a fake: each of its
// starts plays the next script, and when there is none left it is a right worker.
#include <faults/completion.hpp>
#include <faults/mutants.hpp>
#include <faults/program.hpp>
#include <faults/recovery.hpp>
#include <faults/runner.hpp>
#include <faults/suite.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <optional>

namespace faults {
namespace {

namespace asio = boost::asio;
using tandem::task;

bool is_accepted(const std::string& outcome, const mutant& m)
{
    return std::ranges::any_of(m.expected, [&](const std::string& one) {
        return outcome == one || (one == "remote" && outcome.starts_with("remote "));
    });
}

tandem::launch::target scripted(const test::gate& scripts, const std::vector<mutant>& mutants)
{
    for (std::size_t i = 0; i != mutants.size(); ++i) {
        std::ofstream out(scripts.path() + '/' + std::to_string(i));
        for (const std::string& line : mutants[i].script)
            out << line << '\n';
    }
    return test::fake_worker({"script:" + scripts.path(),
                              "exec:" + std::filesystem::read_symlink("/proc/self/exe").string()});
}

void play(const std::vector<mutant>& mutants)
{
    const test::gate scripts;
    asio::thread_pool context{1};
    std::optional<tandem::process_pool> pool(
        std::in_place, context,
        tandem::process_pool_options{.workers = 1,
                                     .worker = scripted(scripts, mutants),
                                     .start_backoff = std::chrono::nanoseconds(0)}); // else tasks fail untried
    for (std::size_t i = 0; i != mutants.size(); ++i) {
        const mutant& m = mutants[i];
        step("playing " + m.name);
        std::string is;
        // A worker that is about to end may get the task: then the script was not played.
        const auto plays = [&] {
            const completion answer(m.name);
            pool->async_run(task<test::add>(1, 2), answer.handler());
            is = answer.outcome();
            answer.expect_once();
            return std::filesystem::exists(scripts.path() + '/' + std::to_string(i) + ".taken");
        };
        expect(test::eventually(plays, patience), m.name + ": not played; the last outcome was " + is);
        expect(is_accepted(is, m), m.name + ": " + is + "; expected " + m.expected.front());
        expect(test::eventually([] { return live_children() == 0; }, patience), m.name + ": its worker goes on");
    }
    expect_recovery(*pool);
    step("destroying the pool");
    pool.reset();
    context.join();
}

// Both pipes are full at once: what goes in is as large as what comes out, and none waits for the other.
std::string echo(std::string text)
{
    return text;
}

void fill_both_pipes(std::size_t size, int count)
{
    asio::thread_pool context{2};
    std::optional<tandem::process_pool> pool(std::in_place, context, tandem::process_pool_options{.workers = 2});
    std::vector<completion> all;
    for (int i = 0; i != count; ++i) {
        all.emplace_back("echo " + std::to_string(i));
        pool->async_run(task<echo>(std::string(size, static_cast<char>('a' + i % 26))), all.back().handler());
    }
    for (int i = 0; i != count; ++i) {
        step("waiting for echo " + std::to_string(i));
        all[static_cast<std::size_t>(i)].expect_is(std::to_string(size) + " times " + static_cast<char>('a' + i % 26));
    }
    pool.reset();
    context.join();
    for (const completion& each : all)
        each.expect_once();
}

// Workers that do not read: what is to be sent waits in the pool, until it gives up on them.
void does_not_read()
{
    asio::thread_pool context{2};
    std::optional<tandem::process_pool> pool(
        std::in_place, context,
        tandem::process_pool_options{.workers = 1,
                                     .worker = test::fake_worker({test::write_bytes(hello_of<echo>()), "hang"}),
                                     .start_timeout = hang_limit});
    const completion large("a large task"), small("a small one");
    pool->async_run(task<echo>(std::string(8U << 20, 'x')), {.run_timeout = hang_limit}, large.handler());
    pool->async_run(task<echo>("x"), {.run_timeout = hang_limit}, small.handler());
    large.expect_is("start_failed");
    small.expect_is("start_failed");
    pool.reset();
    context.join();
    large.expect_once();
    small.expect_once();
}

} // namespace

void add_frames(suite& all)
{
    for (const mutant_family& f : mutant_families())
        all.push_back({"frames", f.name, "", [f] { play(f.make()); }}); // made there: every process of the suite lists all
    all.push_back({"frames", "both pipes are full", "", [] { fill_both_pipes(4U << 20, sanitized ? 10 : 40); }});
    all.push_back({"frames", "both pipes, small and many", "", [] { fill_both_pipes(70'000, sanitized ? 100 : 500); }});
    all.push_back({"frames", "a worker that does not read", "", does_not_read});
}

} // namespace faults
