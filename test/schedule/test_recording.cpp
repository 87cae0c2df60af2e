// What a recording is worth: a replay finds what is different, and reads what is left of one that was cut off.
#define BOOST_TEST_MODULE recording
#include <schedule/replay.hpp>

#include "driver.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace tandem::schedule {
namespace {

std::string read_file(const std::filesystem::path& name)
{
    std::ifstream file(name, std::ios::binary);
    BOOST_REQUIRE_MESSAGE(file, name << " cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
}

// Two workers and a few tasks: a deadline, a cancellation, a retirement, and the end.
void live(driver& d)
{
    for (int i = 0; i != 4; ++i)
        d.sim.submit(d.sim.make(i == 0 ? 1s : 0s, 0s, 1));
    d.settle();
    static_cast<void>(d.sim.scheduler.next_deadline());
    d.ready(1);
    d.ready(2);
    d.pass(2s);
    d.gone(1);
    d.sim.cancel(d.sim.tasks.back(), cancellation::total);
    d.settle();
    d.finish(2);
    d.work();
    d.sim.shutdown({.mode = shutdown_mode::cancel_queued});
    d.settle();
    d.work();
}

std::string small_recording()
{
    std::string text;
    {
        driver d(2, {.retire_tasks = 3}, [&text](std::string_view part) {
            text += part;
            return true;
        });
        live(d);
    } // which writes its end
    return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view by)
{
    const std::size_t place = text.find(what);
    BOOST_REQUIRE_MESSAGE(place != std::string::npos, what << " is not in:\n" << text);
    return text.replace(place, what.size(), by);
}

void check_same(const std::string& recording, const std::string& name)
{
    const replayed done = replay(recording);
    BOOST_TEST_MESSAGE(name << ": " << done.events << " events, " << done.actions << " actions and results");
    if (done.first)
        BOOST_ERROR(name << ", " << *done.first);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_was_recorded_is_replayed)
{
    const std::string text = small_recording();
    check_same(text, "a small one");
    BOOST_TEST(replay(text).is_whole);
    BOOST_TEST(replay(text).events > 20U);
    BOOST_TEST(replay(text).actions > 15U);
}

BOOST_AUTO_TEST_CASE(another_action_another_time_and_another_setting_are_found)
{
    const std::string text = small_recording();
    for (const auto& [what, by] : std::initializer_list<std::pair<const char*, const char*>>{
             {"  > send t1 w1", "  > send t1 w2"},
             {"  > send t1 w1\n", ""},
             {"  > kill w1", "  > kill w1\n  > kill w2"},
             {"  > complete t4 aborted", "  > complete t4 run_timeout"},
             {"setting retire_tasks 3", "setting retire_tasks 2"},
             {"setting start_timeout 10000000000", "setting start_timeout 9000000000"},
             {"run_timeout=1000000000", "run_timeout=3000000000"},
             {"  = yes", "  = no"},
             {" retries=1", ""},
             {" worker_gone w1 yes", " worker_gone w2 yes"}}) {
        const std::string other = replaced(text, what, by);
        const replayed done = replay(other);
        BOOST_TEST(done.first.has_value(), what << " -> " << by << " is not found in:\n" << other);
        if (done.first)
            BOOST_TEST_MESSAGE(what << " -> " << by << ": " << *done.first);
    }
}

BOOST_AUTO_TEST_CASE(the_first_difference_tells_its_line_with_what_was_expected_and_what_came)
{
    const std::string text = small_recording();
    const std::string wrong = "  > send t1 w7";
    const std::string other = replaced(text, "  > send t1 w1", wrong);
    const replayed done = replay(other);
    BOOST_REQUIRE(done.first);
    const auto before = other.substr(0, other.find(wrong));
    // The difference is the event's, which is the line before its actions.
    BOOST_TEST(done.first->line <= static_cast<std::size_t>(std::ranges::count(before, '\n')));
    BOOST_TEST(done.first->event.find("worker_ready w1") != std::string::npos, *done.first);
    BOOST_TEST(std::ranges::count(done.first->expected, "> send t1 w7") == 1, *done.first);
    BOOST_TEST(std::ranges::count(done.first->got, "> send t1 w1") == 1, *done.first);
}

BOOST_AUTO_TEST_CASE(one_that_was_cut_off_anywhere_is_replayed_as_far_as_it_goes)
{
    const std::string text = small_recording();
    const std::size_t head = text.find("task t1");
    std::size_t events = 0;
    for (std::size_t size = head; size < text.size(); ++size) {
        const replayed done = replay(std::string_view(text).substr(0, size));
        BOOST_TEST(!done.is_whole);
        BOOST_TEST(done.events >= events);
        events = done.events;
        if (done.first)
            BOOST_ERROR("cut off after " << size << " bytes: " << *done.first);
    }
    BOOST_TEST(events == replay(text).events);
}

BOOST_AUTO_TEST_CASE(one_that_lost_or_changed_bytes_is_no_danger)
{
    const std::string text = small_recording();
    std::mt19937 random(1); // NOLINT: the same each time
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::size_t different = 0;
    constexpr int rounds = 3000;
    for (int i = 0; i != rounds; ++i) {
        std::string other = text;
        for (std::size_t changes = 1 + below(3); changes != 0; --changes) {
            const std::size_t place = below(other.size());
            const std::size_t line = other.rfind('\n', place) + 1;
            if (below(3) == 0)
                other.erase(line, other.find('\n', place) + 1 - line);
            else if (below(2) == 0)
                other.insert(line, other.substr(line, other.find('\n', place) + 1 - line));
            else
                other[place] = "0123456789wtu=?> \n"[below(18)];
        }
        different += replay(other).first.has_value();
    }
    BOOST_TEST_MESSAGE(different << " of " << rounds << " are different");
    BOOST_TEST(different > rounds / 2U);
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_gets_no_more_and_the_scheduler_goes_on)
{
    int calls = 0;
    driver d(1, {}, [&calls](std::string_view) { return ++calls < 3; });
    for (int i = 0; i != 50; ++i) {
        d.sim.submit(d.sim.make());
        d.settle();
        d.work();
        static_cast<void>(d.sim.scheduler.next_deadline());
    }
    BOOST_TEST(calls == 3);
    d.check_sound(1);
}

BOOST_AUTO_TEST_CASE(recordings_of_real_pools_are_replayed)
{
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(TANDEM_RECORDINGS)) {
        if (entry.path().extension() != ".txt")
            continue;
        ++count;
        check_same(read_file(entry.path()), entry.path().filename().string());
    }
    BOOST_TEST(count != 0U);
}

} // namespace tandem::schedule
