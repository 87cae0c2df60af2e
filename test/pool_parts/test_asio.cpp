#include "simulated_pool.hpp"

#include <io/asio.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace pool_parts {
namespace {

using boost::system::error_code;
using tandem::descriptor;
using tandem::io::asio_loop;
using tandem::io::asio_pipe_reader;
using tandem::io::asio_pipe_writer;
using tandem::io::waitable;

struct two_ends
{
    two_ends()
    {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reader = descriptor(ends[0]);
        writer = descriptor(ends[1]);
    }

    descriptor reader, writer;
};

struct with_context
{
    static constexpr auto longest = 10s; ///< much more than anything here takes

    /// Calls what is ready, and what becomes ready soon.
    void run()
    {
        context.restart();
        context.run_for(longest);
    }

    auto into(std::string& told)
    {
        return [&told](const error_code& error) { told = error ? error.message() : "done"; };
    }

    static bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

    boost::asio::io_context context{1};
    two_ends ends;
};

/// Readable in a while.
class delayed final : public waitable
{
public:
    explicit delayed(std::chrono::nanoseconds delay) : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC))
    {
        itimerspec when{};
        when.it_value.tv_nsec = static_cast<long>(delay.count());
        BOOST_REQUIRE(::timerfd_settime(timer_.get(), 0, &when, nullptr) == 0);
    }
    int native_handle() const noexcept override { return timer_.get(); }

private:
    descriptor timer_;
};

const std::string aborted = error_code(boost::asio::error::operation_aborted).message();

} // namespace

BOOST_FIXTURE_TEST_SUITE(pipes_of_asio, with_context)

BOOST_AUTO_TEST_CASE(reading_never_blocks_and_tells_the_end_of_file)
{
    asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    BOOST_REQUIRE((::fcntl(reader.native_handle(), F_GETFL) & O_NONBLOCK) != 0);
    std::array<std::byte, 4> room{};
    error_code error;
    BOOST_TEST(reader.read_some(room, error) == 0);
    BOOST_TEST(error == boost::asio::error::would_block);
    BOOST_REQUIRE(::write(ends.writer.get(), "abcdef", 6) == 6);
    BOOST_TEST(reader.read_some(room, error) == 4);
    BOOST_TEST(!error);
    BOOST_TEST(reader.read_some(room, error) == 2);
    BOOST_TEST((room[1] == std::byte{'f'}));
    BOOST_TEST(reader.read_some(room, error) == 0);
    BOOST_TEST(error == boost::asio::error::would_block);
    ends.writer.close();
    BOOST_TEST(reader.read_some(room, error) == 0);
    BOOST_TEST(error == boost::asio::error::eof);
}

BOOST_AUTO_TEST_CASE(writing_never_blocks)
{
    const int number = ends.writer.get();
    asio_pipe_writer writer(context.get_executor(), std::move(ends.writer));
    BOOST_REQUIRE((::fcntl(number, F_GETFL) & O_NONBLOCK) != 0);
    const std::vector<std::byte> much(1 << 20);
    error_code error;
    const std::size_t size = writer.write_some(much, error);
    BOOST_TEST(size > 0);
    BOOST_TEST(size < much.size());
    BOOST_TEST(!error);
    BOOST_TEST(writer.write_some(much, error) == 0);
    BOOST_TEST(error == boost::asio::error::would_block);
}

BOOST_AUTO_TEST_CASE(a_pipe_that_asio_does_not_take_is_closed)
{
    for (const bool is_reader : {true, false}) {
        two_ends own;
        const int number = is_reader ? own.reader.get() : own.writer.get();
        // The kernel takes a descriptor only once.
        boost::asio::posix::stream_descriptor first(context, number);
        if (is_reader) {
            BOOST_CHECK_THROW(asio_pipe_reader(context.get_executor(), std::move(own.reader)), boost::system::system_error);
        } else {
            BOOST_CHECK_THROW(asio_pipe_writer(context.get_executor(), std::move(own.writer)), boost::system::system_error);
        }
        BOOST_TEST(!is_open(number));
        first.release();
    }
}

BOOST_AUTO_TEST_CASE(a_pipe_is_closed_with_its_reader_or_writer)
{
    const int reading = ends.reader.get(), writing = ends.writer.get();
    {
        const asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
        const asio_pipe_writer writer(context.get_executor(), std::move(ends.writer));
        BOOST_TEST(is_open(reading));
        BOOST_TEST(is_open(writing));
    }
    BOOST_TEST(!is_open(reading));
    BOOST_TEST(!is_open(writing));
}

BOOST_AUTO_TEST_CASE(a_wait_ends_when_there_is_something_and_reads_nothing_itself)
{
    asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    std::string told;
    reader.async_wait(into(told));
    context.poll();
    BOOST_TEST(told == "");
    BOOST_REQUIRE(::write(ends.writer.get(), "a", 1) == 1);
    run();
    BOOST_TEST(told == "done");
    std::array<std::byte, 4> room{};
    error_code error;
    BOOST_TEST(reader.read_some(room, error) == 1);
}

BOOST_AUTO_TEST_CASE(a_wait_ends_at_the_end_of_file)
{
    asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    std::string told;
    reader.async_wait(into(told));
    ends.writer.close();
    run();
    BOOST_TEST(told == "done");
}

BOOST_AUTO_TEST_CASE(a_wait_that_is_cancelled_or_closed_is_told)
{
    asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    std::string told;
    reader.async_wait(into(told));
    reader.cancel_wait();
    BOOST_TEST(told == ""); // not inside of the call
    run();
    BOOST_TEST(told == aborted);
    told.clear();
    reader.async_wait(into(told));
    reader.close();
    run();
    BOOST_TEST(told == aborted);
    reader.close(); // nothing is left
}

BOOST_AUTO_TEST_CASE(a_wait_for_room_is_told_when_the_pipe_is_closed)
{
    asio_pipe_writer writer(context.get_executor(), std::move(ends.writer));
    error_code error;
    const std::vector<std::byte> much(1 << 20);
    writer.write_some(much, error);
    std::string told;
    writer.async_wait(into(told));
    writer.close();
    run();
    BOOST_TEST(told == aborted);
}

BOOST_AUTO_TEST_CASE(a_full_pipe_is_waited_for_until_it_has_room)
{
    asio_pipe_writer writer(context.get_executor(), std::move(ends.writer));
    std::vector<std::byte> much(1 << 20);
    error_code error;
    const std::size_t size = writer.write_some(much, error);
    std::string told;
    writer.async_wait(into(told));
    context.poll();
    BOOST_TEST(told == "");
    BOOST_REQUIRE(::read(ends.reader.get(), much.data(), size) == static_cast<ssize_t>(size));
    run();
    BOOST_TEST(told == "done");
}

BOOST_AUTO_TEST_CASE(what_is_closed_has_no_number)
{
    const int number = ends.reader.get();
    asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    BOOST_TEST(reader.native_handle() == number);
    reader.close();
    BOOST_TEST(reader.native_handle() < 0);
    std::array<std::byte, 4> room{};
    error_code error;
    BOOST_TEST(reader.read_some(room, error) == 0);
    BOOST_TEST(error == boost::asio::error::bad_descriptor);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(loops_of_asio, with_context)

BOOST_AUTO_TEST_CASE(what_is_posted_or_deferred_runs_from_the_context_without_an_error)
{
    asio_loop loop(context.get_executor());
    std::string posted, deferred;
    loop.post(into(posted));
    loop.defer(into(deferred));
    BOOST_TEST(posted + deferred == "");
    run();
    BOOST_TEST(posted == "done");
    BOOST_TEST(deferred == "done");
}

BOOST_AUTO_TEST_CASE(what_is_deferred_comes_after_what_else_the_context_has_to_do)
{
    asio_loop loop(context.get_executor());
    std::vector<std::string> order;
    loop.post([&](const error_code&) {
        loop.defer([&](const error_code&) { order.push_back("deferred"); });
        order.push_back("first");
    });
    loop.post([&](const error_code&) { order.push_back("second"); });
    run();
    BOOST_TEST(join(order) == "first, second, deferred");
}

BOOST_AUTO_TEST_CASE(a_continuation_that_never_comes_is_destroyed_with_the_context)
{
    const auto held = std::make_shared<int>();
    {
        boost::asio::io_context short_lived;
        asio_loop loop(short_lived.get_executor());
        loop.post([held](const error_code&) { ++*held; });
        loop.defer([held](const error_code&) { ++*held; });
        BOOST_TEST(held.use_count() == 3);
    }
    BOOST_TEST(held.use_count() == 1);
    BOOST_TEST(*held == 0);
}

BOOST_AUTO_TEST_CASE(a_timer_that_is_set_anew_tells_the_wait_before)
{
    asio_loop loop(context.get_executor());
    const auto timer = loop.make_timer();
    std::string first, second, third;
    const auto begin = loop.now();
    timer->async_wait_until(begin + longest, into(first));
    timer->async_wait_until(begin + 10ms, into(second));
    run();
    BOOST_TEST(first == aborted);
    BOOST_TEST(second == "done");
    BOOST_TEST((loop.now() - begin >= 10ms));
    BOOST_TEST((loop.now() - begin < longest / 2));
    timer->async_wait_until(loop.now() + longest, into(third));
    timer->cancel();
    run();
    BOOST_TEST(third == aborted);
}

BOOST_AUTO_TEST_CASE(a_thread_without_a_context_wakes_for_a_readable_pipe)
{
    asio_loop loop(context.get_executor());
    const asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    BOOST_REQUIRE(::write(ends.writer.get(), "a", 1) == 1);
    const std::array<const waitable*, 1> any{&reader};
    const auto begin = loop.now();
    loop.wait_for(any, begin + longest);
    BOOST_REQUIRE((loop.now() - begin < longest / 2));
    loop.wait_for(any, time_point::max()); // no overflow
    BOOST_TEST((loop.now() - begin < longest / 2));
}

BOOST_AUTO_TEST_CASE(a_thread_without_a_context_wakes_for_the_end_of_a_pipe)
{
    asio_loop loop(context.get_executor());
    const asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    ends.writer.close();
    const std::array<const waitable*, 1> any{&reader};
    const auto begin = loop.now();
    loop.wait_for(any, begin + longest);
    BOOST_TEST((loop.now() - begin < longest / 2));
}

BOOST_AUTO_TEST_CASE(a_thread_without_a_context_wakes_for_whichever_comes_first)
{
    asio_loop loop(context.get_executor());
    const asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    const auto begin = loop.now();
    const delayed first(20ms);
    const std::array<const waitable*, 2> any{&reader, &first};
    loop.wait_for(any, begin + longest);
    BOOST_TEST((loop.now() - begin >= 20ms));
    BOOST_TEST((loop.now() - begin < longest / 2));
}

BOOST_AUTO_TEST_CASE(a_thread_without_a_context_waits_until_the_end_at_the_longest)
{
    asio_loop loop(context.get_executor());
    const asio_pipe_reader reader(context.get_executor(), std::move(ends.reader));
    const std::array<const waitable*, 1> any{&reader};
    const auto begin = loop.now();
    loop.wait_for(any, begin + 20ms);
    BOOST_TEST((loop.now() - begin >= 20ms));
    loop.wait_for(any, begin - longest); // it has passed
    BOOST_TEST((loop.now() - begin < longest / 2));
}

BOOST_AUTO_TEST_CASE(a_thread_without_a_context_ignores_what_is_closed)
{
    asio_loop loop(context.get_executor());
    asio_pipe_reader closed(context.get_executor(), std::move(ends.reader));
    ends.writer.close();
    closed.close();
    const auto begin = loop.now();
    const delayed other(20ms);
    const std::array<const waitable*, 2> any{&closed, &other};
    loop.wait_for(any, begin + longest);
    BOOST_TEST((loop.now() - begin >= 20ms));
    BOOST_TEST((loop.now() - begin < longest / 2));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace pool_parts
