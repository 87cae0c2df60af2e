#include "simulated_pool.hpp"

#include <process_pool/outgoing_calls.hpp>

#include <cstring>

namespace pool_parts {
namespace {

using tandem::channel::frame_kind;

struct calling : simulated_pool
{
    explicit calling(std::size_t workers = 2) : simulated_pool(workers)
    {
        cost.add(10us); // so that tasks are sent ahead
        events->after_each = [this] { calls.flush_all(world.now()); }; // as after each of the pool's own
    }

    /// A task of which the scheduler has decided that it goes to a worker; appended to what is to be written.
    recorded_operation& add_call(std::size_t arguments_size = 16)
    {
        auto& operation = operations.emplace_back(first_entry(), arguments_size);
        operation.cost = &cost;
        submit(operation);
        for (const auto& a : std::exchange(state.actions, {})) {
            BOOST_REQUIRE((a.what == tandem::schedule::action::kind::send));
            calls.add(operation_of(*a.subject), state.links.at(a.worker));
        }
        return operation;
    }

    void cancel(recorded_operation& operation)
    {
        state.scheduler.cancel(operation, tandem::schedule::cancellation::total, world.now(), state.actions);
        state.actions.clear();
    }

    std::string ids_sent_to(const link_ptr& link)
    {
        std::string text;
        for (const auto& [kind, id] : sent_to(link)) {
            text += (text.empty() ? "" : " ") + std::to_string(id);
        }
        return text;
    }

    /// How long the worker may keep what it has done, by each call that it was sent, in microseconds.
    std::vector<int> untold(const link_ptr& link)
    {
        std::vector<int> times;
        const auto& bytes = worker(link).in->bytes;
        for (std::size_t at = 0; at != bytes.size();) {
            const auto frame = tandem::channel::frame_at(bytes, at);
            tandem::channel::task_call head;
            std::memcpy(&head, frame.payload.data(), sizeof head);
            times.push_back(head.untold * 10);
            at += size_of(frame);
        }
        return times;
    }

    /// The worker reads all, as often as something comes.
    std::vector<std::byte> read_all(const link_ptr& link)
    {
        std::vector<std::byte> all;
        auto& in = *worker(link).in;
        while (!in.bytes.empty()) {
            all.insert(all.end(), in.bytes.begin(), in.bytes.end());
            in.bytes.clear();
            in.wake();
            run_ready();
        }
        return all;
    }

    cost_estimate cost;
    std::deque<recorded_operation> operations;
    result_poll poll{state, *events, loop, [](worker_link&, time_point, completion_batch&) {}};
    outgoing_calls calls{state, *events, loop, poll};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(calls_on_their_way, calling)

BOOST_AUTO_TEST_CASE(what_is_for_a_worker_that_has_nothing_else_is_written_at_once)
{
    const link_ptr link = launch_ready();
    add_call();
    BOOST_TEST(ids_sent_to(link) == ""); // only appended
    calls.flush_urgent(world.now());
    BOOST_TEST(ids_sent_to(link) == "1");
    BOOST_TEST(world.ready() == 0); // nothing is left to be flushed
    BOOST_TEST(page(link).tasks.sent.load() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_for_a_busy_worker_is_written_together_when_the_context_has_done_what_it_has)
{
    const link_ptr link = launch_ready();
    add_call();
    calls.flush_urgent(world.now());
    add_call();
    calls.flush_urgent(world.now());
    add_call();
    calls.flush_urgent(world.now());
    BOOST_TEST(ids_sent_to(link) == "1");
    BOOST_TEST(world.ready() == 1); // one flush for all
    run_ready();
    BOOST_TEST(ids_sent_to(link) == "1 2 3");
    BOOST_TEST(page(link).tasks.sent.load() == 3);
    add_call();
    calls.flush_urgent(world.now());
    BOOST_TEST(world.ready() == 1); // another one
    run_ready();
    BOOST_TEST(ids_sent_to(link) == "1 2 3 4");
}

BOOST_AUTO_TEST_CASE(a_worker_tells_what_it_has_done_soon_where_nothing_else_waits)
{
    const link_ptr link = launch_ready();
    for (int i = 0; i != 3; ++i) {
        add_call();
    }
    calls.flush_all(world.now());
    BOOST_TEST(untold(link) == (std::vector<int>{100, 100, 100}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(and_when_it_has_half_of_it_left_where_other_tasks_wait)
{
    const link_ptr link = launch_ready();
    state.scheduler.kill_worker(2, state.actions); // which is yet to be launched
    state.actions.clear();
    constexpr int room = 100; // 10 us each
    for (int i = 0; i != room + 1; ++i) {
        auto& operation = operations.emplace_back(first_entry());
        operation.cost = &cost;
        submit(operation);
    }
    for (const auto& a : std::exchange(state.actions, {})) {
        if (a.what == tandem::schedule::action::kind::send) {
            calls.add(operation_of(*a.subject), link);
        }
    }
    calls.flush_all(world.now());
    BOOST_TEST(state.scheduler.waiting() != 0U);
    BOOST_TEST(untold(link) == std::vector<int>(state.scheduler.running(), 500), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(also_where_a_map_has_more_elements)
{
    const link_ptr link = launch_ready();
    for (int i = 0; i != 50; ++i) {
        auto& operation = operations.emplace_back(first_entry());
        operation.cost = &cost;
        operation.others_follow = true;
        submit(operation);
    }
    for (const auto& a : std::exchange(state.actions, {})) {
        calls.add(operation_of(*a.subject), link);
    }
    calls.flush_all(world.now());
    BOOST_TEST(untold(link) == std::vector<int>(50, 250), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_urgent_call_takes_along_what_was_appended_behind_it)
{
    const link_ptr link = launch_ready();
    add_call();
    add_call();
    calls.flush_urgent(world.now());
    BOOST_TEST(ids_sent_to(link) == "1 2");
}

BOOST_AUTO_TEST_CASE(flush_all_writes_what_is_not_urgent_as_well)
{
    const link_ptr link = launch_ready();
    add_call();
    calls.flush_all(world.now());
    add_call();
    calls.flush_all(world.now());
    BOOST_TEST(ids_sent_to(link) == "1 2");
    calls.flush_all(world.now());
    BOOST_TEST(ids_sent_to(link) == "1 2");
}

BOOST_AUTO_TEST_CASE(a_full_pipe_is_waited_for_and_the_rest_is_written_when_it_has_room)
{
    const link_ptr link = launch_ready();
    worker(link).in->capacity = 100;
    add_call(500);
    calls.flush_all(world.now());
    BOOST_TEST(worker(link).in->bytes.size() == 100);
    BOOST_TEST(world.waits() == 1);
    add_call(500); // behind what waits
    calls.flush_all(world.now());
    BOOST_TEST(worker(link).in->bytes.size() == 100);
    BOOST_TEST(world.waits() == 1);
    const auto all = read_all(link);
    BOOST_TEST(world.waits() == 0);
    const auto first = tandem::channel::frame_at(all, 0);
    BOOST_TEST(first.id == 1);
    BOOST_TEST(first.payload.size() == 516);
    const auto second = tandem::channel::frame_at(all, size_of(first));
    BOOST_TEST(second.id == 2);
    BOOST_TEST(size_of(first) + size_of(second) == all.size());
}

BOOST_AUTO_TEST_CASE(the_scheduler_is_told_when_a_worker_reads_on)
{
    const link_ptr link = launch_ready();
    worker(link).in->capacity = 100;
    add_call(500);
    calls.flush_all(world.now());
    const time_point before = state.scheduler.next_deadline();
    world.pass(1s);
    worker(link).in->writing.complete({}); // by mistake: nothing goes in
    run_ready();
    BOOST_TEST((state.scheduler.next_deadline() == before));
    worker(link).in->bytes.clear();
    worker(link).in->wake();
    run_ready();
    BOOST_TEST((state.scheduler.next_deadline() >= before + 1s));
}

BOOST_AUTO_TEST_CASE(nor_is_time_lost_while_a_worker_reads_as_fast_as_a_large_call_is_written)
{
    const link_ptr link = launch_ready();
    auto& in = *worker(link).in;
    in.capacity = 64 * 1024;
    in.written = [&] {
        in.bytes.clear();
        world.pass(1s);
    };
    const time_point begin = world.now();
    add_call(64 * in.capacity);
    calls.flush_all(world.now());
    BOOST_TEST(!link->frames.has_unsent());
    const auto limit = state.scheduler.next_deadline() - begin;
    BOOST_TEST((limit > 64s), limit / 1s << " s after its begin, where it takes 64 s to write");
}

BOOST_AUTO_TEST_CASE(revoked_calls_are_not_written)
{
    const link_ptr link = launch_ready();
    add_call();
    calls.flush_urgent(world.now());
    recorded_operation& second = add_call();
    add_call();
    cancel(second);
    run_ready();
    calls.flush_all(world.now());
    BOOST_TEST(ids_sent_to(link) == "1 3");
    BOOST_TEST(page(link).tasks.sent.load() == 2);
}

BOOST_AUTO_TEST_CASE(revoked_calls_that_wait_for_room_are_not_written_either)
{
    const link_ptr link = launch_ready();
    worker(link).in->capacity = 100;
    add_call(500);
    recorded_operation& second = add_call();
    add_call();
    calls.flush_all(world.now());
    cancel(second);
    const auto all = read_all(link);
    const auto first = tandem::channel::frame_at(all, 0);
    const auto next = tandem::channel::frame_at(all, size_of(first));
    BOOST_TEST(next.id == 3);
    BOOST_TEST(size_of(first) + size_of(next) == all.size());
}

// Two buffers take turns.
BOOST_AUTO_TEST_CASE(the_memory_of_a_large_call_is_given_back)
{
    const link_ptr link = launch_ready();
    worker(link).in->capacity = 100'000'000;
    add_call(5'000'000);
    calls.flush_all(world.now());
    for (int i = 0; i != 2; ++i) {
        BOOST_TEST(link->frames.outgoing().capacity() <= std::size_t{1} << 20);
        add_call();
        calls.flush_all(world.now());
    }
}

BOOST_AUTO_TEST_CASE(a_revoked_call_of_which_some_was_written_is_written_to_its_end)
{
    const link_ptr link = launch_ready();
    worker(link).in->capacity = 100;
    recorded_operation& first = add_call(500);
    calls.flush_all(world.now());
    cancel(first);
    add_call();
    calls.flush_all(world.now());
    const auto all = read_all(link);
    const auto frame = tandem::channel::frame_at(all, 0);
    BOOST_TEST(frame.id == 1);
    const auto next = tandem::channel::frame_at(all, size_of(frame));
    BOOST_TEST(next.id == 2);
    BOOST_TEST(size_of(frame) + size_of(next) == all.size());
}

BOOST_AUTO_TEST_CASE(nothing_is_written_to_a_worker_that_is_gone)
{
    const link_ptr link = launch_ready();
    add_call();
    state.links.erase(link->id);
    calls.flush_all(world.now());
    BOOST_TEST(ids_sent_to(link) == "");
    BOOST_TEST(!link->is_unflushed);
    BOOST_TEST(!link->is_urgent);
}

BOOST_AUTO_TEST_CASE(each_worker_gets_its_own_calls)
{
    const link_ptr first = launch_ready(), second = launch_ready();
    add_call();
    add_call();
    calls.flush_urgent(world.now());
    BOOST_TEST(ids_sent_to(first) == "1");
    BOOST_TEST(ids_sent_to(second) == "1"); // calls are counted for each
}

BOOST_AUTO_TEST_CASE(a_wait_for_room_that_is_given_up_writes_nothing)
{
    const link_ptr link = launch_ready();
    worker(link).in->capacity = 100;
    add_call(500);
    calls.flush_all(world.now());
    link->close();
    worker(link).in->bytes.clear();
    run_ready();
    BOOST_TEST(worker(link).in->bytes.empty());
    BOOST_TEST(world.waits() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
