#include "http/connection/resolver.hpp"
#include "support/preconditions.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <dlfcn.h>
#include <netdb.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace asio = boost::asio;
using boost::system::error_code;

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(lookups)

namespace {

/// Names such as "hang.example" are looked up for as long as this is set, and then are this machine's. No mutex: a forked
/// child finds all of it in order.
std::atomic<bool> names_hang = false;
std::atomic<int> hanging = 0;

int system_lookup(const char* host, const char* service, const addrinfo* hints, addrinfo** found)
{
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    if (!std::string_view(host ? host : "").starts_with("hang")) {
        return real(host, service, hints, found);
    }
    ++hanging;
    while (names_hang) {
        std::this_thread::sleep_for(1ms);
    }
    --hanging;
    return real("127.0.0.1", service, hints, found);
}

/// While it exists, those names hang.
struct dead_name_server
{
    dead_name_server() { names_hang = true; }
    dead_name_server(const dead_name_server&) = delete;
    dead_name_server& operator=(const dead_name_server&) = delete;
    ~dead_name_server()
    {
        names_hang = false;
        while (hanging > 0) {
            std::this_thread::sleep_for(1ms);
        }
    }
};

bool wait_for_hanging(int expected)
{
    for (int i = 0; i < 20'000 && hanging < expected; ++i) {
        std::this_thread::sleep_for(1ms);
    }
    return hanging >= expected;
}

struct lookup_of
{
    lookup_of(asio::io_context& context, const std::string& host)
        : by(std::make_shared<tandem::http::transfer>(context.get_executor()))
    {
        asio::co_spawn(
            by->get_executor(),
            [](std::shared_ptr<tandem::http::transfer> transfer, tandem::http::origin at) -> asio::awaitable<std::size_t> {
                const auto addresses = co_await tandem::http::resolve(*transfer, at, nullptr);
                co_return addresses.size();
            }(by, tandem::http::origin{false, host, 80}),
            [this](std::exception_ptr error, std::size_t size) {
                by->end();
                found = size;
                try {
                    if (error) {
                        std::rethrow_exception(error);
                    }
                } catch (const tandem::http::failure& e) {
                    code = e.code();
                    detail = e.detail();
                }
                done = true;
            });
    }
    lookup_of(const lookup_of&) = delete;
    lookup_of& operator=(const lookup_of&) = delete;

    void stop() { by->stop(asio::error::operation_aborted); }

    std::shared_ptr<tandem::http::transfer> by;
    bool done = false;
    std::size_t found = 0;
    error_code code{};
    std::string detail{};
};

/// All that is ready.
void poll(asio::io_context& context)
{
    context.restart();
    context.poll();
}

/// In one thread, until that look-up is done. Fails the test rather than hang.
void run_until_done(asio::io_context& context, const lookup_of& one)
{
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!one.done && std::chrono::steady_clock::now() < end) {
        context.restart();
        context.run_one_for(20ms);
    }
    BOOST_TEST_REQUIRE(one.done, "the look-up did not end");
}

/// A user of one's own, to whom no other process belongs: root is another one, others are it in a namespace.
bool become_another_user()
{
    return ::geteuid() == 0 ? ::setuid(54'321) == 0 : ::unshare(CLONE_NEWUSER) == 0;
}

boost::unit_test::decorator::precondition other_users()
{
    return test::precondition(
        [] { return ::geteuid() == 0 || std::system("unshare --user true 2>/dev/null") == 0; },
        "there are no namespaces here in which a process is the only one of its user");
}

/// In a child, as a user of its own who may have so many threads more. What it returns is the child's exit status.
template <class Work>
int in_child_with_threads(rlim_t threads, Work work)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        const rlimit limit{1 + threads, 1 + threads};
        const bool ready = become_another_user() && ::setrlimit(RLIMIT_NPROC, &limit) == 0;
        ::_exit(ready ? work() : 99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST_MESSAGE("the child's status: " << status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

BOOST_AUTO_TEST_CASE(that_are_cancelled_hold_up_no_others)
{
    asio::io_context context;
    const dead_name_server dead;
    std::list<lookup_of> cancelled;
    for (int round = 1; round <= 4; ++round) {
        std::list<lookup_of> these;
        for (int i = 0; i < 8; ++i) {
            these.emplace_back(context, "hang" + std::to_string(i) + ".example");
        }
        poll(context);
        BOOST_TEST_REQUIRE(wait_for_hanging(round * 8), hanging);
        for (lookup_of& one : these) {
            one.stop();
        }
        poll(context);
        cancelled.splice(cancelled.end(), these);
        const lookup_of other(context, "localhost");
        run_until_done(context, other);
        BOOST_TEST(other.found > 0u, other.detail);
    }
    for (const lookup_of& one : cancelled) {
        BOOST_TEST((one.code == asio::error::operation_aborted), one.code);
    }
}

BOOST_AUTO_TEST_CASE(that_hang_do_not_hold_up_the_end_of_their_context)
{
    const dead_name_server dead;
    std::optional<asio::io_context> context(std::in_place);
    lookup_of under_way(*context, "hang.example");
    lookup_of cancelled(*context, "hang.example");
    poll(*context);
    BOOST_TEST_REQUIRE(wait_for_hanging(2), hanging);
    cancelled.stop();
    poll(*context);
    BOOST_TEST(cancelled.done);
    under_way.by.reset(); // what is left of them is the context's
    cancelled.by.reset();
    std::promise<void> ended;
    std::thread end([&] {
        context.reset();
        ended.set_value();
    });
    const bool in_time = ended.get_future().wait_for(20s) == std::future_status::ready;
    BOOST_TEST(in_time);
    BOOST_TEST(hanging == 2);
    names_hang = false;
    end.join();
}

BOOST_AUTO_TEST_CASE(that_are_cancelled_have_a_bounded_number_of_threads)
{
    asio::io_context context;
    std::list<lookup_of> all;
    {
        const dead_name_server dead;
        for (int i = 0; i < 100; ++i) {
            lookup_of& one = all.emplace_back(context, "hang.example");
            poll(context);
            wait_for_hanging(std::min(i + 1, 64));
            one.stop();
            poll(context);
        }
        std::this_thread::sleep_for(20ms);
        BOOST_TEST(hanging == 64);
        all.emplace_back(context, "localhost");
        poll(context);
    }
    run_until_done(context, all.back());
    BOOST_TEST(all.back().found > 0u, all.back().detail);
}

BOOST_AUTO_TEST_CASE(are_content_with_few_threads, *other_users() * test::unsanitized())
{
    const auto all_are_found = [] {
        asio::io_context context;
        std::list<lookup_of> all;
        for (int i = 0; i < 50; ++i) {
            all.emplace_back(context, "localhost");
        }
        context.run();
        std::size_t found = 0;
        for (const lookup_of& one : all) {
            found += one.found > 0 ? 1 : 0;
        }
        return found == all.size() ? 0 : 1;
    };
    for (const rlim_t threads : {rlim_t{1}, rlim_t{3}, rlim_t{20}}) {
        BOOST_TEST(in_child_with_threads(threads, all_are_found) == 0, threads);
    }
}

BOOST_AUTO_TEST_CASE(say_that_there_is_no_thread, *other_users() * test::unsanitized())
{
    const auto says_so = [] {
        asio::io_context context;
        const lookup_of one(context, "localhost");
        context.run();
        return one.code == asio::error::try_again && one.detail.find("no thread") != std::string::npos ? 0 : 1;
    };
    BOOST_TEST(in_child_with_threads(0, says_so) == 0);
}

// By two threads, one of which is the context's: ThreadSanitizer lets no such child start another one.
BOOST_AUTO_TEST_CASE(go_on_in_a_forked_child, *test::unsanitized())
{
    asio::io_context context;
    const dead_name_server dead;
    std::list<lookup_of> all;
    for (int i = 0; i < 12; ++i) {
        all.emplace_back(context, "hang.example");
    }
    all.front().stop();
    poll(context);
    BOOST_TEST_REQUIRE(wait_for_hanging(7), hanging);
    context.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        names_hang = false;
        context.notify_fork(asio::execution_context::fork_child);
        all.emplace_back(context, "localhost");
        context.restart();
        context.run();
        std::size_t found = 0;
        for (const lookup_of& one : all) {
            found += one.found > 0 ? 1 : 0;
        }
        ::_exit(found == 12 ? 0 : 1);
    }
    context.notify_fork(asio::execution_context::fork_parent);
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
    names_hang = false;
    context.restart();
    context.run();
    for (const lookup_of& one : all) {
        BOOST_TEST((one.found > 0 || &one == &all.front()), one.detail);
    }
}

// The thread that waits for the next look-up is the parent's.
BOOST_AUTO_TEST_CASE(begin_in_a_forked_child, *test::unsanitized())
{
    asio::io_context context;
    const lookup_of before(context, "localhost");
    run_until_done(context, before);
    std::this_thread::sleep_for(20ms);
    context.notify_fork(asio::execution_context::fork_prepare);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        context.notify_fork(asio::execution_context::fork_child);
        std::size_t found = 0;
        for (int i = 0; i < 20; ++i) {
            const lookup_of one(context, "localhost");
            run_until_done(context, one);
            found += one.found > 0 ? 1 : 0;
        }
        ::_exit(found == 20 ? 0 : 1);
    }
    context.notify_fork(asio::execution_context::fork_parent);
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(status == 0);
    const lookup_of after(context, "localhost");
    run_until_done(context, after);
    BOOST_TEST(after.found > 0u, after.detail);
}

BOOST_AUTO_TEST_SUITE_END()

/// In place of the C library's, for all of this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found)
{
    return lookups::system_lookup(host, service, hints, found);
}
