// How much of a worker's log is which task's, counted while others print and while the pool reads.
#include <worker/output_marks.hpp>

#include <descriptor.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <thread>

namespace {

using tandem::status::status_page;
using tandem::worker::output_marks;

struct marked_log
{
    marked_log()
    {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        out = tandem::descriptor(ends[0]);
        in = tandem::descriptor(ends[1]);
    }

    void print(std::string_view text)
    {
        BOOST_REQUIRE(::write(in.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }

    void read(std::size_t size) // as the pool does
    {
        std::array<char, 4096> room;
        page->log.begin_read();
        const ssize_t got = ::read(out.get(), room.data(), size);
        page->log.end_read(got > 0 ? static_cast<std::size_t>(got) : 0);
    }

    std::uint64_t begun(std::size_t slot) const { return page->log_marks[slot].begun; }
    std::uint64_t ended(std::size_t slot, std::uint64_t call) const
    {
        return page->log_marks[slot].end_of(call).value_or(std::uint64_t(-1));
    }

    std::unique_ptr<status_page> page = std::make_unique<status_page>();
    tandem::descriptor out, in;
};

} // namespace

BOOST_AUTO_TEST_SUITE(marks_of_output)

BOOST_AUTO_TEST_CASE(a_task_has_what_was_printed_from_its_begin_to_its_end)
{
    marked_log log;
    output_marks marks(*log.page, true, log.in.get());
    log.print("idle");
    marks.begin(3);
    BOOST_TEST(log.begun(3) == 4U);
    BOOST_TEST(log.ended(3, 7) == std::uint64_t(-1));
    log.print("of 7");
    log.read(6);
    log.print("also");
    marks.end(3, 7);
    BOOST_TEST(log.ended(3, 7) == 12U);
    BOOST_TEST(log.ended(3, 8) == std::uint64_t(-1));
    marks.begin(5); // at once: nothing is counted in between
    marks.end(5, 8);
    BOOST_TEST(log.begun(5) == 12U);
    BOOST_TEST(log.ended(5, 8) == 12U);
    log.print("..");
    marks.wait();
    marks.begin(3);
    BOOST_TEST(log.begun(3) == 14U);
}

BOOST_AUTO_TEST_CASE(without_a_wish_for_marks_there_are_none)
{
    marked_log log;
    output_marks marks(*log.page, false, -1);
    log.print("text");
    marks.begin(0);
    marks.end(0, 7);
    BOOST_TEST(log.begun(0) == 0U);
    BOOST_TEST(log.ended(0, 7) == std::uint64_t(-1));
}

// It is seen by what another one printed meanwhile, which is counted later then.
BOOST_AUTO_TEST_CASE(the_system_is_not_asked_after_a_task_that_had_no_time_to_print)
{
    marked_log log;
    output_marks marks(*log.page, true, log.in.get());
    marks.begin(0);
    marks.end(0, 1);
    int asked = 0;
    constexpr int tasks = 1000;
    for (std::uint64_t call = 2; call != tasks + 2; ++call) {
        log.print("x");
        const auto before = log.ended(0, call - 1);
        marks.begin(0);
        marks.end(0, call);
        asked += log.ended(0, call) != before ? 1 : 0;
    }
    BOOST_TEST(asked < tasks, asked << " of " << tasks);
}

BOOST_AUTO_TEST_CASE(a_task_may_close_and_replace_what_it_prints_to)
{
    marked_log log;
    const int first = ::dup(log.in.get());
    output_marks marks(*log.page, true, first);
    marks.begin(0);
    log.print("12345");
    ::close(first);
    marks.end(0, 1);
    BOOST_TEST(log.ended(0, 1) == 5U);
}

BOOST_AUTO_TEST_CASE(the_count_is_right_while_the_pool_reads)
{
    marked_log log;
    output_marks marks(*log.page, true, log.in.get());
    ::fcntl(log.out.get(), F_SETFL, O_NONBLOCK);
    std::atomic<bool> is_over{false};
    std::thread pool([&] {
        for (std::size_t size = 1; !is_over; size = size % 13 + 1)
            log.read(size);
    });
    std::uint64_t printed = 0;
    int wrong = 0;
    for (std::uint64_t call = 1; call != 20'000; ++call) {
        marks.begin(1);
        wrong += log.begun(1) != printed ? 1 : 0;
        const std::string_view text("0123456", call % 8);
        log.print(text);
        printed += text.size();
        marks.end(1, call);
        wrong += log.ended(1, call) != printed ? 1 : 0;
    }
    is_over = true;
    pool.join();
    BOOST_TEST(wrong == 0, wrong << " of 39,998 counts are wrong");
}

BOOST_AUTO_TEST_SUITE_END()
