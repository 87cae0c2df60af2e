// The task that runs, seen by the thread that runs it and by the one that is told to stop it.
#include <worker/running_task.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

using tandem::detail::task_context;
using tandem::worker::running_task;

BOOST_AUTO_TEST_CASE(it_is_asked_to_stop_while_it_runs)
{
    running_task task;
    task_context context;
    BOOST_TEST(!task.is_there());
    task.begin(7, context);
    BOOST_TEST(task.is_there());
    task.ask_to_stop(6);
    BOOST_TEST(!context.stop_requested());
    task.ask_to_stop(7);
    BOOST_TEST(context.stop_requested());
    task.end();
    BOOST_TEST(!task.is_there());
}

BOOST_AUTO_TEST_CASE(it_may_be_asked_before_it_begins)
{
    running_task task;
    task_context first, second;
    task.ask_to_stop(2);
    task.begin(1, first);
    BOOST_TEST(!first.stop_requested());
    task.end();
    task.begin(2, second);
    BOOST_TEST(second.stop_requested());
    task.end();
}

// A context that was touched after its task's end shows under AddressSanitizer, and a request that is lost here.
BOOST_AUTO_TEST_CASE(each_is_asked_or_has_ended_whenever_the_request_comes)
{
    constexpr std::uint64_t tasks = 20'000;
    running_task task;
    std::atomic<std::uint64_t> wanted{0}; // the task to be asked
    std::atomic<std::uint64_t> stopped{0}, ran{0};
    std::thread asker([&] {
        for (std::uint64_t last = 0; last != tasks;) {
            const std::uint64_t id = wanted.load();
            if (id == last) {
                std::this_thread::yield();
                continue;
            }
            task.ask_to_stop(id);
            last = id;
        }
    });
    for (std::uint64_t id = 1; id <= tasks; ++id) {
        const auto context = std::make_unique<task_context>();
        const std::stop_callback count(context->stop_token(), [&] { stopped.fetch_add(1); });
        if (id % 3 != 0)
            wanted.store(id);
        task.begin(id, *context);
        if (id % 3 == 0)
            wanted.store(id);
        if (id % 5 == 0 || id == tasks) { // it waits for the request, which must come
            const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
            while (!context->stop_requested() && std::chrono::steady_clock::now() < limit)
                std::this_thread::yield();
            BOOST_TEST_REQUIRE(context->stop_requested(), "task " << id << " was never asked");
        }
        task.end();
        ran.fetch_add(1);
    }
    asker.join();
    BOOST_TEST(ran.load() == tasks);
    BOOST_TEST(stopped.load() >= tasks / 5);
}
