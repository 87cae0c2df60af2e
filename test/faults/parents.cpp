// What the parent does to itself: serialization that throws, handlers that throw, submit, cancel and destroy, contexts
// that stop.
#include <faults/completion.hpp>
#include <faults/suite.hpp>
#include <support/counting_allocator.hpp>
#include <support/gate.hpp>
#include <support/tasks.hpp>
#include <support/waiting.hpp>

#include <tandem/process_pool.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace faults {
namespace {

namespace asio = boost::asio;
using tandem::process_pool;
using tandem::process_pool_options;
using tandem::shutdown_mode;
using tandem::task;

// --- serialization

enum class trouble
{
    saving_throws,
    saving_throws_int,
    loading_throws,
    loading_throws_int
};

// What is thrown while the parent saves an argument, or loads a result.
template <trouble Kind>
struct troubled
{
    template <class Archive>
    void save(Archive& archive) const
    {
        if constexpr (Kind == trouble::saving_throws)
            throw std::runtime_error("trouble");
        if constexpr (Kind == trouble::saving_throws_int)
            throw 7;
        archive(1);
    }
    template <class Archive>
    void load(Archive& archive)
    {
        int value = 0;
        archive(value);
        if constexpr (Kind == trouble::loading_throws)
            throw std::runtime_error("trouble");
        if constexpr (Kind == trouble::loading_throws_int)
            throw 7;
    }
};

template <trouble Kind>
std::string text_of(const troubled<Kind>&)
{
    return "a value";
}

template <trouble Kind>
int take_trouble(const troubled<Kind>&)
{
    return 1;
}

template <trouble Kind>
troubled<Kind> give_trouble()
{
    return {};
}

void expect_usable(process_pool& pool)
{
    step("running a later task");
    const completion later("a later task");
    pool.async_run(task<test::add>(2, 2), later.handler());
    later.expect_is("4");
    later.expect_once();
}

template <auto F, class... A>
void try_trouble(const std::string& expected, A... arguments)
{
    asio::thread_pool context{2};
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    test::allocation_counts counts;
    std::vector<completion> beside{completion("a task beside"), completion("the second task beside")};
    const completion faulty("the faulty task");
    for (const auto& each : beside)
        pool->async_run(task<test::add>(1, 2), each.handler());
    pool->async_run(task<F>(arguments...), asio::bind_allocator(test::counting_allocator<>(counts), faulty.handler()));
    faulty.expect_is(expected);
    for (const auto& each : beside)
        each.expect_is("3");
    expect_usable(*pool);
    pool.reset();
    context.join();
    expect(counts.held == 0, std::to_string(counts.held) + " bytes of the faulty task are still held");
    faulty.expect_once();
    for (const auto& each : beside)
        each.expect_once();
}

// --- handlers

// Runs the context until nothing is left to do. How often something was thrown out of it.
int run_all(asio::io_context& context)
{
    int thrown = 0;
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
        try {
            context.restart();
            context.run_until(end);
            break;
        } catch (const std::exception&) { // several at once are one of Asio's own
            ++thrown;
        }
    }
    expect(context.stopped(), "the context does not come to its end");
    return thrown;
}

void handlers_throw()
{
    asio::io_context context;
    process_pool pool(context, {.workers = 2});
    std::vector<completion> all;
    for (int i = 0; i != 20; ++i) {
        all.emplace_back("task " + std::to_string(i), [i] {
            if (i % 3 == 0)
                throw std::runtime_error("from a handler");
        });
        pool.async_run(task<test::add>(i, 1), all.back().handler());
    }
    const int thrown = run_all(context);
    expect(thrown >= 1 && thrown <= 7, std::to_string(thrown) + " exceptions came out of run()");
    for (const completion& each : all)
        each.expect_once();
    const completion later("a later task");
    pool.async_run(task<test::add>(2, 2), later.handler());
    run_all(context);
    later.expect_is("4");
}

void handlers_submit()
{
    asio::thread_pool context{2};
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    std::atomic<int> left{200};
    std::atomic<int> done{0};
    const std::function<void()> next = [&] {
        if (left-- > 0)
            pool->async_run(task<test::add>(1, 2), [&](const std::exception_ptr& e, int sum) {
                done += !e && sum == 3;
                next();
            });
    };
    for (int i = 0; i != 4; ++i)
        next();
    expect(test::eventually([&] { return done == 200; }, patience), std::to_string(done) + " of 200 were done");
    expect_usable(*pool);
    pool.reset();
    context.join();
}

// A handler does something to its own pool, while one task runs and two wait.
void handler_acts(const std::function<void(std::unique_ptr<process_pool>&)>& act,
                  const std::vector<std::string>& others)
{
    asio::io_context context;
    auto pool = std::make_unique<process_pool>(context, process_pool_options{.workers = 2});
    const test::gate place;
    const completion running("the task that runs");
    std::vector<completion> queued{completion("a task that waits"), completion("the second task that waits")};
    pool->async_run(task<test::hold>(place.path()), running.handler());
    const completion first("the task whose handler acts", [&] {
        pool->async_run(task<test::hold>(place.path()), queued[0].handler());
        pool->async_run(task<test::hold>(place.path()), queued[1].handler());
        act(pool);
    });
    pool->async_run(task<test::add>(1, 2), first.handler());
    run_all(context);
    first.expect_is("3");
    running.expect_one_of(others);
    for (const auto& each : queued)
        each.expect_one_of(others);
    pool.reset();
    run_all(context);
    for (const completion& each : {first, running, queued[0], queued[1]})
        each.expect_once();
}

void handler_cancels_its_neighbour()
{
    asio::thread_pool context{2};
    const auto strand = asio::make_strand(context);
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    const test::gate place;
    asio::cancellation_signal signal;
    const completion running("the task that runs");
    pool->async_run(task<test::hold>(place.path()),
                    asio::bind_executor(strand, asio::bind_cancellation_slot(signal.slot(), running.handler())));
    const completion first("the task whose handler cancels",
                           [&] { signal.emit(asio::cancellation_type::terminal); });
    pool->async_run(task<test::add>(1, 2), asio::bind_executor(strand, first.handler()));
    first.expect_is("3");
    running.expect_is("aborted");
    expect_usable(*pool);
    pool.reset();
    context.join();
    running.expect_once();
}

// --- contexts

enum class fate
{
    pool_destroyed,
    restarted,
    destroyed_then_restarted
};

// The context stops while tasks run and wait.
void context_stops(fate what)
{
    asio::io_context context;
    std::optional<process_pool> pool(std::in_place, context, process_pool_options{.workers = 2});
    const test::gate place;
    std::vector<completion> all;
    for (int i = 0; i != 4; ++i) {
        all.emplace_back("task " + std::to_string(i));
        pool->async_run(task<test::hold>(place.path()), all.back().handler());
    }
    step("running the context for a while");
    std::jthread thread([&] { context.run(); });
    expect(place.wait_for_begun(2), "two tasks did not begin");
    context.stop();
    thread.join();
    for (const completion& each : all)
        expect(each.calls() == 0, "a task completed although its context was stopped");
    if (what == fate::pool_destroyed) {
        step("destroying the pool");
        pool.reset();
        for (const completion& each : all)
            expect(each.calls() == 0, "a handler ran although its context was stopped");
        return; // with completions in the context's queue, which are destroyed with it
    }
    if (what == fate::destroyed_then_restarted) {
        step("destroying the pool");
        pool.reset();
    } else {
        place.open();
    }
    step("running the context again");
    run_all(context);
    const std::string expected = what == fate::restarted ? std::to_string(test::gate_opened) : "aborted";
    for (const completion& each : all) {
        each.expect_is(expected);
        each.expect_once();
    }
}

// The context runs on one thread, which a handler keeps for a while: workers die and finish meanwhile.
void handler_blocks()
{
    asio::io_context context;
    process_pool pool(context, {.workers = 2});
    std::vector<completion> all;
    all.emplace_back("the task whose handler blocks",
                     [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); });
    pool.async_run(task<test::add>(1, 2), all.back().handler());
    for (int i = 0; i != 10; ++i) {
        all.emplace_back("task " + std::to_string(i));
        if (i % 2 == 0)
            pool.async_run(task<test::die>("kill"), all.back().handler());
        else
            pool.async_run(task<test::add>(1, 2), all.back().handler());
    }
    run_all(context);
    for (std::size_t i = 0; i != all.size(); ++i) {
        all[i].expect_is(i == 0 || i % 2 == 0 ? "3" : "worker_died, signal 9");
        all[i].expect_once();
    }
}

} // namespace

void add_parents(suite& all)
{
    using enum trouble;
    const auto add = [&all](const char* name, std::function<void()> run) {
        all.push_back({"parent", name, "", std::move(run)});
    };
    add("encoding an argument throws",
        [] { try_trouble<take_trouble<saving_throws>>("encode_failed", troubled<saving_throws>()); });
    add("encoding an argument throws an int",
        [] { try_trouble<take_trouble<saving_throws_int>>("encode_failed", troubled<saving_throws_int>()); });
    add("decoding a result throws", [] { try_trouble<give_trouble<loading_throws>>("decode_failed"); });
    add("decoding a result throws an int", [] { try_trouble<give_trouble<loading_throws_int>>("decode_failed"); });
    add("encoding a result throws", [] { try_trouble<give_trouble<saving_throws>>("encode_failed"); });
    add("decoding an argument throws", [] { try_trouble<take_trouble<loading_throws>>("decode_failed", troubled<loading_throws>()); });
    add("handlers throw", handlers_throw);
    add("handlers submit", handlers_submit);
    add("a handler cancels the pool", [] { handler_acts([](auto& pool) { pool->cancel(); }, {"aborted"}); });
    add("a handler destroys the pool", [] { handler_acts([](auto& pool) { pool.reset(); }, {"aborted"}); });
    add("a handler shuts the pool down, stop", [] {
        handler_acts([](auto& pool) { pool->async_shutdown(shutdown_mode::stop, [](const std::exception_ptr&) {}); },
                     {std::to_string(test::asked_to_stop), "aborted"}); // begun, or not
    });
    add("a handler shuts the pool down, kill", [] {
        handler_acts([](auto& pool) { pool->async_shutdown(shutdown_mode::kill, [](const std::exception_ptr&) {}); },
                     {"aborted"});
    });
    add("a handler cancels a neighbour", handler_cancels_its_neighbour);
    add("a handler blocks", handler_blocks);
    add("the context stops, pool destroyed", [] { context_stops(fate::pool_destroyed); });
    add("the context stops, runs again", [] { context_stops(fate::restarted); });
    add("the context stops, pool destroyed, runs again", [] { context_stops(fate::destroyed_then_restarted); });
}

} // namespace faults
