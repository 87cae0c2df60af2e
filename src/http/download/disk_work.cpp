#include "http/download/disk_work.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <exception>
#include <utility>

namespace asio = boost::asio;

namespace tandem::http {
namespace {

/// An error is a value where it goes from thread to thread: see `outcome`.
asio::awaitable<std::optional<failure>> call(std::function<void()> work)
{
    std::optional<failure> cause;
    try {
        work();
    } catch (const failure& e) {
        cause = e;
    }
    co_return cause;
}

asio::awaitable<void> write_note(job& download)
{
    destination& file = *download.to;
    const std::uint64_t bytes = file.begin_note();
    std::optional<failure> cause;
    try {
        co_await run_disk_work(download, [&file] { file.sync_bytes(); });
        file.end_note(bytes);
    } catch (const failure& e) {
        cause = e;
    }
    download.notes.failed = cause;
}

} // namespace

asio::awaitable<void> run_disk_work(job& download, std::function<void()> work)
{
    const auto& elsewhere = download.client.options.file_executor;
    if (!elsewhere) {
        work();
        co_return;
    }
    const std::optional<failure> cause =
        co_await asio::co_spawn(*elsewhere, call(std::move(work)), asio::use_awaitable);
    if (cause) {
        throw failure(*cause);
    }
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
        asio::co_spawn(download.by.get_executor(), write_note(download), [&download](const std::exception_ptr&) {
            download.notes.under_way = false;
            download.notes.ended->cancel();
        });
    } catch (...) {
        download.notes.under_way = false;
        throw;
    }
}

asio::awaitable<std::optional<failure>> finish_notes(job& download)
{
    while (download.notes.under_way) {
        boost::system::error_code woken;
        co_await download.notes.ended->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return std::exchange(download.notes.failed, std::nullopt);
}

asio::awaitable<void> leave(job& download)
{
    if (download.to && download.options.sync) {
        co_await run_disk_work(download, [&download] { download.to->leave(); });
    }
}

} // namespace tandem::http
