#ifndef TANDEM_SRC_HTTP_LIST_LIST_CLOCK_HPP
#define TANDEM_SRC_HTTP_LIST_LIST_CLOCK_HPP

#include "http/transfer.hpp"

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <optional>

namespace tandem::http {

/// A time by the clock of the folder's file system: what was written before this call has an earlier one, what is
/// written after it has that or a later one. The clock goes in steps of some milliseconds, so the next step is waited
/// for. Nothing where no file can be made there.
boost::asio::awaitable<std::optional<std::filesystem::file_time_type>> next_file_time(transfer& by,
                                                                                      std::filesystem::path folder);

} // namespace tandem::http

#endif
