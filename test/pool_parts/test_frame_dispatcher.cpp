#include "simulated_pool.hpp"

#include <arena/result_memory.hpp>
#include <process_pool/frame_dispatcher.hpp>
#include <tandem/detail/exception_codec.hpp>

#include <unistd.h>

#include <stdexcept>

namespace pool_parts {
namespace {

namespace channel = tandem::channel;
using channel::frame_kind;

void first_initializer() {}

std::vector<std::byte> bytes_of(std::string_view text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> hello_bytes(const std::vector<std::string>& tasks, std::uint64_t id = channel::hello_id)
{
    std::vector<std::byte> payload;
    tandem::encode(payload, channel::hello{.pid = 1000, .tasks = tasks});
    return frame_bytes(frame_kind::hello, id, payload);
}

std::vector<std::string> both_tasks()
{
    return {first_entry().mangled_name(), second_entry().mangled_name()};
}

struct dispatching : simulated_pool
{
    explicit dispatching(const tandem::process_pool_options& options = quiet_options(), std::uint64_t result_memory = 0)
        : simulated_pool(1, options, result_memory), sink(options.output, nullptr)
    {
        cost.add(10us); // so that tasks are sent ahead
    }

    /// The worker writes that, and it is read.
    void say(const link_ptr& link, std::span<const std::byte> bytes)
    {
        write(link, bytes);
        read(link);
    }

    void read(const link_ptr& link)
    {
        auto event = [&](time_point now, completion_batch& completions) { frames.read(*link, now, completions); };
        events->run(event);
    }
    void read_last(const link_ptr& link)
    {
        auto event = [&](time_point now, completion_batch& completions) { frames.read_last(*link, now, completions); };
        events->run(event);
    }
    void take_results(const link_ptr& link)
    {
        auto event = [&](time_point now, completion_batch& completions) { frames.take_results(*link, now, completions); };
        events->run(event);
    }

    /// A task that the worker was sent, and that it has done.
    recorded_operation& run_task(const link_ptr& link, std::chrono::nanoseconds took = 1us)
    {
        auto& operation = send_task();
        run(link, operation, took);
        return operation;
    }

    recorded_operation& send_task()
    {
        auto& operation = operations.emplace_back();
        operation.cost = &cost;
        operation.cancellable = true;
        submit(operation);
        tasks.admit(operation);
        for (const auto& a : std::exchange(state.actions, {})) {
            BOOST_REQUIRE((a.what == tandem::schedule::action::kind::send));
            calls.add(operation_of(*a.subject), state.links.at(a.worker));
        }
        calls.flush_all(world.now());
        return operation;
    }

    void put(const link_ptr& link, std::span<const std::byte> frame)
    {
        channel::ring_writer writer(page(link).results);
        BOOST_REQUIRE(writer.put(frame));
    }

    /// The number of the calls that completed, such as "1 2".
    std::string take_completed()
    {
        std::string text;
        for (const auto& done : std::exchange(events->completed, {})) {
            text += (text.empty() ? "" : " ") + std::to_string(operation_of(*done.operation).id);
        }
        return text;
    }

    void expect_fault(const link_ptr& link, const std::string& fault)
    {
        BOOST_TEST(link->fault == fault);
        BOOST_TEST(join(take_actions()) == "kill " + std::to_string(link->id));
        BOOST_TEST(state.scheduler.is_ending(link->id));
    }

    std::deque<recorded_operation> operations;
    cost_estimate cost;
    task_index tasks;
    output_sink sink;
    output_relay relay{state, sink};
    unwatching_observer nobody;
    worker_watch watch{state, *events, loop, nobody};
    worker_starter starter{state, *events, loop, watch, nullptr};
    result_poll poll{state, *events, loop, [](worker_link&, time_point, completion_batch&) {}};
    outgoing_calls calls{state, *events, loop, poll};
    frame_dispatcher frames{state, calls, relay, tasks, starter};
};

tandem::process_pool_options options_with_initializer()
{
    auto options = quiet_options();
    options.initializer = tandem::task<first_initializer>();
    return options;
}

struct initializing : dispatching
{
    initializing() : dispatching(options_with_initializer())
    {
        starter.waits().add(std::make_unique<recorded_wait>(waits_destroyed));
    }

    link_ptr launch_greeted()
    {
        const link_ptr link = launch();
        auto known = both_tasks();
        known.push_back(state.options.initializer.entry().mangled_name());
        say(link, hello_bytes(known));
        return link;
    }

    int waits_destroyed = 0;
};

tandem::process_pool_options options_with_printed_lines(std::vector<std::string>& lines)
{
    auto options = quiet_options();
    options.output = tandem::worker_output::lines(
        [&lines](const tandem::output_line& line) { lines.push_back(std::string(line.text) + " of " + std::string(line.task)); });
    return options;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(greetings, dispatching)

BOOST_AUTO_TEST_CASE(a_worker_that_says_the_right_hello_gets_its_settings_and_is_ready)
{
    const link_ptr link = launch();
    say(link, hello_bytes(both_tasks()));
    BOOST_TEST(link->fault == "");
    BOOST_TEST((link->at == worker_link::stage::ready));
    BOOST_TEST(state.scheduler.ready_workers() == 1);
    BOOST_TEST(link->knows(second_entry()));
    const auto sent = sent_to(link);
    BOOST_REQUIRE(sent.size() == 1);
    BOOST_TEST((sent[0].first == frame_kind::settings));
    const auto settings =
        tandem::decode<channel::worker_settings>(channel::frame_at(worker(link).in->bytes, 0).payload);
    BOOST_TEST(settings.max_message_size == state.options.max_message_size);
    BOOST_TEST(!settings.reports_ready);
    BOOST_TEST(!settings.has_initializer);
    BOOST_TEST(!settings.marks_output);
}

BOOST_AUTO_TEST_CASE(a_hello_may_come_byte_by_byte)
{
    const link_ptr link = launch();
    const auto hello = hello_bytes(both_tasks());
    for (const std::byte& one : hello) {
        BOOST_TEST_REQUIRE(state.scheduler.ready_workers() == 0);
        say(link, std::span(&one, 1));
    }
    BOOST_TEST(state.scheduler.ready_workers() == 1);
}

BOOST_AUTO_TEST_CASE(a_worker_of_another_version_is_known_as_that)
{
    const link_ptr link = launch();
    say(link, hello_bytes(both_tasks(), channel::hello_id + 1));
    BOOST_TEST(link->wrong_version);
    expect_fault(link, "speaks version " + std::to_string(channel::protocol_version + 1) +
                           " of the protocol, this program version " + std::to_string(channel::protocol_version));
    BOOST_TEST(sent_to(link).empty());
}

BOOST_AUTO_TEST_CASE(a_program_that_is_no_worker_is_quoted)
{
    const link_ptr link = launch();
    const std::string most(80 - 8, 'x'); // as much as is quoted, and more than a header
    say(link, bytes_of("Usage:\n\x01" + most + "y"));
    BOOST_TEST(!link->wrong_version);
    expect_fault(link, "wrote \"Usage:  " + most + "\" instead of a hello");
}

BOOST_AUTO_TEST_CASE(a_program_that_is_no_worker_and_ends_soon_is_quoted_as_well)
{
    const link_ptr link = launch();
    say(link, bytes_of("no"));
    BOOST_TEST(link->fault == ""); // it might become a hello
    close(worker(link).out);
    read(link);
    BOOST_TEST(link->silent);
    read_last(link);
    BOOST_TEST(link->fault == "wrote \"no\" instead of a hello");
}

BOOST_AUTO_TEST_CASE(another_frame_is_no_hello)
{
    const link_ptr link = launch();
    say(link, frame_bytes(frame_kind::ready, channel::hello_id));
    expect_fault(link, "did not begin with a hello");
}

BOOST_AUTO_TEST_CASE(a_hello_of_another_protocol_is_no_hello)
{
    const link_ptr link = launch();
    say(link, hello_bytes(both_tasks(), 2));
    BOOST_TEST(!link->wrong_version);
    expect_fault(link, "did not begin with a hello");
}

BOOST_AUTO_TEST_CASE(a_hello_that_cannot_be_decoded_is_a_fault)
{
    const link_ptr link = launch();
    say(link, frame_bytes(frame_kind::hello, channel::hello_id, bytes_of("x")));
    BOOST_TEST(link->fault.starts_with("sent a malformed hello: "), link->fault);
    BOOST_TEST(join(take_actions()) == "kill 1");
    BOOST_TEST(sent_to(link).empty());
}

BOOST_AUTO_TEST_CASE(a_worker_that_closes_its_end_leaves_and_is_killed_when_that_takes_too_long)
{
    const link_ptr link = launch_ready();
    close(worker(link).out);
    read(link);
    BOOST_TEST(link->silent);
    BOOST_TEST(link->fault == "");
    BOOST_TEST(state.scheduler.is_ending(link->id));
    BOOST_TEST(take_actions().empty());
    world.pass(2s);
    state.scheduler.advance(world.now(), state.actions);
    BOOST_TEST(join(take_actions()) == "kill 1");
}

BOOST_AUTO_TEST_CASE(nothing_is_read_of_a_worker_that_has_ended)
{
    const link_ptr link = launch();
    write(link, hello_bytes(both_tasks()));
    link->ended.emplace();
    read(link);
    BOOST_TEST(state.scheduler.ready_workers() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(readiness, initializing)

BOOST_AUTO_TEST_CASE(a_worker_with_an_initializer_is_ready_when_it_says_so)
{
    const link_ptr link = launch_greeted();
    BOOST_TEST((link->at == worker_link::stage::greeted));
    BOOST_TEST(state.scheduler.ready_workers() == 0);
    const auto sent = sent_to(link);
    BOOST_REQUIRE(sent.size() == 2);
    BOOST_TEST((sent[0].first == frame_kind::settings));
    BOOST_TEST((sent[1].first == frame_kind::initialize));
    say(link, frame_bytes(frame_kind::ready, 0));
    BOOST_TEST((link->at == worker_link::stage::ready));
    BOOST_TEST(state.scheduler.ready_workers() == 1);
    BOOST_TEST(events->completed_waits.empty()); // whoever has all events tells them
}

BOOST_AUTO_TEST_CASE(what_its_initializer_throws_is_told_to_those_who_wait)
{
    const link_ptr link = launch_greeted();
    std::vector<std::byte> thrown;
    tandem::detail::encode_exception(thrown, std::make_exception_ptr(std::runtime_error("no licence")));
    say(link, frame_bytes(frame_kind::failure, 0, thrown));
    BOOST_REQUIRE(events->completed_waits.size() == 1);
    BOOST_TEST(events->completed_waits[0].find("no licence") != std::string::npos, events->completed_waits[0]);
    BOOST_TEST(link->failure_told);
    BOOST_TEST((starter.last_failure()->code == tandem::errc::initializer_failed));
    expect_fault(link, "failed in its initializer");
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_know_the_initializer_is_another_program)
{
    const link_ptr link = launch();
    say(link, hello_bytes(both_tasks()));
    BOOST_REQUIRE(events->completed_waits.size() == 1);
    BOOST_TEST(events->completed_waits[0].find("first_initializer") != std::string::npos, events->completed_waits[0]);
    BOOST_TEST((starter.last_failure()->code == tandem::errc::unknown_task));
    BOOST_TEST(!starter.last_failure()->can_start_again);
    expect_fault(link, "does not know the initializer");
}

BOOST_AUTO_TEST_CASE(a_result_before_it_is_ready_is_a_fault)
{
    const link_ptr link = launch_greeted();
    say(link, frame_bytes(frame_kind::result, 1));
    expect_fault(link, "sent a frame that nobody asked for");
}

BOOST_AUTO_TEST_CASE(the_ring_of_a_worker_that_is_not_ready_is_not_looked_at)
{
    const link_ptr link = launch_greeted();
    put(link, frame_bytes(frame_kind::result, 1));
    take_results(link);
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(outcomes, dispatching)

BOOST_AUTO_TEST_CASE(a_result_comes_from_the_ring)
{
    const link_ptr link = launch_ready();
    recorded_operation& operation = run_task(link, 7us);
    put(link, frame_bytes(frame_kind::result, operation.call, bytes_of("value")));
    take_results(link);
    BOOST_REQUIRE(events->completed.size() == 1);
    const auto& done = events->completed[0];
    BOOST_TEST(done.operation == &operation);
    BOOST_TEST((done.message == bytes_of("value")));
    BOOST_TEST(done.failed_in == 0);
    BOOST_TEST(done.error == "none");
    BOOST_TEST((operation.cost->mean() == 7us));
    BOOST_TEST(operation.slot == task_operation::no_slot);
    BOOST_TEST(tasks.find(operation.id) == nullptr);
    BOOST_TEST(state.counts.completed == 1);
    BOOST_TEST(state.scheduler.task_of(link->id) == nullptr);
    BOOST_TEST(page(link).results.bell_wanted.load() == 1); // the worker may ring for the next
}

BOOST_AUTO_TEST_CASE(a_bell_says_that_something_is_in_the_ring)
{
    const link_ptr link = launch_ready();
    put(link, frame_bytes(frame_kind::result, run_task(link).call));
    say(link, frame_bytes(frame_kind::bell, 0));
    BOOST_TEST(take_completed() == "1");
    say(link, frame_bytes(frame_kind::bell, 0)); // for nothing
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_CASE(a_result_comes_from_the_pipe_in_its_turn)
{
    const link_ptr link = launch_ready();
    const std::uint64_t first = run_task(link).call, second = send_task().call;
    channel::ring_writer writer(page(link).results);
    writer.put_notice(first); // too large for the ring
    BOOST_REQUIRE(writer.put(frame_bytes(frame_kind::result, second)));
    take_results(link);
    BOOST_TEST(take_completed() == "");
    const auto large = frame_bytes(frame_kind::result, first, std::vector<std::byte>(50'000, std::byte{'x'}));
    say(link, std::span(large).first(30'000));
    BOOST_TEST(take_completed() == "");
    say(link, std::span(large).subspan(30'000));
    BOOST_TEST(events->completed.at(0).message.size() == 50'000);
    BOOST_TEST(take_completed() == "1 2");
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_CASE(a_failure_is_known_as_its_workers)
{
    const link_ptr link = launch_ready();
    put(link, frame_bytes(frame_kind::failure, run_task(link).call, bytes_of("encoded")));
    take_results(link);
    BOOST_REQUIRE(events->completed.size() == 1);
    BOOST_TEST(events->completed[0].failed_in == link->process->pid());
    BOOST_TEST((events->completed[0].message == bytes_of("encoded")));
    BOOST_TEST(state.counts.completed == 1); // it threw, so it has run
}

BOOST_AUTO_TEST_CASE(a_result_that_comes_before_the_end_of_file_counts)
{
    const link_ptr link = launch_ready();
    const std::uint64_t call = run_task(link).call;
    channel::ring_writer(page(link).results).put_notice(call);
    write(link, frame_bytes(frame_kind::result, call));
    close(worker(link).out);
    read(link);
    BOOST_TEST(take_completed() == "1");
    read(link); // there may have been exactly as much as was read
    BOOST_TEST(link->silent);
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_CASE(what_a_dead_worker_left_in_the_ring_counts_although_its_pipe_is_closed)
{
    const link_ptr link = launch_ready();
    const std::uint64_t first = run_task(link).call, second = run_task(link).call;
    const recorded_operation& third = send_task(); // which it did not begin
    close(worker(link).out);
    read(link);
    BOOST_TEST(link->silent);
    put(link, frame_bytes(frame_kind::result, first));
    put(link, frame_bytes(frame_kind::result, second));
    link->ended.emplace();
    read_last(link);
    BOOST_TEST(take_completed() == "1 2");
    BOOST_TEST(link->fault == "");
    BOOST_TEST((third.state == tandem::schedule::task::phase::waiting)); // for another worker
}

BOOST_AUTO_TEST_CASE(an_answer_that_nobody_asked_for_is_a_fault)
{
    const link_ptr link = launch_ready();
    const std::uint64_t call = run_task(link).call;
    put(link, frame_bytes(frame_kind::result, call + 1));
    take_results(link);
    expect_fault(link, "sent a frame that nobody asked for");
    put(link, frame_bytes(frame_kind::result, call)); // it is not believed any more
    take_results(link);
    BOOST_TEST(take_completed() == "");
}

BOOST_AUTO_TEST_CASE(an_answer_where_there_is_no_task_is_a_fault)
{
    const link_ptr link = launch_ready();
    put(link, frame_bytes(frame_kind::result, 0));
    take_results(link);
    expect_fault(link, "sent a frame that nobody asked for");
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_twice_is_a_fault)
{
    const link_ptr link = launch_ready();
    const std::uint64_t call = run_task(link).call;
    send_task();
    put(link, frame_bytes(frame_kind::result, call));
    put(link, frame_bytes(frame_kind::result, call));
    take_results(link);
    BOOST_TEST(take_completed() == "1");
    expect_fault(link, "sent a frame that nobody asked for");
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_call_that_was_not_sent_is_a_fault)
{
    const link_ptr link = launch_ready();
    auto& operation = operations.emplace_back();
    submit(operation); // the scheduler has sent it, and nobody has performed that
    take_actions();
    put(link, frame_bytes(frame_kind::result, operation.call));
    take_results(link);
    expect_fault(link, "answered a call that it was not sent");
    BOOST_TEST(take_completed() == "");
}

BOOST_AUTO_TEST_CASE(another_frame_in_the_place_of_an_answer_is_a_fault)
{
    const link_ptr link = launch_ready();
    const std::uint64_t call = run_task(link).call;
    say(link, frame_bytes(frame_kind::ready, call));
    expect_fault(link, "sent a frame that nobody asked for");
    BOOST_TEST(take_completed() == "");
}

BOOST_AUTO_TEST_CASE(a_large_result_where_there_is_no_memory_for_it_is_a_fault)
{
    const link_ptr link = launch_ready();
    put(link, frame_bytes(frame_kind::large_result, run_task(link).call));
    take_results(link);
    expect_fault(link, "sent a frame that nobody asked for");
}

BOOST_AUTO_TEST_CASE(a_malformed_frame_is_a_fault)
{
    const link_ptr link = launch_ready();
    say(link, std::vector<std::byte>(100, std::byte{0xff}));
    expect_fault(link, "sent a malformed frame");
}

BOOST_AUTO_TEST_CASE(a_frame_over_the_limit_is_a_fault_before_it_has_come)
{
    const link_ptr link = launch_ready();
    const channel::frame_header header{.size = (1 << 20) + 1, .kind = static_cast<std::uint16_t>(frame_kind::result),
                                       .reserved = 0, .id = 1};
    say(link, std::as_bytes(std::span(&header, 1)));
    expect_fault(link, "sent a frame over max_message_size");
}

BOOST_AUTO_TEST_CASE(a_malformed_ring_is_a_fault)
{
    const link_ptr link = launch_ready();
    run_task(link);
    page(link).results.written = 2 * channel::shared_ring::capacity;
    take_results(link);
    expect_fault(link, "left a malformed result");
}

BOOST_AUTO_TEST_CASE(how_long_a_task_took_is_believed_within_bounds)
{
    const link_ptr link = launch_ready();
    recorded_operation& backwards = run_task(link, -5s);
    backwards.set({.run_timeout = 1h}); // else it is not kept
    put(link, frame_bytes(frame_kind::result, backwards.call));
    take_results(link);
    BOOST_TEST((backwards.took() == 0s));
    recorded_operation& endless = run_task(link, 1000h);
    endless.set({.run_timeout = 1h});
    put(link, frame_bytes(frame_kind::result, endless.call));
    take_results(link);
    BOOST_TEST((endless.took() == 24h));
    BOOST_TEST(take_completed() == "1 2");
}

BOOST_AUTO_TEST_CASE(the_result_of_a_task_that_has_timed_out_does_not_count)
{
    const link_ptr link = launch_ready();
    recorded_operation& operation = run_task(link);
    operation.timed_out = true; // and had its grace period
    put(link, frame_bytes(frame_kind::result, operation.call));
    take_results(link);
    BOOST_TEST(take_completed() == "");
    BOOST_TEST(state.counts.completed == 0);
    BOOST_TEST(join(take_actions()) == "complete 1");
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_CASE(a_worker_that_writes_without_end_does_not_hold_up_the_others)
{
    const link_ptr link = launch_ready();
    constexpr std::size_t much = 8 << 20;
    worker(link).out->capacity = much;
    std::vector<std::byte> bells;
    while (bells.size() < much) {
        channel::append_frame(bells, frame_kind::bell, 0, {});
    }
    say(link, bells);
    const std::size_t left = worker(link).out->bytes.size();
    BOOST_TEST(left > 0);
    BOOST_TEST(!link->silent);
    read(link);
    BOOST_TEST(worker(link).out->bytes.size() < left);
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_CASE(a_worker_that_the_pool_has_given_up_is_not_listened_to)
{
    const link_ptr link = launch_ready();
    put(link, frame_bytes(frame_kind::result, run_task(link).call));
    state.links.erase(link->id);
    read(link);
    BOOST_TEST(take_completed() == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(outcomes_with_more)

BOOST_AUTO_TEST_CASE(a_large_result_comes_from_shared_memory)
{
    constexpr std::size_t memory_size = std::size_t{4} << 20, size = 300'000;
    dispatching pool(quiet_options(), memory_size);
    const link_ptr link = pool.launch_ready();
    const std::uint64_t call = pool.run_task(link).call;
    tandem::arena::result_writer writer(::dup(link->large_results()->worker_descriptor()), memory_size, size);
    BOOST_REQUIRE(writer.make_room(size).has_value());
    BOOST_REQUIRE(writer.keep_for(call));
    pool.put(link, frame_bytes(frame_kind::large_result, call, bytes_of("where")));
    pool.take_results(link);
    BOOST_REQUIRE(pool.events->completed.size() == 1);
    BOOST_TEST(pool.events->completed[0].has_large);
    BOOST_TEST((pool.events->completed[0].message == bytes_of("where")));
    BOOST_TEST(link->fault == "");
}

BOOST_AUTO_TEST_CASE(what_a_task_printed_comes_before_its_outcome_and_as_its_own)
{
    std::vector<std::string> lines;
    dispatching pool(options_with_printed_lines(lines));
    const link_ptr link = pool.launch_ready();
    const std::uint64_t call = pool.run_task(link).call;
    pool.print(link, "a line\n");
    pool.put(link, frame_bytes(frame_kind::result, call));
    pool.take_results(link);
    BOOST_TEST(pool.take_completed() == "1");
    pool.sink.drain();
    BOOST_TEST(join(lines) == "a line of " + first_entry().name());
}

BOOST_AUTO_TEST_CASE(outcomes_wait_as_soon_as_there_is_no_room_for_lines)
{
    std::vector<std::string> lines;
    dispatching pool(options_with_printed_lines(lines));
    const link_ptr link = pool.launch_ready();
    for (int i = 0; i != 3; ++i)
        pool.put(link, frame_bytes(frame_kind::result, pool.run_task(link).call));
    pool.print(link, std::string(20'000, '\n')); // of the first, as far as the worker says
    pool.take_results(link);
    BOOST_TEST(link->is_held);
    BOOST_TEST(pool.take_completed() == "1");
    pool.take_results(link);
    pool.read(link);
    BOOST_TEST(pool.take_completed() == "");
    pool.sink.drain();
    BOOST_REQUIRE(pool.relay.may_release());
    pool.relay.release([&](const link_ptr& one) { pool.read(one); });
    BOOST_TEST(pool.take_completed() == "2 3");
    BOOST_TEST(lines.size() == 20'000U);
}

BOOST_AUTO_TEST_CASE(a_worker_that_has_ended_leaves_all_outcomes_although_there_is_no_room_for_lines)
{
    std::vector<std::string> lines;
    dispatching pool(options_with_printed_lines(lines));
    const link_ptr link = pool.launch_ready();
    for (int i = 0; i != 3; ++i)
        pool.put(link, frame_bytes(frame_kind::result, pool.run_task(link).call));
    pool.print(link, std::string(20'000, '\n'));
    pool.read_last(link);
    BOOST_TEST(pool.take_completed() == "1 2 3");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
