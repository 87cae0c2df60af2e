#include "http/download/disk_work.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

/// Work under way on the file executor. A coroutine of the client's waits for it, on a timer of the client's context,
/// which may end before the work does: that destroys the coroutine, and nothing is left here of the context.
class elsewhere_work
{
public:
    /// `done` is called once, from any thread, unless it is abandoned before.
    elsewhere_work(std::function<void(destination&)> work, std::shared_ptr<destination> file, std::function<void()> done)
        : work_(std::move(work)), file_(std::move(file)), done_(std::move(done))
    {
    }

    /// On the file executor.
    void run()
    {
        try {
            work_(*file_);
        } catch (const failure& e) {
            cause_ = e; // a value, as it goes from thread to thread: see `outcome`
        } catch (...) {
            other_cause_ = std::current_exception();
        }
        end();
    }

    /// The file executor does not run it.
    void drop()
    {
        cause_ = failure::local(asio::error::operation_aborted, "the file executor dropped what was to be put on the disk; "
                                                                "let it run for as long as downloads do");
        end();
    }

    /// `done` is not called any more.
    void abandon()
    {
        const std::lock_guard guard(mutex_);
        done_ = nullptr;
    }

    /// Throws what the work threw.
    void check() const
    {
        if (cause_) {
            throw failure(*cause_);
        }
        if (other_cause_) {
            std::rethrow_exception(other_cause_);
        }
    }

private:
    void end()
    {
        // Where the download goes on, it ends the file, at a time of its own.
        work_ = nullptr;
        file_.reset();
        // Under the mutex, so that the context, to which it posts, does not end meanwhile.
        const std::lock_guard guard(mutex_);
        if (const auto done = std::exchange(done_, nullptr)) {
            done();
        }
    }

    std::function<void(destination&)> work_;
    std::shared_ptr<destination> file_;
    std::optional<failure> cause_{};
    std::exception_ptr other_cause_{};
    std::mutex mutex_;
    std::function<void()> done_; ///< null once it has ended, or nobody waits any more
};

/// What the file executor is given: it runs it, or destroys it.
class posted_work
{
public:
    explicit posted_work(std::shared_ptr<elsewhere_work> work) : work_(std::move(work)) {}
    posted_work(posted_work&&) = default;
    posted_work& operator=(posted_work&&) = delete;
    ~posted_work()
    {
        if (work_) {
            work_->drop();
        }
    }

    void operator()() { std::exchange(work_, nullptr)->run(); }

private:
    std::shared_ptr<elsewhere_work> work_;
};

asio::awaitable<void> write_note(job& download)
{
    const std::uint64_t bytes = download.to->begin_note();
    std::optional<failure> cause;
    try {
        co_await run_disk_work(download, [](const destination& file) { file.sync_bytes(); });
        download.to->end_note(bytes);
    } catch (const failure& e) {
        cause = e;
    } catch (...) { // of the executor's
        const failure e = current_as_failure(asio::error::operation_aborted, "the file executor");
        cause = failure::local(e.code(), e.detail());
    }
    download.notes.failed = cause;
}

} // namespace

asio::awaitable<void> run_disk_work(job& download, std::function<void(destination&)> work)
{
    const auto& elsewhere = download.client.options.file_executor;
    if (!elsewhere) {
        work(*download.to);
        co_return;
    }
    const auto executor = download.by.get_executor();
    const auto ended = std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
    // Posted to this strand, so it cannot come before the wait has begun.
    const auto under_way = std::make_shared<elsewhere_work>(
        std::move(work), download.to, [executor, ended] { asio::post(executor, [ended] { ended->cancel(); }); });
    struct abandonment
    {
        elsewhere_work& left;
        ~abandonment() { left.abandon(); }
    } at_end{*under_way};
    asio::post(*elsewhere, posted_work(under_way));
    boost::system::error_code woken;
    co_await ended->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    under_way->check();
}

void note_progress(job& download)
{
    if (download.notes.failed) {
        throw failure(*download.notes.failed);
    }
    if (download.notes.under_way || !download.to->is_note_due()) {
        return;
    }
    if (!download.options.sync || !download.client.options.file_executor) {
        download.to->note_progress();
        return;
    }
    if (!download.notes.ended) {
        download.notes.ended.emplace(download.by.get_executor(), asio::steady_timer::time_point::max());
    }
    download.notes.under_way = true;
    try {
        asio::co_spawn(download.by.get_executor(), write_note(download), [&download](const std::exception_ptr& error) {
            if (error) {
                download.notes.failed = failure::local(asio::error::no_memory);
            }
            download.notes.under_way = false;
            download.notes.ended->cancel();
        });
    } catch (...) {
        download.notes.under_way = false;
        throw;
    }
}

asio::awaitable<void> wait_for_notes(job& download)
{
    while (download.notes.under_way) {
        boost::system::error_code woken;
        co_await download.notes.ended->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

} // namespace tandem::http
