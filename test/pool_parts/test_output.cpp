#include "simulated_pool.hpp"

#include <process_pool/output_relay.hpp>
#include <process_pool/output_sink.hpp>

#include <descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
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
    output_sink sink{worker_output::lines([this](const output_line& line) {
        lines.push_back(describe_line(line));
        if (then) {
            then(line);
        }
    })};
};

/// What this process writes to its stderr while it is there.
class captured_stderr
{
public:
    captured_stderr() : own_(::dup(STDERR_FILENO))
    {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reader_ = tandem::descriptor(ends[0]);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[1]);
    }
    ~captured_stderr() { restore(); }

    void close_reader() { reader_.close(); }

    /// All of it; the capture ends.
    std::string take()
    {
        restore();
        std::string text;
        std::array<char, 4096> buffer;
        for (ssize_t size; (size = ::read(reader_.get(), buffer.data(), buffer.size())) > 0;) {
            text.append(buffer.data(), static_cast<std::size_t>(size));
        }
        return text;
    }

private:
    void restore()
    {
        if (own_) {
            ::dup2(own_.get(), STDERR_FILENO);
            own_.close();
        }
    }

    tandem::descriptor own_, reader_;
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

    output_relay relay{state, sink};
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

BOOST_AUTO_TEST_CASE(inherited_output_goes_to_stderr_as_it_is)
{
    output_sink inherited(worker_output::inherit());
    BOOST_TEST(!inherited.wants_tasks());
    captured_stderr capture;
    inherited.add("a\n\n", {});
    inherited.add("b\n", {});
    const bool has_lines = inherited.has_lines();
    inherited.drain();
    inherited.drain();
    const std::string text = capture.take();
    BOOST_TEST(text == "a\n\nb\n");
    BOOST_TEST(!has_lines); // for a callback
}

BOOST_AUTO_TEST_CASE(close_writes_what_is_left_for_stderr)
{
    output_sink inherited(worker_output::inherit());
    captured_stderr capture;
    inherited.add("the last\n", {}); // as where another thread drains, or the context ends
    inherited.close();
    inherited.drain();
    const std::string text = capture.take();
    BOOST_TEST(text == "the last\n");
}

BOOST_AUTO_TEST_CASE(a_stderr_that_nobody_reads_does_not_end_the_program)
{
    output_sink inherited(worker_output::inherit());
    captured_stderr capture;
    capture.close_reader();
    inherited.add("a\n", {});
    inherited.drain();
}

BOOST_AUTO_TEST_CASE(discarded_output_goes_nowhere)
{
    output_sink discarded(worker_output::discard());
    captured_stderr capture;
    discarded.add("a\n", {});
    const bool has_lines = discarded.has_lines();
    discarded.drain();
    const std::string text = capture.take();
    BOOST_TEST(text == "");
    BOOST_TEST(!has_lines);
    BOOST_TEST(!discarded.wants_tasks());
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
    BOOST_TEST(relay_of(link, "within\n") == "within (" + first_entry().name() + ", the label)");
    state.scheduler.task_finished(link->id, 1us, 0, world.now(), state.actions);
    BOOST_TEST(relay_of(link, "after\n") == "after");
}

BOOST_AUTO_TEST_CASE(a_worker_that_prints_without_end_does_not_hold_up_the_others)
{
    const link_ptr link = launch_ready();
    worker(link).log->capacity = 200'000;
    print(link, std::string(200'000, '\n'));
    relay.read(*link);
    const auto left = worker(link).log->bytes.size();
    BOOST_TEST(left > 0);
    relay.read(*link);
    BOOST_TEST(worker(link).log->bytes.size() < left);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
