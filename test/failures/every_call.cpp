#include <failures/every_call.hpp>

#include <failures/calls.hpp>
#include <support/recording.hpp>
#include <support/leak_check.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <thread>

namespace test::failures {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds patience{10};
constexpr std::size_t most_calls = 5000; // of one operation: more would be an endless loop of failures
constexpr std::size_t most_faults = 5;   // of one test; each may take all of the patience

struct run
{
    std::size_t count = 0;
    std::string faults;
};

std::string left_over(const resources& before, std::size_t held)
{
    std::string left;
    std::size_t now = 0;
    eventually(
        [&] {
            now = calls::held_allocations();
            left = now > held ? std::string() : resources::now().more_than(before);
            return now <= held && left.empty();
        },
        300ms);
    if (now > held)
        left += "  " + std::to_string(now - held) + " allocations\n";
    return left.empty() ? left : "left behind:\n" + left;
}

void check_service(site& s, std::string& faults)
{
    if (!s.cpu && !s.io)
        make_pool(s);
    const auto o = std::make_shared<outcome>();
    if (s.cpu)
        s.cpu->async_run(tandem::task<add>(1, 2), recorder(o));
    else
        s.io->async_run([] { return 3; }, recorder(o));
    if (!s.run_until([&] { return o->completions != 0; }))
        faults += "  the pool does not complete the next task\n";
    else if (o->error)
        faults += "  the next task failed: " + describe(o->error) + '\n';
}

// What is there before and after is compared outside, as the site's own allocations count.
run run_with_failure(const procedure& p, calls::kind kind, std::size_t n)
{
    run r;
    std::vector<std::weak_ptr<outcome>> outcomes;
    {
        site s;
        p.prepare(s);
        {
            calls::failing failing(kind, n);
            p.act(s);
            if (!s.finish())
                r.faults += "  waited in vain\n";
            s.settle();
            failing.stop();
            r.count = failing.count();
        }
        if (!p.ends_pool)
            check_service(s, r.faults);
        s.cpu.reset();
        s.io.reset();
        s.settle();
        r.faults += s.faults();
        outcomes = s.outcomes();
    }
    for (const auto& o : outcomes)
        if (!o.expired())
            r.faults += "  a handler was not destroyed\n";
    return r;
}

} // namespace

bool site::finish()
{
    return run_until([this] {
        return std::ranges::all_of(outcomes_, [](const auto& o) { return o->threw || o->completions != 0; });
    });
}

bool site::run_until(const std::function<bool()>& done)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        context.restart();
        try {
            if (context.run_one_for(1ms) == 0)
                std::this_thread::sleep_for(std::chrono::microseconds(100));
        } catch (const std::exception& e) {
            thrown_ += std::string("  the context's run() threw: ") + e.what() + '\n';
        }
    }
    return true;
}

void site::settle()
{
    const auto end = std::chrono::steady_clock::now() + 100ms;
    for (int quiet = 0; quiet != 2 && std::chrono::steady_clock::now() < end;) {
        context.restart();
        try {
            quiet = context.run_one_for(1ms) == 0 ? quiet + 1 : 0;
        } catch (const std::exception& e) {
            thrown_ += std::string("  the context's run() threw: ") + e.what() + '\n';
        }
    }
}

std::string site::faults() const
{
    std::string faults = thrown_;
    for (const auto& o : outcomes_)
        if (const int ends = o->completions + (o->threw ? 1 : 0); ends != 1)
            faults += "  an operation completed " + std::to_string(o->completions) + " times" +
                      (o->threw ? ", and its initiation threw\n" : "\n");
    return faults;
}

void begin_hold(site& s)
{
    s.begin([&](recorder handler) {
        s.cpu->async_run(tandem::task<hold>(s.way.path()),
                         boost::asio::bind_cancellation_slot(s.signal.slot(), std::move(handler)));
    });
    BOOST_REQUIRE(s.run_until([&] { return s.way.begun() == 1; }));
    s.settle();
}

tandem::process_pool_options usual_options()
{
    tandem::process_pool_options options;
    options.workers = 1;
    options.start_timeout = 2s; // as long as a call waits at the most that was not written
    options.start_backoff = 1ms;
    options.shared_memory = std::size_t{64} << 20;
    options.output = tandem::worker_output::discard();
    return options;
}

void make_pool(site& s, const tandem::process_pool_options& options)
{
    s.cpu.emplace(s.context, options);
}

void make_busy_pool(site& s, const tandem::process_pool_options& options)
{
    make_pool(s, options);
    const auto o = std::make_shared<outcome>();
    s.cpu->async_run(tandem::task<add>(1, 2), recorder(o));
    BOOST_REQUIRE(s.run_until([&] { return o->completions != 0; }));
    s.settle();
}

namespace {

void fail_each(const procedure& p, calls::kind kind)
{
    const char* const only = std::getenv("TANDEM_FAIL_ONLY");
    run_with_failure(p, kind, 0); // what is made once and kept is there now
    std::size_t faulty = 0;
    std::map<std::string, std::size_t> names;
    for (std::size_t n = only ? std::strtoul(only, nullptr, 10) : 1; n != most_calls; ++n) {
        const auto before = resources::now();
        const std::size_t held = calls::held_allocations();
        run r = run_with_failure(p, kind, n);
        if (r.count < n)
            break;
        r.faults += left_over(before, held);
        const std::string what = calls::describe_failure();
        ++names[what.substr(0, what.find('\n'))];
        if (!r.faults.empty())
            BOOST_ERROR("call " << n << ", " << what << "\n" << r.faults);
        if (only || (!r.faults.empty() && ++faulty == most_faults && !std::getenv("TANDEM_FAIL_ALL")))
            break;
    }
    std::string summary;
    for (const auto& [name, count] : names)
        summary += ' ' + name + ' ' + std::to_string(count);
    BOOST_TEST_MESSAGE("failed:" << summary);
}

} // namespace

void fail_every_call(const procedure& p)
{
    const leak_check whole;
    const char* const kind = std::getenv("TANDEM_FAIL_KIND");
    if (!kind || *kind == 's')
        fail_each(p, calls::kind::system_call);
    if (!kind || *kind == 'a')
        fail_each(p, calls::kind::allocation);
}

} // namespace test::failures
