// What waits for the disk, away from what must not wait.
#ifndef TANDEM_SRC_HTTP_DOWNLOAD_DISK_WORK_HPP
#define TANDEM_SRC_HTTP_DOWNLOAD_DISK_WORK_HPP

#include "http/download/attempt.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>

namespace tandem::http {

/// Calls `work` with the download's destination: on the client's file executor, else here. Throws what it throws. On the
/// file executor it may outlive the download, and the client's context: it owns what else it needs.
boost::asio::awaitable<void> run_disk_work(job& download, std::function<void(destination&)> work);

/// Has the record told how far the download is, where that is due. Waits for the disk only where there is no file executor.
/// Throws `failure`, also for the time before.
void note_progress(job& download);

/// Until none of that is under way.
boost::asio::awaitable<void> wait_for_notes(job& download);

} // namespace tandem::http

#endif
