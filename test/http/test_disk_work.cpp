#include "http/fixture.hpp"
#include "http/serve.hpp"
#include "support/refused_call.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <fcntl.h>

namespace {

/// Holds the first fsync of another thread than the one that made this, until it is let go.
class slow_disk
{
public:
    slow_disk() { current = this; }
    slow_disk(const slow_disk&) = delete;
    slow_disk& operator=(const slow_disk&) = delete;
    ~slow_disk() { current = nullptr; }

    void wait(int file)
    {
        std::unique_lock lock(mutex_);
        if (std::this_thread::get_id() == owner_) {
            ++own_calls_;
            return;
        }
        file_ = file;
        was_let_go_.wait_for(lock, std::chrono::seconds(60), [this] { return let_go_; });
        is_still_open_ = ::fcntl(file, F_GETFD) != -1;
    }

    void let_go()
    {
        const std::lock_guard guard(mutex_);
        let_go_ = true;
        was_let_go_.notify_all();
    }

    bool is_held() const
    {
        const std::lock_guard guard(mutex_);
        return file_ != -1;
    }

    /// The file whose call was held, when that was let go.
    bool is_still_open() const
    {
        const std::lock_guard guard(mutex_);
        return is_still_open_;
    }

    /// Of the thread that made this.
    int own_calls() const
    {
        const std::lock_guard guard(mutex_);
        return own_calls_;
    }

    static inline std::atomic<slow_disk*> current = nullptr;

private:
    const std::thread::id owner_ = std::this_thread::get_id();
    mutable std::mutex mutex_;
    std::condition_variable was_let_go_;
    int file_ = -1;
    int own_calls_ = 0;
    bool let_go_ = false;
    bool is_still_open_ = false;
};

} // namespace

/// In place of the C library's.
extern "C" int fsync(int file)
{
    if (slow_disk* const disk = slow_disk::current; disk && file >= 0) {
        disk->wait(file);
    }
    return static_cast<int>(::syscall(SYS_fsync, file));
}

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

/// Runs nothing of what it is given: holds it, or refuses it.
class idle_executor
{
public:
    struct store
    {
        boost::asio::io_context context;
        std::mutex mutex;
        std::vector<std::function<void()>> held;
        bool refuses = false;
    };

    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return store_->context; }
    static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept
    {
        return boost::asio::execution::blocking.never;
    }
    const idle_executor& require(boost::asio::execution::blocking_t::never_t) const noexcept { return *this; }
    bool operator==(const idle_executor&) const noexcept = default;

    template <class Function>
    void execute(Function&& function) const
    {
        if (store_->refuses) {
            throw std::runtime_error("it takes nothing");
        }
        const auto shared = std::make_shared<std::decay_t<Function>>(std::forward<Function>(function));
        const std::lock_guard guard(store_->mutex);
        store_->held.push_back([shared] { (*shared)(); });
    }

    /// Destroys what it holds.
    void drop()
    {
        const std::lock_guard guard(store_->mutex);
        store_->held.clear();
    }

    void refuse() { store_->refuses = true; }

private:
    std::shared_ptr<store> store_ = std::make_shared<store>();
};

} // namespace

BOOST_AUTO_TEST_CASE(an_executor_that_does_not_run_it_ends_the_download)
{
    for (const std::size_t size : {std::size_t{100'000}, std::size_t{40'000'000}}) {
        for (const bool refuses : {false, true}) {
            BOOST_TEST_CONTEXT(size << " bytes, refuses " << refuses)
            {
                test::scripted_server server(test::answer_always(test::ok(std::string(size, 'a'), tag)));
                idle_executor files;
                if (refuses) {
                    files.refuse();
                }
                tandem::http::client_options own;
                own.file_executor = files;
                const tandem::http::downloader with(threads, own);
                test::started download(with, server.url("/"), folder / "file", synced());
                for (int i = 0; i != 60'000 && download.future.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready; ++i) {
                    files.drop();
                }
                const test::outcome seen = download.wait();
                BOOST_TEST(!seen.report.has_value(), seen);
                BOOST_TEST((seen.what.find(refuses ? "it takes nothing" : "the file executor dropped") != seen.what.npos), seen);
                BOOST_TEST(listing().find("file ") == std::string::npos);
                std::filesystem::remove_all(folder);
                std::filesystem::create_directory(folder);
            }
        }
    }
}

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

BOOST_AUTO_TEST_CASE(a_context_that_ends_does_not_wait_for_the_disk_and_leaves_it_what_it_needs)
{
    const std::string whole = test::noise(40'000'000);
    enum class wait_for
    {
        bytes,   ///< on the disk
        fsync,   ///< of what there is so far
        end      ///< of the file
    };
    for (const wait_for what : {wait_for::bytes, wait_for::fsync, wait_for::end}) {
        BOOST_TEST_CONTEXT("case " << static_cast<int>(what))
        {
            const std::size_t sent = what == wait_for::bytes ? 5'000'000 : what == wait_for::fsync ? 20'000'000 : 1000;
            test::scripted_server server([&](test::peer& peer) {
                peer.read_request();
                if (what == wait_for::end) {
                    peer.send(test::ok(whole.substr(0, sent), tag));
                } else {
                    peer.send(test::broken_off(whole, sent, tag));
                }
                peer.wait_for_end();
            });
            slow_disk disk;
            boost::asio::thread_pool files(1);
            auto token = std::make_shared<bool>(false);
            const std::weak_ptr<bool> handler = token;
            {
                boost::asio::io_context context(1);
                tandem::http::client_options own;
                own.file_executor = files.get_executor();
                const tandem::http::downloader with(context, own);
                tandem::http::download_options options = synced();
                options.progress = std::make_shared<tandem::http::download_progress>();
                with.async_download(server.url("/"), folder / "file", options,
                                    [token = std::move(token)](const std::exception_ptr&,
                                                               const tandem::http::download_report&) {
                                        BOOST_ERROR("the handler was called");
                                    });
                const auto is_there = [&] {
                    return what == wait_for::bytes ? options.progress->bytes == sent : disk.is_held();
                };
                const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(60);
                while (!is_there() && std::chrono::steady_clock::now() < latest) {
                    context.run_one_for(std::chrono::milliseconds(10));
                }
                BOOST_TEST_REQUIRE(is_there());
            }
            BOOST_TEST(handler.expired(), "the handler outlives its context");
            BOOST_TEST(disk.own_calls() == 0, "the end of the context waited for the disk");
            disk.let_go();
            files.join();
            if (what != wait_for::bytes) {
                BOOST_TEST(disk.is_still_open(), "the file was closed while the disk worked for it");
            }
            BOOST_TEST(listing() == (what == wait_for::end ? "file" : "file.part file.part.from"));
            std::filesystem::remove_all(folder);
            std::filesystem::create_directory(folder);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
