#include "simulated_pool.hpp"

#include <process_pool/output_relay.hpp>
#include <process_pool/output_retry.hpp>
#include <process_pool/output_sink.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

namespace pool_parts {
namespace {

using tandem::output_line;
using tandem::worker_output;

/// "text" where nothing is known of the task, else "text (task, label)".
std::string describe_line(const output_line& line)
{
    std::string text(line.text);
    if (!line.task.empty() || !line.label.empty()) {
        text += " (" + std::string(line.task) + ", " + std::string(line.label) + ")";
    }
    return text;
}

struct printing
{
    std::string take_lines() { return join(std::exchange(lines, {})); }

    std::vector<std::string> lines;
    std::function<void(const output_line&)> then; ///< for what a callback does besides
    static constexpr std::size_t room = 100'000;
    output_sink sink{worker_output::lines([this](const output_line& line) {
                         lines.push_back(describe_line(line));
                         if (then) {
                             then(line);
                         }
                     }),
                     nullptr, room};
};

/// Takes so much until somebody reads it, or fails.
struct limited_output final : tandem::io::text_output
{
    struct state
    {
        std::string take() { return std::exchange(shown, {}); }

        std::string shown;
        std::size_t room = std::size_t(-1);
        boost::system::error_code failure{};
        int calls = 0;
    };

    explicit limited_output(state& s) : seen(s) {}

    std::size_t write_some(std::string_view text, boost::system::error_code& error) noexcept override
    {
        ++seen.calls;
        error = seen.failure;
        const std::size_t size = error ? 0 : std::min(text.size(), seen.room);
        if (!error && size != text.size())
            error = boost::asio::error::would_block;
        seen.room -= size;
        seen.shown += text.substr(0, size);
        return size;
    }

    state& seen;
};

tandem::process_pool_options options_with_lines()
{
    auto options = quiet_options();
    options.output = worker_output::lines([](const output_line&) {});
    return options;
}

struct relayed : printing, simulated_pool
{
    relayed() : simulated_pool(2, options_with_lines()) {}

    /// The worker has printed that, and it was passed on.
    std::string relay_of(const link_ptr& link, std::string_view text)
    {
        print(link, text);
        relay.read(*link);
        sink.drain();
        return take_lines();
    }

    void begin(const link_ptr& link, const task_operation& operation)
    {
        BOOST_REQUIRE(page(link).slots[operation.slot].begin(operation.call, world.now()));
        page(link).log_marks[operation.slot].begun = printed(link);
    }
    void end(const link_ptr& link, const task_operation& operation)
    {
        page(link).log_marks[operation.slot].end(operation.call, printed(link));
    }
    std::uint64_t printed(const link_ptr& link) { return page(link).log.read + worker(link).log->bytes.size(); }

    output_relay relay{state, sink};
};

/// Tasks "0", "1" and so on that a worker has been sent, each behind the other.
class sent_operations
{
public:
    sent_operations(relayed& side, const link_ptr& link, std::size_t count)
    {
        cost_.add(1us);
        for (std::size_t i = 0; i != count; ++i) {
            auto& one = *operations_.emplace_back(std::make_unique<recorded_operation>());
            tandem::run_options options;
            options.label = std::to_string(i);
            one.set(options);
            one.cost = &cost_;
            side.submit(one);
            BOOST_REQUIRE((one.state == tandem::schedule::task::phase::sent));
            link->append_call(one, nullptr, 0ns);
        }
    }

    recorded_operation& operator[](std::size_t i) { return *operations_[i]; }

private:
    tandem::detail::cost_estimate cost_;
    std::vector<std::unique_ptr<recorded_operation>> operations_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(output_sinks, printing)

BOOST_AUTO_TEST_CASE(whole_lines_come_in_their_order_empty_ones_included)
{
    BOOST_TEST(sink.wants_tasks());
    sink.add("a\n\nb\n", {});
    sink.add("", {});
    sink.add("c\n", {});
    BOOST_TEST(sink.has_lines());
    BOOST_TEST(lines.empty());
    sink.drain();
    BOOST_TEST(take_lines() == "a, , b, c");
    BOOST_TEST(!sink.has_lines());
    sink.drain();
    BOOST_TEST(take_lines() == "");
}

BOOST_AUTO_TEST_CASE(each_line_says_who_printed_it)
{
    std::vector<std::string> origins;
    then = [&](const output_line& line) { origins.push_back(std::to_string(line.pid) + ":" + std::to_string(line.worker)); };
    sink.add("a\nb\n", {.pid = 11, .worker = 1, .task = "first()", .label = "one"});
    sink.add("c\n", {.pid = 12, .worker = 2});
    sink.drain();
    BOOST_TEST(take_lines() == "a (first(), one), b (first(), one), c");
    BOOST_TEST(join(origins) == "11:1, 11:1, 12:2");
}

BOOST_AUTO_TEST_CASE(a_callback_that_throws_loses_no_line)
{
    then = [](const output_line& line) {
        if (line.text != "c") {
            throw std::runtime_error("at " + std::string(line.text));
        }
    };
    sink.add("a\nb\nc\n", {});
    BOOST_CHECK_EXCEPTION(sink.drain(), std::runtime_error, [](const auto& e) { return std::string(e.what()) == "at b"; });
    BOOST_TEST(take_lines() == "a, b, c");
    then = nullptr;
    sink.add("d\n", {});
    sink.drain();
    BOOST_TEST(take_lines() == "d");
}

BOOST_AUTO_TEST_CASE(what_comes_during_the_callback_comes_after_it)
{
    then = [this](const output_line& line) {
        if (line.text == "a") {
            sink.add("c\n", {});
            sink.drain(); // of a thread that is at it
            BOOST_TEST(lines.size() == 1);
        }
    };
    sink.add("a\nb\n", {});
    sink.drain();
    BOOST_TEST(take_lines() == "a, b, c");
}

BOOST_AUTO_TEST_CASE(close_drops_what_the_callback_did_not_get)
{
    sink.add("a\n", {});
    sink.close();
    BOOST_TEST(!sink.has_lines());
    sink.drain();
    sink.add("b\n", {});
    sink.drain();
    BOOST_TEST(take_lines() == "");
}

BOOST_AUTO_TEST_CASE(there_is_room_again_when_the_callback_has_taken_the_lines)
{
    const std::string line(1000, 'x');
    std::size_t added = 0;
    for (; sink.has_room(); ++added) {
        BOOST_REQUIRE(added != room);
        sink.add(line + "\n", {});
    }
    BOOST_TEST(added > room / 2 / line.size());
    sink.add("one more\n", {});
    std::vector<bool> had_room;
    then = [&](const output_line&) { had_room.push_back(sink.has_room()); };
    sink.drain();
    BOOST_TEST(!had_room.front());
    BOOST_TEST(had_room.back());
    BOOST_TEST(lines.size() == added + 1);
    BOOST_TEST(lines.back() == "one more");
    BOOST_TEST(sink.has_room());
}

BOOST_AUTO_TEST_CASE(empty_lines_take_room_too)
{
    sink.add(std::string(room / 10, '\n'), {});
    BOOST_TEST(!sink.has_room());
}

BOOST_AUTO_TEST_CASE(when_lines_are_dropped_there_is_room_and_nothing_is_kept)
{
    sink.add(std::string(room, '\n'), {});
    sink.drop_lines();
    BOOST_TEST(sink.has_room());
    sink.add("a\n", {});
    BOOST_TEST(!sink.has_lines());
    sink.drain();
    BOOST_TEST(take_lines() == "");
}

BOOST_AUTO_TEST_CASE(close_inside_of_the_callback_drops_the_rest_and_does_not_wait_for_itself)
{
    then = [this](const output_line&) { sink.close(); };
    sink.add("a\nb\n", {});
    sink.drain();
    BOOST_TEST(take_lines() == "a");
}

BOOST_AUTO_TEST_CASE(close_waits_until_a_call_on_another_thread_has_returned)
{
    std::atomic<bool> is_inside = false, may_return = false, has_returned = false, was_closed_inside = false;
    then = [&](const output_line&) {
        is_inside = true;
        is_inside.notify_all();
        may_return.wait(false);
        has_returned = true;
    };
    sink.add("a\nb\n", {});
    std::thread other([this] { sink.drain(); });
    is_inside.wait(false);
    std::thread closer([&] {
        sink.close();
        was_closed_inside = !has_returned;
    });
    std::this_thread::sleep_for(20ms); // it waits by now, mostly
    may_return = true;
    may_return.notify_all();
    closer.join();
    other.join();
    BOOST_TEST(!was_closed_inside);
    BOOST_TEST(lines.front() == "a");
}

BOOST_AUTO_TEST_CASE(discarded_output_goes_nowhere)
{
    limited_output::state seen;
    output_sink discarded(worker_output::discard(), std::make_unique<limited_output>(seen));
    discarded.add(std::string(2 * output_sink::usual_room, '\n'), {});
    BOOST_TEST(discarded.has_room());
    BOOST_TEST(!discarded.has_lines());
    discarded.drain();
    BOOST_TEST(seen.calls == 0);
    BOOST_TEST(!discarded.wants_tasks());
    BOOST_TEST(discarded.inherited().dropped() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct inherited_lines
{
    static constexpr std::size_t room = 100;
    limited_output::state target;
    output_sink sink{worker_output::inherit(), std::make_unique<limited_output>(target), room};
};

std::string told(int lines)
{
    return "tandem: " + std::to_string(lines) + (lines == 1 ? " line" : " lines") +
           " of workers' output dropped: stderr took no more\n";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(inherited_outputs, inherited_lines)

BOOST_AUTO_TEST_CASE(it_goes_to_stderr_as_it_is)
{
    BOOST_TEST(!sink.wants_tasks());
    sink.add("a\n\n", {});
    sink.add("b\n", {});
    BOOST_TEST(!sink.has_lines()); // for a callback
    sink.write();
    sink.write();
    BOOST_TEST(target.shown == "a\n\nb\n");
    BOOST_TEST(target.calls == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_dropped_where_stderr_takes_all)
{
    const std::string line = std::string(room - 10, 'x') + '\n';
    for (int i = 0; i != 3; ++i) { // as where many workers are read before anything is written
        BOOST_TEST(sink.add(line, {}) == 0U);
    }
    sink.write();
    BOOST_TEST(target.take() == line + line + line);
}

BOOST_AUTO_TEST_CASE(what_is_left_at_last_is_dropped_and_counted)
{
    target.room = 3;
    sink.add("first\nsecond\n", {});
    sink.write();
    sink.drop_rest();
    BOOST_TEST(!sink.inherited().has_text());
    BOOST_TEST(sink.inherited().dropped() == 2U);
}

BOOST_AUTO_TEST_CASE(what_stderr_does_not_take_is_kept_in_its_order)
{
    target.room = 3;
    sink.add("first\n", {});
    sink.write();
    BOOST_TEST(target.take() == "fir");
    BOOST_TEST(sink.inherited().has_text());
    sink.add("second\n", {});
    sink.write();
    BOOST_TEST(target.take() == "");
    target.room = 4;
    sink.write();
    BOOST_TEST(target.take() == "st\ns");
    target.room = 100;
    sink.write();
    BOOST_TEST(target.take() == "econd\n");
    BOOST_TEST(!sink.inherited().has_text());
    BOOST_TEST(sink.inherited().written() == 13U);
    BOOST_TEST(sink.inherited().dropped() == 0U);
}

BOOST_AUTO_TEST_CASE(what_there_is_no_room_for_is_dropped_in_whole_lines_counted_and_told)
{
    target.room = 0;
    const std::string line(39, 'x');
    BOOST_TEST(sink.has_room()); // workers do not wait
    BOOST_TEST(sink.add(line + "\n" + line + "\n" + line + "\nshort\n", {}) == 2U);
    BOOST_TEST(sink.has_room());
    BOOST_TEST(sink.add("short\n", {}) == 1U); // it comes after what was dropped
    target.room = 60;
    sink.write();
    BOOST_TEST(sink.add("short\n", {}) == 1U);
    target.room = 1000;
    sink.write();
    BOOST_TEST(target.take() == line + "\n" + line + "\n" + told(4));
    BOOST_TEST(sink.add("new\n", {}) == 0U);
    sink.write();
    BOOST_TEST(target.take() == "new\n");
    BOOST_TEST(sink.inherited().dropped() == 4U);
}

BOOST_AUTO_TEST_CASE(what_is_dropped_while_that_is_told_is_told_after_it)
{
    target.room = 0;
    sink.add(std::string(200, '\n'), {});
    target.room = 100 + 10;
    sink.write();
    BOOST_TEST(target.take() == std::string(100, '\n') + told(100).substr(0, 10));
    BOOST_TEST(sink.add(std::string(90, 'y') + "\n" + std::string(90, 'z') + "\n", {}) >= 1U);
    target.room = 1000;
    sink.write();
    const auto missing = static_cast<int>(sink.inherited().dropped() - 100);
    const std::string shown = target.take();
    BOOST_TEST(shown.starts_with(told(100).substr(10)));
    BOOST_TEST(shown.ends_with(told(missing)), shown);
}

BOOST_AUTO_TEST_CASE(an_unfinished_line_is_ended_before_that_is_told)
{
    target.room = 0;
    sink.add("a line that is too lo", {});
    sink.add(std::string(100, 'x') + "\n", {});
    target.room = 1000;
    sink.write();
    BOOST_TEST(target.take() == "a line that is too lo\n" + told(1));
}

BOOST_AUTO_TEST_CASE(where_stderr_fails_all_is_dropped_and_told_with_the_next_lines_that_it_takes)
{
    target.failure = boost::asio::error::broken_pipe;
    sink.add("a\nb\n", {});
    sink.write();
    BOOST_TEST(target.calls == 1);
    BOOST_TEST(!sink.inherited().has_text());
    BOOST_TEST(sink.inherited().dropped() == 2U);
    sink.write();
    BOOST_TEST(target.calls == 1); // not again and again
    sink.add("c\n", {});
    sink.write();
    BOOST_TEST(sink.inherited().dropped() == 3U);
    target.failure = {};
    sink.add("d\n", {});
    sink.write();
    BOOST_TEST(target.take() == told(3) + "d\n");
}

BOOST_AUTO_TEST_CASE(what_is_left_can_be_written_after_close)
{
    sink.add("the last\n", {}); // as where another thread drains, or the context ends
    sink.close();
    sink.write();
    BOOST_TEST(target.take() == "the last\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(output_retries, simulated_pool)

BOOST_AUTO_TEST_CASE(a_busy_pool_tries_for_ever_and_an_idle_one_a_while_after_the_last_success)
{
    bool is_busy = true;
    std::uint64_t written = 0;
    output_retry retry(*events, loop);
    events->after_each = [&] { retry.set(written, is_busy); };
    retry.set(written, is_busy);
    const auto begin = world.now();
    while (world.now() < begin + 60s) {
        BOOST_REQUIRE(world.step());
    }
    BOOST_TEST(events->runs < 1000); // seldom
    is_busy = false;
    const auto idle = world.now();
    for (; world.has_alarms() || world.ready() != 0; world.step()) {
        if (written == 0 && world.now() > idle + output_retry::patience / 2) {
            written = 1;
        }
    }
    BOOST_TEST((world.now() - idle >= output_retry::patience * 3 / 2));
    BOOST_TEST((world.now() - idle < output_retry::patience * 2));
    written = 2;
    retry.set(written, is_busy);
    BOOST_TEST(world.has_alarms());
    events->after_each = nullptr; // a closed pool runs no event
    retry.abandon();
    run_ready();
    BOOST_TEST(!world.has_alarms());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(output_relays, relayed)

BOOST_AUTO_TEST_CASE(whole_lines_are_passed_on_in_their_order)
{
    const link_ptr link = launch_ready();
    BOOST_TEST(relay_of(link, "a\nb\n") == "a, b");
    BOOST_TEST(relay_of(link, "") == "");
    BOOST_TEST(relay_of(link, "c\nbegun") == "c");
    BOOST_TEST(relay_of(link, ", gone on") == "");
    BOOST_TEST(relay_of(link, ", ended\n\n") == "begun, gone on, ended, ");
}

BOOST_AUTO_TEST_CASE(the_lines_of_two_workers_do_not_mix)
{
    const link_ptr first = launch_ready(), second = launch_ready();
    BOOST_TEST(relay_of(first, "a") == "");
    BOOST_TEST(relay_of(second, "b\n") == "b");
    BOOST_TEST(relay_of(first, "c\n") == "ac");
}

BOOST_AUTO_TEST_CASE(the_last_line_comes_at_the_end_although_it_is_unfinished)
{
    const link_ptr link = launch_ready();
    relay_of(link, "begun");
    print(link, "\nlast");
    relay.finish(*link);
    sink.drain();
    BOOST_TEST(take_lines() == "begun, last");
    relay.finish(*link);
    sink.drain();
    BOOST_TEST(take_lines() == "");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_too_long_comes_in_parts)
{
    const link_ptr link = launch_ready();
    const std::string longest(4096, 'x');
    BOOST_TEST(relay_of(link, longest) == "");
    BOOST_TEST(relay_of(link, "y") == longest + "y");
    BOOST_TEST(relay_of(link, "z\n") == "z");
}

BOOST_AUTO_TEST_CASE(no_line_is_cut_where_much_is_read_at_a_time)
{
    const link_ptr link = launch_ready();
    const std::string line(99, 'x');
    std::string text, expected;
    for (int i = 0; i != 500; ++i) {
        text += line + "\n";
        expected += (i == 0 ? "" : ", ") + line;
    }
    BOOST_TEST(relay_of(link, text) == expected);
}

BOOST_AUTO_TEST_CASE(a_line_has_the_name_and_the_label_of_the_task_that_runs)
{
    const link_ptr link = launch_ready();
    BOOST_TEST(relay_of(link, "before\n") == "before");
    recorded_operation operation;
    tandem::run_options options;
    options.label = "the label";
    operation.set(options);
    submit(operation);
    BOOST_REQUIRE(state.scheduler.task_of(link->id) == &operation);
    BOOST_TEST(relay_of(link, "before it is sent\n") == "before it is sent");
    link->append_call(operation, nullptr, 0ns);
    BOOST_TEST(relay_of(link, "before it begins\n") == "before it begins");
    begin(link, operation);
    BOOST_TEST(relay_of(link, "within\n") == "within (" + first_entry().name() + ", the label)");
    state.scheduler.task_finished(link->id, 1us, 0, world.now(), state.actions);
    BOOST_TEST(relay_of(link, "after\n") == "after");
}

BOOST_AUTO_TEST_CASE(a_worker_is_held_while_there_is_no_room_and_then_released)
{
    const link_ptr first = launch_ready(), second = launch_ready();
    std::string text;
    for (int i = 0; i != 100; ++i) {
        text += std::string(1999, 'x') + "\n";
    }
    worker(first).log->capacity = text.size();
    print(first, text);
    print(second, "a\n");
    BOOST_TEST(!relay.holds(*first));
    for (int i = 0; i != 10; ++i) {
        relay.read(*first);
    }
    const auto left = worker(first).log->bytes.size();
    BOOST_TEST(left > text.size() - room - 10'000, left);
    BOOST_TEST(first->is_held);
    BOOST_TEST(!second->is_held);
    relay.read(*second);
    BOOST_TEST(second->is_held);
    BOOST_TEST(!relay.may_release());
    sink.drain();
    BOOST_TEST(lines.size() < 100U);
    BOOST_TEST(relay.may_release());
    std::vector<std::string> released;
    relay.release([&](const link_ptr& link) { released.push_back(std::to_string(link->id)); });
    BOOST_TEST(join(released) == "1, 2");
    BOOST_TEST(!first->is_held);
    BOOST_TEST(!relay.may_release());
}

BOOST_AUTO_TEST_CASE(before_an_outcome_all_is_read_also_where_there_is_no_room)
{
    const link_ptr link = launch_ready();
    sink.add(std::string(room, '\n'), {});
    print(link, "a\n");
    relay.read(*link);
    BOOST_TEST(link->is_held);
    lines.clear();
    relay.read_all(*link);
    sink.drain();
    BOOST_TEST(lines.back() == "a");
}

BOOST_AUTO_TEST_CASE(what_an_idle_worker_printed_is_of_no_task)
{
    const link_ptr link = launch_ready();
    print(link, "while idle\n");
    recorded_operation operation;
    submit(operation);
    BOOST_REQUIRE(state.scheduler.task_of(link->id) == &operation);
    link->append_call(operation, nullptr, 0ns);
    begin(link, operation);
    print(link, "within\n");
    relay.read_output_of(*link, operation);
    sink.drain();
    BOOST_TEST(take_lines() == "while idle, within (" + first_entry().name() + ", )");
}

BOOST_AUTO_TEST_CASE(what_tasks_printed_one_after_the_other_is_divided_by_the_workers_marks)
{
    const link_ptr link = launch_ready();
    sent_operations all(*this, link, 4);
    const std::string name = " (" + first_entry().name() + ", ";
    begin(link, all[0]);
    print(link, "of 0\nbegun by 0,");
    end(link, all[0]);
    begin(link, all[1]);
    end(link, all[1]);
    begin(link, all[2]);
    print(link, " ended by 2\nof 2\n");
    relay.read_output_of(*link, all[0]);
    sink.drain();
    BOOST_TEST(take_lines() == "of 0" + name + "0), begun by 0, ended by 2" + name + "2), of 2" + name + "2)");
    print(link, "more of 2\n");
    end(link, all[2]);
    print(link, "of none\n");
    relay.read(*link);
    sink.drain();
    BOOST_TEST(take_lines() == "more of 2" + name + "2), of none");
}

BOOST_AUTO_TEST_CASE(before_the_outcome_of_a_task_that_printed_nothing_nothing_is_read)
{
    const link_ptr link = launch_ready();
    sent_operations all(*this, link, 3);
    for (std::size_t i = 0; i != 3; ++i) {
        begin(link, all[i]);
        if (i == 1)
            print(link, "a line\n");
        end(link, all[i]);
    }
    const auto turn = page(link).log.turn.load();
    relay.read_output_of(*link, all[0]);
    BOOST_TEST(page(link).log.turn == turn);
    relay.read_output_of(*link, all[1]);
    const auto after = page(link).log.turn.load();
    BOOST_TEST(after == turn + 2); // one read
    relay.read_output_of(*link, all[2]);
    BOOST_TEST(page(link).log.turn == after);
    sink.drain();
    BOOST_TEST(take_lines() == "a line (" + first_entry().name() + ", 1)");
}

BOOST_AUTO_TEST_CASE(the_mark_of_a_call_that_had_the_slot_before_is_not_taken_for_that_of_the_call_in_it)
{
    const link_ptr link = launch_ready();
    sent_operations first(*this, link, 1);
    begin(link, first[0]);
    end(link, first[0]);
    const auto slot = first[0].slot;
    link->free_slot(first[0]);
    state.scheduler.task_finished(link->id, 1us, 0, world.now(), state.actions);
    sent_operations second(*this, link, 1);
    BOOST_REQUIRE(second[0].slot == slot);
    BOOST_TEST(relay_of(link, "idle\n") == "idle");
    begin(link, second[0]);
    BOOST_TEST(relay_of(link, "within\n") == "within (" + first_entry().name() + ", 0)");
}

BOOST_AUTO_TEST_CASE(more_than_a_pipe_usually_holds_is_read_before_the_outcome_of_who_printed_it)
{
    const link_ptr link = launch_ready();
    sent_operations all(*this, link, 2);
    worker(link).log->capacity = 500'000;
    begin(link, all[0]);
    print(link, std::string(499'999, 'x') + "\n");
    end(link, all[0]);
    begin(link, all[1]);
    relay.read_output_of(*link, all[0]);
    sink.drain();
    BOOST_TEST(worker(link).log->bytes.size() == 0U);
    std::size_t size = 0;
    const std::string whose = " (" + first_entry().name() + ", 0)";
    for (const auto& line : lines) {
        BOOST_TEST(line.ends_with(whose));
        size += line.size() - whose.size();
    }
    BOOST_TEST(size == 499'999U);
}

BOOST_AUTO_TEST_CASE(the_last_line_of_a_worker_that_ends_is_of_the_task_that_it_ran_if_any)
{
    for (const bool has_begun : {false, true}) {
        relayed side;
        const link_ptr link = side.launch_ready();
        sent_operations all(side, link, 2);
        if (has_begun)
            side.begin(link, all[0]);
        side.print(link, "last");
        side.relay.finish(*link);
        side.sink.drain();
        BOOST_TEST(side.take_lines() == (has_begun ? "last (" + first_entry().name() + ", 0)" : "last"));
    }
}

BOOST_AUTO_TEST_CASE(marks_that_cannot_be_lose_no_line)
{
    const link_ptr link = launch_ready();
    sent_operations all(*this, link, 3);
    const auto mark = [&](std::size_t i, std::uint64_t from, std::uint64_t to) {
        begin(link, all[i]);
        page(link).log_marks[all[i].slot].begun = from;
        page(link).log_marks[all[i].slot].end(all[i].call, to);
    };
    mark(0, 100, 1);
    mark(1, std::uint64_t(-1), std::uint64_t(-1));
    mark(2, 0, std::uint64_t(-1));
    print(link, "a\nb\n");
    for (std::size_t i = 0; i != 3; ++i)
        relay.read_output_of(*link, all[i]);
    sink.drain();
    BOOST_TEST(take_lines() == "a, b");
}

BOOST_AUTO_TEST_CASE(a_worker_that_prints_without_end_does_not_hold_up_the_others)
{
    const link_ptr link = launch_ready();
    worker(link).log->capacity = 200'000;
    print(link, std::string(199, '\n') + std::string(199'801, 'x'));
    relay.read(*link);
    const auto left = worker(link).log->bytes.size();
    BOOST_TEST(left > 0);
    relay.read(*link);
    BOOST_TEST(worker(link).log->bytes.size() < left);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
