#include "http/fixture.hpp"

#include <tandem/cancellation_source.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

using boost::asio::cancellation_type;

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(cancellation, test::fixture)

namespace {

const std::vector<cancellation_type>& every_type()
{
    static const std::vector<cancellation_type> all = {cancellation_type::total, cancellation_type::partial,
                                                       cancellation_type::terminal};
    return all;
}

void check_cancelled(const test::outcome& seen)
{
    BOOST_TEST_CONTEXT(seen)
    {
        BOOST_TEST(!seen.report.has_value());
        BOOST_TEST((seen.code == boost::asio::error::operation_aborted));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(in_the_middle_of_a_body)
{
    for (const cancellation_type type : every_type()) {
        std::promise<void> closed;
        test::scripted_server server([&](test::peer& peer) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + test::noise(400'000));
            peer.wait_for_end();
            closed.set_value();
        });
        test::started download(downloads, server.url("/"), folder / "file");
        while (listing() != "file.part file.part.from") {
            std::this_thread::sleep_for(1ms);
        }
        download.signal.emit(type);
        check_cancelled(download.wait());
        BOOST_TEST(listing() == "");
        BOOST_TEST((closed.get_future().wait_for(30s) == std::future_status::ready), "the connection is still open");
    }
}

BOOST_AUTO_TEST_CASE(by_a_source_from_another_thread)
{
    test::scripted_server server([](test::peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + test::noise(400'000));
        peer.wait_for_end();
    });
    const tandem::cancellation_source source;
    auto report = downloads.async_download(server.url("/"), folder / "file", test::once(),
                                           tandem::cancellable(source, boost::asio::use_future));
    while (listing() != "file.part file.part.from") {
        std::this_thread::sleep_for(1ms);
    }
    source.cancel(cancellation_type::total);
    BOOST_REQUIRE((report.wait_for(60s) == std::future_status::ready));
    BOOST_CHECK_EXCEPTION(report.get(), boost::system::system_error, [](const boost::system::system_error& error) {
        return error.code() == boost::asio::error::operation_aborted;
    });
    source.cancel(cancellation_type::terminal); // it has completed
}

BOOST_AUTO_TEST_CASE(before_the_answer)
{
    for (const cancellation_type type : every_type()) {
        std::promise<void> asked;
        test::scripted_server server([&](test::peer& peer) {
            peer.read_request();
            asked.set_value();
            peer.wait_for_end();
        });
        test::started download(downloads, server.url("/"), folder / "file");
        asked.get_future().wait();
        download.signal.emit(type);
        check_cancelled(download.wait());
        BOOST_TEST(listing() == "");
    }
}

BOOST_AUTO_TEST_CASE(at_once)
{
    test::scripted_server server(test::answer_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"));
    boost::asio::io_context context;
    tandem::http::downloader here(context);
    for (const cancellation_type type : every_type()) {
        test::started download(here, server.url("/"), folder / "file");
        download.signal.emit(type);
        download.signal.emit(type);
        context.restart();
        context.run();
        check_cancelled(download.wait());
    }
    BOOST_TEST(listing() == "");
}

BOOST_AUTO_TEST_CASE(while_waiting_for_a_connection)
{
    std::promise<void> asked;
    std::promise<void> go;
    auto gone = go.get_future().share();
    test::scripted_server server([&](test::peer& peer) {
        peer.read_request();
        asked.set_value();
        gone.wait();
        peer.send(test::ok("one"));
        while (!peer.read_request().empty()) {
            peer.send(test::ok("three"));
        }
    });
    tandem::http::client_options options;
    options.max_connections = 1;
    tandem::http::downloader one(threads, options);
    test::started first(one, server.url("/"), folder / "1");
    asked.get_future().wait();
    test::started second(one, server.url("/"), folder / "2");
    test::started third(one, server.url("/"), folder / "3");
    second.signal.emit(cancellation_type::total);
    check_cancelled(second.wait());
    go.set_value();
    BOOST_TEST(first.wait().report.has_value());
    BOOST_TEST(third.wait().report.has_value());
    BOOST_TEST(listing() == "1 3");
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(at_any_moment)
{
    // Whenever it comes, there is a whole file or none.
    const std::string body = test::noise(300'000);
    test::scripted_server server(test::answer_always(test::ok(body)));
    int cancelled = 0;
    for (int i = 0; i < 200; ++i) {
        boost::asio::cancellation_signal signal;
        std::promise<test::outcome> done;
        // The handler's executor is where the signal is emitted, as Asio asks: the two never meet.
        auto strand = boost::asio::make_strand(threads.get_executor());
        downloads.async_download(
            server.url("/"), folder / "file",
            boost::asio::bind_cancellation_slot(
                signal.slot(),
                boost::asio::bind_executor(strand, [&](std::exception_ptr error, tandem::http::download_report report) {
                    done.set_value(test::as_outcome(std::move(error), std::move(report)));
                })));
        boost::asio::steady_timer timer(strand, std::chrono::microseconds(20 * i));
        std::promise<void> over; // with the signal: it may come after the download has ended
        timer.async_wait([&](boost::system::error_code error) {
            if (!error) {
                signal.emit(cancellation_type::terminal);
            }
            over.set_value();
        });
        const test::outcome seen = done.get_future().get();
        if (seen.report) {
            check_complete(seen, body);
            std::filesystem::remove(folder / "file");
        } else {
            ++cancelled;
            check_failed(seen, boost::asio::error::operation_aborted);
        }
        std::promise<void> stopped;
        boost::asio::post(strand, [&] {
            timer.cancel();
            stopped.set_value();
        });
        stopped.get_future().wait();
        over.get_future().wait();
    }
    BOOST_TEST_MESSAGE(cancelled << " of 200 were cancelled");
}

BOOST_AUTO_TEST_CASE(the_context_ends_first)
{
    test::scripted_server server([](test::peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + test::noise(400'000));
        peer.wait_for_end();
    });
    bool called = false;
    {
        boost::asio::io_context context;
        tandem::http::client_options options;
        options.max_connections = 1;
        // The client ends before its downloads: one in its body, one in the line.
        for (tandem::http::downloader here(context, options); const char* name : {"1", "2"}) {
            here.async_download(server.url("/"), folder / name,
                                [&](std::exception_ptr, tandem::http::download_report) { called = true; });
        }
        while (listing() != "1.part 1.part.from") {
            context.run_for(1ms);
        }
    }
    BOOST_TEST(!called);
    BOOST_TEST(listing() == "");
}

BOOST_AUTO_TEST_SUITE_END()
