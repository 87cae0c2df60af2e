#include "http/fixture.hpp"
#include "http/serve.hpp"
#include "support/refused_call.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>

BOOST_FIXTURE_TEST_SUITE(disk_work, test::fixture)

namespace {

const std::string tag = "ETag: \"one\"\r\n";

tandem::http::download_options synced()
{
    tandem::http::download_options result = test::once();
    result.sync = true;
    return result;
}

/// A client on a thread that must not wait for the disk: there, fsync is an error.
struct hasty_client
{
    explicit hasty_client(bool has_file_executor)
    {
        tandem::http::client_options options;
        if (has_file_executor) {
            options.file_executor = files.get_executor();
        }
        downloads.emplace(context, options);
        thread = std::thread([this] {
            // With the number that a descriptor which is none has: the call is there.
            refused = test::refuse_call(SYS_fsync, EBADF, 0, 0, 0);
            context.run();
        });
    }
    ~hasty_client()
    {
        work.reset();
        thread.join();
        files.join();
    }

    boost::asio::thread_pool files{1};
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
    std::optional<tandem::http::downloader> downloads{};
    std::thread thread{};
    std::atomic<bool> refused = false;
};

} // namespace

BOOST_AUTO_TEST_CASE(waits_for_the_disk_on_the_file_executor)
{
    for (const std::size_t size : {std::size_t{100'000}, std::size_t{3'000'000}, std::size_t{40'000'000}}) {
        for (const unsigned segments : {1U, 4U}) {
            for (const bool has_file_executor : {true, false}) {
                BOOST_TEST_CONTEXT(size << " bytes, " << segments << " segments, executor " << has_file_executor)
                {
                    const std::string whole = test::noise(size);
                    test::scripted_server server([&](test::peer& peer) {
                        for (std::string request; !(request = peer.read_request()).empty();) {
                            const auto range = test::range_of(request, whole.size());
                            peer.send(range ? test::part_of(whole, *range, tag)
                                            : test::ok(whole, tag + "Accept-Ranges: bytes\r\n"));
                        }
                    });
                    hasty_client client(has_file_executor);
                    tandem::http::download_options options = synced();
                    options.segments = segments;
                    const test::outcome seen = get(*client.downloads, server.url("/"), options);
                    BOOST_TEST_REQUIRE(client.refused, "the kernel does not refuse calls here");
                    if (has_file_executor) {
                        check_complete(seen, whole);
                    } else {
                        BOOST_TEST(!seen.report.has_value(), "fsync was not on the client's executor, so nothing is shown");
                    }
                    std::filesystem::remove_all(folder);
                    std::filesystem::create_directory(folder);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_left_is_on_the_disk_too)
{
    const std::string whole = test::noise(40'000'000);
    constexpr std::size_t sent = 38'000'000;
    std::atomic<int> number = 0;
    test::scripted_server server([&](test::peer& peer) {
        const std::string request = peer.read_request();
        if (number++ == 0) {
            peer.send(test::broken_off(whole, sent, tag));
        } else {
            peer.send(test::part_of(whole, test::range_of(request, whole.size()).value(), tag));
        }
    });
    hasty_client client(true);
    const test::outcome failed = get(*client.downloads, server.url("/"), synced());
    BOOST_TEST((failed.code == tandem::http::errc::truncated_body), failed);
    BOOST_TEST((content("file.part.from").find("good 00000000000038000000\n") != std::string::npos),
               content("file.part.from"));
    const test::outcome seen = get(*client.downloads, server.url("/"), synced());
    check_complete(seen, whole);
    BOOST_TEST(seen.report->resumed_at == sent);
}

BOOST_AUTO_TEST_SUITE_END()
